package auth_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/token"
)

func keySecret(t testing.TB) token.Secret {
	t.Helper()
	s, err := token.NewSecret([]byte("another secret of the tests, long enough"))
	require.NoError(t, err)
	return s
}

func keyCount(t testing.TB, ring *token.Keyring) int {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	require.NoError(t, json.Unmarshal(ring.JWKS(time.Now()), &set))
	return len(set.Keys)
}

// TestKeysRotate: the next key is published before it signs, and the old one stays while its tokens live.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	policy := auth.KeyPolicy{Algorithm: token.ES256, RotateEvery: 30 * 24 * time.Hour, PublishAhead: 24 * time.Hour, AccessLifetime: 15 * time.Minute, Issuer: "http://usher.test"}
	keep := func() *token.Keyring {
		ring, err := auth.KeepKeys(t.Context(), pool, keySecret(t), policy)
		require.NoError(t, err)
		return ring
	}
	age := func(by time.Duration) {
		_, err := pool.Exec(t.Context(), "UPDATE signing_keys SET active_at = active_at - $1::interval, expires_at = expires_at - $1::interval", by)
		require.NoError(t, err)
	}
	first := keep()
	require.Equal(t, 1, keyCount(t, first))
	sign := func(ring *token.Keyring) string {
		raw, err := ring.Sign(token.Claims{Subject: uuid.New(), Session: uuid.New(), Role: "ADMIN", ExpiresAt: time.Now().Add(time.Hour)}, time.Now())
		require.NoError(t, err)
		return raw
	}
	raw := sign(first)
	require.Equal(t, 1, keyCount(t, keep()), "nothing is due")

	age(29*24*time.Hour + time.Hour)
	second := keep()
	require.Equal(t, 2, keyCount(t, second), "published a day ahead")
	kid := func(ring *token.Keyring) string {
		header, _, _ := strings.Cut(sign(ring), ".")
		return header
	}
	require.Equal(t, kid(first), kid(second), "but not signing yet")

	age(24 * time.Hour)
	third := keep()
	require.NotEqual(t, kid(first), kid(third))
	_, err := third.Verify(raw, time.Now())
	require.NoError(t, err, "what the old one signed is still good")

	age(40 * 24 * time.Hour)
	require.Equal(t, 1, keyCount(t, keep()), "after a long sleep one is made that signs at once")
	require.NotEqual(t, kid(third), kid(keep()))
}

// TestKeysOfReplicas: of replicas that start at once on an empty database one makes the key, and all use it.
func TestKeysOfReplicas(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	policy := auth.KeyPolicy{Algorithm: token.EdDSA, RotateEvery: time.Hour, PublishAhead: time.Minute, Issuer: "http://usher.test"}
	sets := race(16, func(int) string {
		ring, err := auth.KeepKeys(t.Context(), pool, keySecret(t), policy)
		if err != nil {
			return err.Error()
		}
		return string(ring.JWKS(time.Now()))
	})
	require.Len(t, sets, 1)
}

// TestKeysAreSealed: the database alone gives no key away, and another secret opens none.
func TestKeysAreSealed(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	policy := auth.KeyPolicy{Algorithm: token.EdDSA, RotateEvery: time.Hour, PublishAhead: time.Minute, Issuer: "http://usher.test"}
	_, err := auth.KeepKeys(t.Context(), pool, keySecret(t), policy)
	require.NoError(t, err)
	other, err := token.NewSecret([]byte("not the secret that sealed the keys"))
	require.NoError(t, err)
	_, err = auth.KeepKeys(t.Context(), pool, other, policy)
	require.Error(t, err)
}

// TestFollowKeys: a key that another replica made is taken up without a restart.
func TestFollowKeys(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	policy := auth.KeyPolicy{Algorithm: token.EdDSA, RotateEvery: 720 * time.Hour, PublishAhead: 24 * time.Hour, Issuer: "http://usher.test"}
	secret, err := token.NewSecret([]byte("the secret of the tests, long enough to be one"))
	require.NoError(t, err)
	go auth.FollowKeys(ctx, srv.Auth.Keys, tick, func(ctx context.Context) (*token.Keyring, error) {
		return auth.KeepKeys(ctx, srv.DB, secret, policy)
	}, func(err error) {
		if ctx.Err() == nil {
			t.Error(err)
		}
	})
	before := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	_, err = srv.DB.Exec(t.Context(), "UPDATE signing_keys SET active_at = active_at - interval '29 days 1 hour', expires_at = expires_at - interval '29 days 1 hour'")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return keyCount(t, srv.Auth.Keys.Current()) == 2 }, waitFor, tick)
	apitest.Do[spec.User](srv.Bearer(before.AccessToken), "GET", "/me", nil, 200)
}

// TestKeysUnderAnotherPolicy: a key keeps the end it was made with, so its successor comes in time for that.
func TestKeysUnderAnotherPolicy(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	policy := auth.KeyPolicy{Algorithm: token.EdDSA, RotateEvery: 30 * 24 * time.Hour, PublishAhead: 24 * time.Hour, AccessLifetime: 15 * time.Minute, Issuer: "http://usher.test"}
	keep := func() *token.Keyring {
		ring, err := auth.KeepKeys(t.Context(), pool, keySecret(t), policy)
		require.NoError(t, err)
		return ring
	}
	keep()
	policy.RotateEvery = 90 * 24 * time.Hour
	_, err := pool.Exec(t.Context(), "UPDATE signing_keys SET active_at = active_at - interval '31 days', expires_at = expires_at - interval '31 days'")
	require.NoError(t, err)
	require.Equal(t, 2, keyCount(t, keep()))
	_, err = pool.Exec(t.Context(), "DELETE FROM signing_keys WHERE active_at > now()")
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "UPDATE signing_keys SET expires_at = now() + interval '5 minutes'")
	require.NoError(t, err)
	ring := keep()
	_, err = ring.Sign(token.Claims{Subject: uuid.New(), Session: uuid.New(), Role: "ADMIN", ExpiresAt: time.Now().Add(time.Hour)}, time.Now().Add(6*time.Minute))
	require.NoError(t, err, "somebody signs after the old key's end")
}

// TestKeysWhateverIsDone: however operators rotate and revoke, some key signs, what it signs is good until it expires
// unless it is revoked, and verifiers have had a day to fetch it unless somebody was in a hurry.
func TestKeysWhateverIsDone(t *testing.T) {
	t.Parallel()
	keys := keysOn(t, dbtest.New(t), token.EdDSA)
	var clock time.Duration
	seen, signed, hurry, revoked := map[string]time.Duration{}, map[string]time.Duration{}, map[string]bool{}, map[string]bool{}
	var last string
	for step := range 250 {
		switch step * step % 11 {
		case 1:
			keys.rotate(false)
		case 3:
			hurry[keys.rotate(true).ID] = true
		case 4, 5:
			listed, _ := keys.list()
			id := listed[step%len(listed)].ID
			revoked[id] = true
			if successor := keys.revoke(id); successor != nil {
				hurry[successor.ID] = true
			}
		}
		ring := keys.keep()
		now := kidOf(keys.sign(ring))
		listed, signing := keys.list()
		require.Equal(t, listed[signing].ID, now, "step %d", step)
		require.True(t, listed[signing].ExpiresAt.After(time.Now().Add(lives)), "step %d", step)
		published := map[string]bool{}
		for _, k := range listed {
			published[k.ID] = true
			if _, known := seen[k.ID]; !known {
				seen[k.ID] = clock
			}
		}
		if now != last && step > 0 && !hurry[now] {
			require.GreaterOrEqual(t, clock-seen[now], ahead-time.Hour, "step %d", step)
		}
		signed[now], last = clock, now
		for id, when := range signed {
			require.False(t, !published[id] && !revoked[id] && clock-when < lives, "step %d", step)
			require.False(t, published[id] && revoked[id], "step %d", step)
		}
		pause := []time.Duration{time.Minute, lives, time.Hour, ahead / 2, ahead, 5 * ahead}[step%6]
		clock += pause
		keys.age(pause)
	}
	require.Greater(t, len(signed), 30, "of which many signed")
}

// TestKeysAreChangedWithTheirSecret: with another secret nothing is changed, or the service could not start any more.
func TestKeysAreChangedWithTheirSecret(t *testing.T) {
	t.Parallel()
	keys := keysOn(t, dbtest.New(t), token.EdDSA)
	keys.keep()
	before, _ := keys.list()
	for _, act := range []func(context.Context, pgx.Tx) error{
		func(ctx context.Context, tx pgx.Tx) error {
			_, err := auth.RotateKeys(ctx, tx, keySecret(t), keys.policy, true)
			return err
		},
		func(ctx context.Context, tx pgx.Tx) error {
			_, err := auth.RevokeKey(ctx, tx, keySecret(t), keys.policy, before[0].ID)
			return err
		},
	} {
		require.ErrorIs(t, keys.tx(act), token.ErrInvalid)
		after, _ := keys.list()
		require.Equal(t, before, after)
	}
}

func TestKeysAreAudited(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	keys := keysOf(t, srv, token.EdDSA)
	first, second := keys.signer(), keys.rotate(true)
	keys.revoke(first)
	third := keys.revoke(second.ID)
	require.Equal(t, []string{
		`operator key.rotated {"key": "` + second.ID + `", "active_at": "` + second.ActiveAt.Format(time.RFC3339Nano) + `"}`,
		`operator key.revoked {"key": "` + first + `"}`,
		`operator key.revoked {"key": "` + second.ID + `", "successor": "` + third.ID + `"}`,
	}, audited(t, srv))
}

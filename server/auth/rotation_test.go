package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
)

const (
	ahead  = 24 * time.Hour
	lives  = 15 * time.Minute
	rotate = 30 * 24 * time.Hour
)

// keyring is what an operator does to the keys of a service, and time.
type keyring struct {
	t      testing.TB
	pool   *pgxpool.Pool
	secret token.Secret
	policy auth.KeyPolicy
	loaded func(*token.Keyring)
}

func keysOn(t testing.TB, pool *pgxpool.Pool, alg token.Algorithm) *keyring {
	t.Helper()
	secret, err := token.NewSecret([]byte("the secret of the tests, long enough to be one"))
	require.NoError(t, err)
	return &keyring{t: t, pool: pool, secret: secret, loaded: func(*token.Keyring) {}, policy: auth.KeyPolicy{
		Algorithm: alg, RotateEvery: rotate, PublishAhead: ahead, AccessLifetime: lives, Issuer: "http://usher.test",
	}}
}

// keysOf are the keys of a running service.
func keysOf(t testing.TB, srv *apitest.Server, alg token.Algorithm) *keyring {
	t.Helper()
	k := keysOn(t, srv.DB, alg)
	k.loaded = srv.Auth.Keys.Load
	return k
}

// keep does what the service does each minute.
func (k *keyring) keep() *token.Keyring {
	k.t.Helper()
	ring, err := auth.KeepKeys(k.t.Context(), k.pool, k.secret, k.policy)
	require.NoError(k.t, err)
	k.loaded(ring)
	return ring
}

func (k *keyring) tx(act func(ctx context.Context, tx pgx.Tx) error) error {
	ctx := actor.With(k.t.Context(), actor.Operator())
	_, err := store.InTx(ctx, k.pool, func(tx pgx.Tx) (any, error) { return nil, act(ctx, tx) })
	return err
}

func (k *keyring) rotate(atOnce bool) (key db.SigningKey) {
	k.t.Helper()
	require.NoError(k.t, k.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		key, err = auth.RotateKeys(ctx, tx, k.secret, k.policy, atOnce)
		return err
	}))
	return key
}

func (k *keyring) revoke(id string) (successor *db.SigningKey) {
	k.t.Helper()
	require.NoError(k.t, k.tx(func(ctx context.Context, tx pgx.Tx) (err error) {
		successor, err = auth.RevokeKey(ctx, tx, k.secret, k.policy, id)
		return err
	}))
	return successor
}

// age lets time pass.
func (k *keyring) age(by time.Duration) {
	k.t.Helper()
	_, err := k.pool.Exec(k.t.Context(), "UPDATE signing_keys SET created_at = created_at - $1::interval, active_at = active_at - $1::interval, expires_at = expires_at - $1::interval", by)
	require.NoError(k.t, err)
}

// list returns the keys that count, and which of them signs.
func (k *keyring) list() (keys []db.SigningKey, signing int) {
	k.t.Helper()
	keys, err := db.New().ListSigningKeys(k.t.Context(), k.pool)
	require.NoError(k.t, err)
	return keys, auth.SigningKey(keys, time.Now())
}

func (k *keyring) signer() string {
	k.t.Helper()
	keys, signing := k.list()
	require.GreaterOrEqual(k.t, signing, 0)
	return keys[signing].ID
}

// sign makes a token that is good for as long as tokens are.
func (k *keyring) sign(ring *token.Keyring) string {
	k.t.Helper()
	now := time.Now()
	raw, err := ring.Sign(token.Claims{Subject: uuid.New(), Session: uuid.New(), Role: "ADMIN", ExpiresAt: now.Add(lives)}, now)
	require.NoError(k.t, err)
	return raw
}

// TestRotate: a rotation by hand publishes a key that signs when everybody has it, and the policy goes on from there.
func TestRotate(t *testing.T) {
	t.Parallel()
	keys := keysOn(t, dbtest.New(t), token.EdDSA)
	keys.keep()
	keys.age(10 * 24 * time.Hour)
	first, second := keys.signer(), keys.rotate(false)
	require.WithinDuration(t, time.Now().Add(ahead), second.ActiveAt, time.Minute)
	for range 3 {
		keys.keep()
	}
	listed, signing := keys.list()
	require.Len(t, listed, 2, "nothing else is due")
	require.Equal(t, []any{0, first, second.ID}, []any{signing, listed[0].ID, listed[1].ID})

	keys.age(ahead)
	keys.keep()
	require.Equal(t, second.ID, keys.signer())
	keys.age(2*ahead + lives)
	require.Equal(t, 1, keyCount(t, keys.keep()), "the old one goes when its tokens are over, not when it would have gone")

	keys.age(rotate - 3*ahead - time.Hour)
	require.Equal(t, 1, keyCount(t, keys.keep()))
	keys.age(time.Hour)
	require.Equal(t, 2, keyCount(t, keys.keep()), "the next one comes as long after this one as ever")
	require.Equal(t, second.ID, keys.signer())
}

// TestRotateNow: a key that waits to sign is overtaken by one that signs at once, for good.
func TestRotateNow(t *testing.T) {
	t.Parallel()
	keys := keysOn(t, dbtest.New(t), token.EdDSA)
	keys.keep()
	first, waiting := keys.signer(), keys.rotate(false)
	old := keys.sign(keys.keep())
	third := keys.rotate(true)
	ring := keys.keep()
	require.Equal(t, third.ID, keys.signer())
	require.Equal(t, third.ID, kidOf(keys.sign(ring)))
	_, err := ring.Verify(old, time.Now())
	require.NoError(t, err)
	keys.age(ahead + time.Hour)
	require.Equal(t, third.ID, kidOf(keys.sign(keys.keep())))
	require.Equal(t, third.ID, keys.signer())
	listed, _ := keys.list()
	require.NotContains(t, []string{listed[0].ID, listed[1].ID}, waiting.ID, "what has signed nothing goes at once")
	require.Equal(t, []string{first, third.ID}, []string{listed[0].ID, listed[1].ID})
	keys.age(ahead + lives)
	require.Equal(t, 1, keyCount(t, keys.keep()))
}

// TestRevokeKey: what is revoked is out of the set at once, whichever key it is, and one that signed before never does again.
func TestRevokeKey(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare func(*keyring)
		revoked int // of the keys in order
		signs   int // afterwards, of the keys before; -1: a new one
	}{
		"the only one":             {func(*keyring) {}, 0, -1},
		"with a next one":          {func(k *keyring) { k.rotate(false) }, 0, 1},
		"with an old one":          {func(k *keyring) { k.rotate(true) }, 1, -1},
		"with both":                {func(k *keyring) { k.rotate(true); k.rotate(false) }, 1, 2},
		"an old one":               {func(k *keyring) { k.rotate(true) }, 0, 1},
		"the next one":             {func(k *keyring) { k.rotate(false) }, 1, 0},
		"under another algorithm":  {func(k *keyring) { k.policy.Algorithm = token.ES256 }, 0, -1},
		"near the end of its time": {func(k *keyring) { k.age(rotate - time.Hour); k.keep() }, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := keysOn(t, dbtest.New(t), token.EdDSA)
			keys.keep()
			tt.prepare(keys)
			before, signing := keys.list()
			raw := keys.sign(keys.keep())
			successor := keys.revoke(before[tt.revoked].ID)
			after, now := keys.list()
			require.GreaterOrEqual(t, now, 0, "some key signs")
			ring := keys.keep()
			require.Equal(t, after[now].ID, kidOf(keys.sign(ring)))
			require.Equal(t, tt.revoked == signing, successor != nil)
			if successor != nil {
				require.Equal(t, after[now].ID, successor.ID)
			}
			if tt.signs >= 0 {
				require.Equal(t, before[tt.signs].ID, after[now].ID)
			} else {
				require.NotContains(t, before, after[now])
				require.Equal(t, string(keys.policy.Algorithm), after[now].Algorithm)
			}
			_, err := ring.Verify(raw, time.Now())
			require.Equal(t, tt.revoked == signing, err != nil)
			require.NotContains(t, string(ring.JWKS(time.Now())), before[tt.revoked].ID)
			require.ErrorIs(t, keys.tx(func(ctx context.Context, tx pgx.Tx) error {
				_, err := auth.RevokeKey(ctx, tx, keys.secret, keys.policy, before[tt.revoked].ID)
				return err
			}), auth.ErrNoKey)
		})
	}
}

// TestRotateAtOnce: of operators and replicas that change keys at the same time, each has its way, one after another.
func TestRotateAtOnce(t *testing.T) {
	t.Parallel()
	keys := keysOn(t, dbtest.New(t), token.EdDSA)
	keys.keep()
	made := race(12, func(i int) string {
		if i%3 == 0 {
			_, err := auth.KeepKeys(t.Context(), keys.pool, keys.secret, keys.policy)
			require.NoError(t, err)
			return ""
		}
		return keys.rotate(true).ID
	})
	require.Len(t, made, 9)
	listed, signing := keys.list()
	require.Len(t, listed, 9)
	require.Equal(t, len(listed)-1, signing)
	require.Equal(t, listed[signing].ID, kidOf(keys.sign(keys.keep())))
	for _, k := range listed {
		require.False(t, k.CreatedAt.After(listed[signing].CreatedAt), "the youngest signs")
	}
}

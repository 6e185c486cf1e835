package token_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

func TestSignAndVerify(t *testing.T) {
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			r := ring(t, key(t, alg))
			raw := sign(t, r, noon())
			for range 2 { // the second answer is remembered
				got, err := r.Verify(raw, noon())
				require.NoError(t, err)
				want := claims()
				want.ID, want.IssuedAt = got.ID, noon()
				require.Equal(t, want, got)
				require.GreaterOrEqual(t, len(got.ID), 26)
			}
			require.NotEqual(t, raw, sign(t, r, noon()), "each token has its own jti")
		})
	}
}

// TestAnyLibraryVerifies holds the promise that a client needs no more than the
// published key set.
func TestAnyLibraryVerifies(t *testing.T) {
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			r := ring(t, key(t, alg))
			set, err := jwk.Parse(r.JWKS(noon()))
			require.NoError(t, err)
			got, err := jwt.ParseString(sign(t, r, noon()), jwt.WithKeySet(set), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
				jwt.WithClock(jwt.ClockFunc(noon)), jwt.WithRequiredClaim("jti"))
			require.NoError(t, err)
			require.Equal(t, claims().Subject.String(), got.Subject())
			require.Equal(t, noon(), got.IssuedAt())
			require.Equal(t, claims().ExpiresAt, got.Expiration())
			require.Subset(t, got.PrivateClaims(), map[string]any{
				"sid": claims().Session.String(), "role": "MODERATOR", "scope": "users:read users:suspend",
			})
		})
	}
}

func TestSignRefuses(t *testing.T) {
	tests := map[string]func(*token.Claims){
		"no subject":      func(c *token.Claims) { c.Subject = uuid.Nil },
		"no session":      func(c *token.Claims) { c.Session = uuid.Nil },
		"no role":         func(c *token.Claims) { c.Role = "" },
		"no expiry":       func(c *token.Claims) { c.ExpiresAt = time.Time{} },
		"already expired": func(c *token.Claims) { c.ExpiresAt = noon() },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			c := claims()
			change(&c)
			_, err := ring(t, key(t, token.EdDSA)).Sign(c, noon())
			require.Error(t, err)
		})
	}
}

func TestTimes(t *testing.T) {
	r := ring(t, key(t, token.EdDSA))
	raw := sign(t, r, noon())
	tests := []struct {
		name string
		at   time.Duration
		ok   bool
	}{
		{"the issuer's clock is far ahead", -31 * time.Second, false},
		{"the issuer's clock is ahead", -30 * time.Second, true},
		{"remembered now", 0, true},
		{"last second", 15*time.Minute - time.Second, true},
		{"expired, though remembered", 15 * time.Minute, false},
		{"not valid yet, though remembered", -31 * time.Second, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := r.Verify(raw, noon().Add(test.at))
			if test.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, token.ErrInvalid)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	old, next := key(t, token.EdDSA), key(t, token.ES256)
	next.ActiveAt, next.ExpiresAt = noon().Add(time.Hour), time.Time{}
	old.ExpiresAt = noon().Add(2 * time.Hour)
	r := ring(t, next, old)

	early := sign(t, r, noon())
	require.Equal(t, old.ID, kid(t, early))
	require.Equal(t, []string{next.ID, old.ID}, published(t, r, noon()), "the next key is known before it signs")

	late := sign(t, r, next.ActiveAt)
	require.Equal(t, next.ID, kid(t, late))
	_, err := r.Verify(early, noon())
	require.NoError(t, err)
	_, err = r.Verify(late, next.ActiveAt)
	require.NoError(t, err)

	long := claims()
	long.ExpiresAt = noon().Add(24 * time.Hour)
	lasting, err := r.Sign(long, noon())
	require.NoError(t, err)
	_, err = r.Verify(lasting, old.ExpiresAt.Add(-time.Second))
	require.NoError(t, err)
	_, err = r.Verify(lasting, old.ExpiresAt)
	require.ErrorIs(t, err, token.ErrInvalid, "an expired key is forgotten, its remembered tokens too")
	require.Equal(t, []string{next.ID}, published(t, r, old.ExpiresAt))
}

func TestNoActiveKey(t *testing.T) {
	k := key(t, token.EdDSA)
	for name, now := range map[string]time.Time{"before": k.ActiveAt.Add(-time.Second), "after": k.ExpiresAt} {
		t.Run(name, func(t *testing.T) {
			c := claims()
			c.ExpiresAt = now.Add(time.Minute)
			_, err := ring(t, k).Sign(c, now)
			require.ErrorIs(t, err, token.ErrNoKey)
		})
	}
	require.JSONEq(t, `{"keys":[]}`, string(ring(t).JWKS(noon())))
}

func TestJWKSHoldsNothingPrivate(t *testing.T) {
	var set struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(ring(t, key(t, token.EdDSA), key(t, token.ES256)).JWKS(noon()), &set))
	require.Len(t, set.Keys, 2)
	for _, k := range set.Keys {
		require.Equal(t, "sig", k["use"])
		require.NotContains(t, k, "d")
		if k["kty"] == "OKP" {
			require.Equal(t, "EdDSA Ed25519", k["alg"]+" "+k["crv"])
			require.Len(t, k, 6)
		} else {
			require.Equal(t, "EC ES256 P-256", k["kty"]+" "+k["alg"]+" "+k["crv"])
			require.Len(t, k, 7)
		}
	}
}

// kid returns the key id in a token's header.
func kid(t *testing.T, raw string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
	require.NoError(t, err)
	var header map[string]string
	require.NoError(t, json.Unmarshal(text, &header))
	require.Equal(t, "at+jwt", header["typ"])
	return header["kid"]
}

// published returns the ids of the key set.
func published(t *testing.T, r *token.Keyring, now time.Time) []string {
	t.Helper()
	set, err := jwk.Parse(r.JWKS(now))
	require.NoError(t, err)
	var ids []string
	for i := range set.Len() {
		k, _ := set.Key(i)
		ids = append(ids, k.KeyID())
	}
	return ids
}

func TestKeyringRefusesKeys(t *testing.T) {
	good := key(t, token.EdDSA)
	tests := map[string]func(*token.Key){
		"another algorithm": func(k *token.Key) { k.Algorithm = token.ES256 },
		"no private key":    func(k *token.Key) { *k = token.Key{ID: k.ID} },
		"no ID":             func(k *token.Key) { k.ID = "" },
		"twice":             func(*token.Key) {},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			bad := good
			change(&bad)
			_, err := token.NewKeyring(issuer, audience, []token.Key{good, bad})
			require.ErrorContains(t, err, "signing key "+bad.ID)
		})
	}
	_, err := token.NewKeyring("", audience, nil)
	require.Error(t, err)
	_, err = token.NewKeyring(issuer, "", nil)
	require.Error(t, err)
}

func TestKeysSwapTheRing(t *testing.T) {
	first, second := key(t, token.EdDSA), key(t, token.EdDSA)
	keys := token.NewKeys(ring(t, first))
	raw := sign(t, keys.Current(), noon())
	_, err := keys.Current().Verify(raw, noon())
	require.NoError(t, err)

	keys.Load(ring(t, second))
	_, err = keys.Current().Verify(raw, noon())
	require.ErrorIs(t, err, token.ErrInvalid, "a token is forgotten with the ring that knew it")
}

package token_test

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

const (
	issuer   = "https://usher.example"
	audience = "https://api.usher.example"
)

// noon is when the tests happen.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func secret(t testing.TB, letter byte) token.Secret {
	t.Helper()
	value := make([]byte, token.MinSecret)
	for i := range value {
		value[i] = letter
	}
	s, err := token.NewSecret(value)
	require.NoError(t, err)
	return s
}

// key returns a new key that signs from an hour before noon, for a day.
func key(t testing.TB, alg token.Algorithm) token.Key {
	t.Helper()
	k, err := token.GenerateKey(alg)
	require.NoError(t, err)
	k.CreatedAt = noon().Add(-2 * time.Hour)
	k.ActiveAt = noon().Add(-time.Hour)
	k.ExpiresAt = noon().Add(23 * time.Hour)
	return k
}

func ring(t testing.TB, keys ...token.Key) *token.Keyring {
	t.Helper()
	r, err := token.NewKeyring(issuer, audience, keys)
	require.NoError(t, err)
	return r
}

func claims() token.Claims {
	return token.Claims{
		Subject:   uuid.MustParse("01990000-0000-7000-8000-000000000001"),
		Session:   uuid.MustParse("01990000-0000-7000-8000-000000000002"),
		Role:      "MODERATOR",
		Scope:     "users:read users:suspend",
		ExpiresAt: noon().Add(15 * time.Minute),

		AuthenticatedAt: noon().Add(-time.Hour),
		Methods:         []string{"pwd", "otp", "mfa"},
	}
}

func sign(t testing.TB, r *token.Keyring, now time.Time) string {
	t.Helper()
	c := claims()
	c.ExpiresAt = now.Add(15 * time.Minute)
	raw, err := r.Sign(c, now)
	require.NoError(t, err)
	return raw
}

// private takes the private key out of its seal.
func private(t testing.TB, k token.Key) crypto.Signer {
	t.Helper()
	sealed, err := k.Seal(secret(t, 'a'))
	require.NoError(t, err)
	der, err := token.NewSealer(secret(t, 'a'), "signing key").Open(sealed, []byte(k.ID))
	require.NoError(t, err)
	got, err := x509.ParsePKCS8PrivateKey(der)
	require.NoError(t, err)
	return got.(crypto.Signer)
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

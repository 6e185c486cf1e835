package token_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

func TestKeyAtRest(t *testing.T) {
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			k, err := token.GenerateKey(alg)
			require.NoError(t, err)
			sealed, err := k.Seal(secret(t, 'a'))
			require.NoError(t, err)

			got, err := token.OpenKey(secret(t, 'a'), k.ID, sealed)
			require.NoError(t, err)
			require.Equal(t, k.ID, got.ID)
			require.Equal(t, k.Algorithm, got.Algorithm)
			require.Equal(t, private(t, k), private(t, got))

			_, err = token.OpenKey(secret(t, 'b'), k.ID, sealed)
			require.ErrorIs(t, err, token.ErrInvalid, "another secret")
			_, err = token.OpenKey(secret(t, 'a'), key(t, alg).ID, sealed)
			require.ErrorIs(t, err, token.ErrInvalid, "another key's row")
			_, err = token.OpenKey(secret(t, 'a'), k.ID, sealed[:len(sealed)-4])
			require.ErrorIs(t, err, token.ErrInvalid, "cut short")
		})
	}
}

func TestKeysThatCannotSign(t *testing.T) {
	_, err := token.GenerateKey("HS256")
	require.Error(t, err)
	s := token.NewSealer(secret(t, 'a'), "signing key")
	_, err = token.OpenKey(secret(t, 'a'), "x", s.Seal([]byte("no PKCS #8"), []byte("x")))
	require.Error(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	require.NoError(t, err)
	_, err = token.OpenKey(secret(t, 'a'), "x", s.Seal(der, []byte("x")))
	require.Error(t, err)
}

// TestNothingPrintsSecrets prints what holds a secret in every way there is.
func TestNothingPrintsSecrets(t *testing.T) {
	s := secret(t, 'a')
	k := key(t, token.EdDSA)
	refresh := token.NewRefresher(s).New(claims().Session)
	numbers := fmt.Sprint(private(t, k))

	values := map[string]struct{ value, hidden any }{
		"secret":    {s, "aaaa"},
		"key":       {k, numbers[1 : len(numbers)-1]},
		"refresher": {token.NewRefresher(s), fmt.Sprint(s.Derive("refresh token"))},
		"refresh":   {refresh, refresh.Token()},
		"sealer":    {token.NewSealer(s, "x"), fmt.Sprint(s.Derive("nonce of seal x"))},
	}
	for name, test := range values {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
				fmt.Fprintf(&out, verb, test.value)
				fmt.Fprintf(&out, verb, struct{ inner any }{test.value})
			}
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", test.value)
			slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", test.value)
			text, err := json.Marshal(test.value)
			require.NoError(t, err)
			out.Write(text)
			require.NotContains(t, out.String(), test.hidden)
			require.NotContains(t, out.String(), "97 97 97 97", "the secret as numbers")
			require.NotContains(t, out.String(), "61616161", "the secret in hex")
		})
	}
}

func TestSecret(t *testing.T) {
	_, err := token.NewSecret(make([]byte, token.MinSecret-1))
	require.ErrorContains(t, err, "31 bytes")

	require.Len(t, secret(t, 'a').Derive("x"), 32)
	require.Equal(t, secret(t, 'a').Derive("x"), secret(t, 'a').Derive("x"))
	require.NotEqual(t, secret(t, 'a').Derive("x"), secret(t, 'a').Derive("y"))
	require.NotEqual(t, secret(t, 'a').Derive("x"), secret(t, 'b').Derive("x"))
}

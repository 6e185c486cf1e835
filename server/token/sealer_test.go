package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

func TestSealer(t *testing.T) {
	s := token.NewSealer(secret(t, 'a'), "cursor")
	for name, payload := range map[string]string{"a cursor": "2026-03-01 anna", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			sealed := s.Seal([]byte(payload), []byte("listUsers"))
			got, err := s.Open(sealed, []byte("listUsers"))
			require.NoError(t, err)
			require.Equal(t, payload, string(got))
			require.Regexp(t, `^[A-Za-z0-9_-]+$`, sealed)
			require.Equal(t, sealed, s.Seal([]byte(payload), []byte("listUsers")), "equal pages have equal cursors")
		})
	}
	require.NotEqual(t, s.Seal([]byte("bc"), []byte("a"))[:16], s.Seal([]byte("c"), []byte("ab"))[:16], "a nonce twice")
}

func TestOpenRefuses(t *testing.T) {
	s := token.NewSealer(secret(t, 'a'), "cursor")
	good := s.Seal([]byte("2026-03-01 anna"), []byte("listUsers"))
	changed := func(at int) string {
		if good[at] == 'A' {
			return good[:at] + "B" + good[at+1:]
		}
		return good[:at] + "A" + good[at+1:]
	}
	tests := map[string]string{
		"empty":           "",
		"short":           good[:8],
		"no tag":          good[:16],
		"cut":             good[:len(good)-4],
		"longer":          good + "AAAA",
		"nonce":           changed(0),
		"payload":         changed(20),
		"tag":             changed(len(good) - 2),
		"padding":         good + "=",
		"line break":      good + "\n",
		"not sealed":      "eyJpZCI6MX0",
		"another purpose": token.NewSealer(secret(t, 'a'), "invitation").Seal([]byte("2026-03-01 anna"), []byte("listUsers")),
		"another secret":  token.NewSealer(secret(t, 'b'), "cursor").Seal([]byte("2026-03-01 anna"), []byte("listUsers")),
		"another context": s.Seal([]byte("2026-03-01 anna"), []byte("listUsers?role=ADMIN")),
		"no context":      s.Seal([]byte("2026-03-01 anna"), nil),
	}
	for name, sealed := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := s.Open(sealed, []byte("listUsers"))
			require.ErrorIs(t, err, token.ErrInvalid)
		})
	}
}

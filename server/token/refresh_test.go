package token_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

func TestRefreshRotates(t *testing.T) {
	r := token.NewRefresher(secret(t, 'a'))
	first := r.New(claims().Session)
	require.Zero(t, first.Generation)
	require.Len(t, first.Token(), 92)

	parsed, err := token.NewRefresher(secret(t, 'a')).Parse(first.Token())
	require.NoError(t, err)
	require.Equal(t, first.Session, parsed.Session)
	require.Equal(t, first.SeedHash(), parsed.SeedHash())
	require.Equal(t, first.Next().Token(), parsed.Next().Token(), "two that race get the same successor")

	second, err := r.Parse(first.Next().Token())
	require.NoError(t, err)
	require.Equal(t, uint32(1), second.Generation)
	require.Equal(t, claims().Session, second.Session)
	require.Equal(t, first.SeedHash(), second.SeedHash())
	require.NotEqual(t, first.Token(), second.Token())

	require.NotEqual(t, first.SeedHash(), r.New(claims().Session).SeedHash())
	require.Len(t, first.SeedHash(), sha256.Size)
}

func TestParseRefreshRefuses(t *testing.T) {
	r := token.NewRefresher(secret(t, 'a'))
	good := r.New(claims().Session).Token()
	flip := func(at int) string { // changes one byte of what is encoded
		b, err := base64.RawURLEncoding.DecodeString(good)
		require.NoError(t, err)
		b[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(b)
	}
	tests := map[string]string{
		"empty":           "",
		"version":         flip(0),
		"session":         flip(1),
		"seed":            flip(17),
		"generation":      flip(36),
		"tag":             flip(68),
		"another secret":  token.NewRefresher(secret(t, 'b')).New(uuid.New()).Token(),
		"cut":             good[:88],
		"padding":         good + "====",
		"line break":      good[:91] + "\n",
		"standard base64": strings.Repeat("+", 92),
		"all zeros":       strings.Repeat("A", 92),
		"a megabyte":      strings.Repeat("A", 1<<20),
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := r.Parse(raw)
			require.ErrorIs(t, err, token.ErrInvalid)
			require.Zero(t, got)
		})
	}
}

func TestOneTime(t *testing.T) {
	plain, hash := token.NewOneTime()
	require.Len(t, plain, 43)
	got, err := token.HashOneTime(plain)
	require.NoError(t, err)
	require.Equal(t, hash, got)
	again, _ := token.NewOneTime()
	require.NotEqual(t, plain, again)

	tests := map[string]string{
		"empty":           "",
		"short":           plain[:42],
		"long":            plain + "AA",
		"padding":         plain + "=",
		"line break":      plain + "\n",
		"standard base64": strings.Repeat("/", 43),
		"trailing bits":   plain[:42] + "B",
		"a megabyte":      strings.Repeat("A", 1<<20),
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := token.HashOneTime(raw)
			require.ErrorIs(t, err, token.ErrInvalid)
		})
	}
}

package token_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

func TestNewRecoveryCode(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		plain, hash := token.NewRecoveryCode()
		require.Regexp(t, `^([a-z2-7]{5}-){4}[a-z2-7]{6}$`, plain)
		require.False(t, seen[plain])
		seen[plain] = true

		got, err := token.HashRecoveryCode(plain)
		require.NoError(t, err)
		require.Equal(t, hash, got)
		require.Len(t, hash, sha256.Size)
	}
}

func TestHashRecoveryCodeForgives(t *testing.T) {
	const good = "abcde-filo2-34567-bloil-xyzbo7"
	want, err := token.HashRecoveryCode(good)
	require.NoError(t, err)
	tests := map[string]string{
		"upper case":        strings.ToUpper(good),
		"mixed case":        "Abcde-Filo2-34567-Bloil-Xyzbo7",
		"no dashes":         strings.ReplaceAll(good, "-", ""),
		"spaces":            strings.ReplaceAll(good, "-", " "),
		"other groups":      "abc def ilo 234 567 blo ilx yzb o7",
		"space around":      "\t " + good + " \r\n",
		"two lines":         "abcde-filo2-34567\nbloil-xyzbo7",
		"en dashes":         strings.ReplaceAll(good, "-", "\u2013"),
		"em dash, no-break": "abcde\u2014filo2\u00a034567\u2011bloil\u2212xyzbo7",
		"0 for o":           "abcde-fil02-34567-bl0il-xyzb07",
		"1 for i":           "abcde-f1lo2-34567-blo1l-xyzbo7",
		"1 for l":           "abcde-fi1o2-34567-b1oi1-xyzbo7",
		"i for l":           "abcde-fiio2-34567-bioii-xyzbo7",
		"8 for b":           "a8cde-filo2-34567-8loil-xyz8o7",
		"all of it":         " A8CDE FL102 34567 8I0L1 XYZ807 ",
	}
	for name, typed := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := token.HashRecoveryCode(typed)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestHashRecoveryCodeTells(t *testing.T) {
	const good = "abcde-filo2-34567-bloil-xyzbo7"
	hash, err := token.HashRecoveryCode(good)
	require.NoError(t, err)
	for i, r := range good {
		if r == '-' {
			continue
		}
		other := "q"
		if r == 'q' {
			other = "w"
		}
		got, err := token.HashRecoveryCode(good[:i] + other + good[i+1:])
		require.NoError(t, err)
		require.NotEqual(t, hash, got, "another character at %d", i)
	}
	swapped, err := token.HashRecoveryCode("bacde-filo2-34567-bloil-xyzbo7")
	require.NoError(t, err)
	require.NotEqual(t, hash, swapped)

	bare := sha256.Sum256([]byte("abcdefllo234567blollxyzbo7"))
	require.NotEqual(t, bare[:], hash, "the hash is of this purpose alone")
}

func TestHashRecoveryCodeRefuses(t *testing.T) {
	const good = "abcde-filo2-34567-bloil-xyzbo7"
	oneTime, _ := token.NewOneTime()
	tests := map[string]string{
		"nothing":             "",
		"dashes":              strings.Repeat("-", 26),
		"spaces":              strings.Repeat(" ", 26),
		"cut":                 good[:len(good)-1],
		"longer":              good + "a",
		"twice":               good + good,
		"very long":           strings.Repeat("a", 1<<20),
		"9":                   "9" + good[1:],
		"a sign":              "!" + good[1:],
		"an underscore":       strings.Replace(good, "-", "_", 1),
		"padding":             good + "======",
		"a NUL":               good + "\x00",
		"not UTF-8":           good[:len(good)-1] + "\xff",
		"Cyrillic a":          "\u0430" + good[2:], // as long in bytes
		"full-width digit":    strings.Replace(good, "345", "\uff13", 1),
		"Kelvin sign":         strings.Replace(good, "345", "\u212a", 1),
		"another kind":        oneTime,
		"a code of the app's": "123 456",
	}
	for name, typed := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := token.HashRecoveryCode(typed)
			require.ErrorIs(t, err, token.ErrInvalid)
			require.Less(t, len(err.Error()), 64, "it quotes nothing")
		})
	}
}

package token

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"unicode"
)

const (
	recoveryLen = 26

	// recoveryPrefix makes the input longer than that of any other hash here, so
	// that nothing else has the hash of a recovery code.
	recoveryPrefix = "usher recovery code "
)

// NewRecoveryCode returns a code to be kept on paper and typed where the second
// factor is lost, and the hash of it, which is all that is ever stored. It has
// 130 random bits in lower-case base32 (RFC 4648 section 6), in groups:
// xxxxx-xxxxx-xxxxx-xxxxx-xxxxxx. That it is used once is for the row to say.
func NewRecoveryCode() (plain string, hash []byte) {
	code := strings.ToLower(rand.Text())[:recoveryLen] // rand.Text may grow longer
	hash = hashRecovery(strings.Map(readRecovery, code))
	groups := []string{code[:5], code[5:10], code[10:15], code[15:20], code[20:]}
	return strings.Join(groups, "-"), hash
}

// HashRecoveryCode returns the hash to look a recovery code up by, or ErrInvalid
// for what cannot be one. Letter case, white space and dashes don't matter, nor
// does what looks alike in handwriting: 0 is read as o, 8 as b, and 1 and i as l.
//
// As i and l count as one, a code has 128 bits in effect, so one round of SHA-256
// without salt is enough.
func HashRecoveryCode(typed string) ([]byte, error) {
	code := strings.Map(readRecovery, typed)
	switch {
	case len(code) != recoveryLen:
		return nil, invalid("wrong length")
	case strings.ContainsFunc(code, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') }):
		return nil, invalid("not base32")
	}
	return hashRecovery(code), nil
}

// readRecovery brings what is written of a recovery code to its one form.
func readRecovery(r rune) rune {
	switch {
	case unicode.IsSpace(r), unicode.Is(unicode.Dash, r): // word processors make other dashes of hyphens
		return -1
	case 'A' <= r && r <= 'Z':
		r += 'a' - 'A'
	}
	switch r {
	case '0':
		return 'o'
	case '1', 'i':
		return 'l'
	case '8':
		return 'b'
	}
	return r
}

func hashRecovery(code string) []byte {
	sum := sha256.Sum256([]byte(recoveryPrefix + code))
	return sum[:]
}

package token

import (
	"crypto/rand"
	"crypto/sha256"
)

const oneTimeLen = 32

// NewOneTime returns a token to be mailed or shown once, 256 random bits in
// base64url, and the hash of it, which is all that is ever stored. What it is
// good for, until when, and that it is used once, is for the row to say.
func NewOneTime() (plain string, hash []byte) {
	secret := make([]byte, oneTimeLen)
	rand.Read(secret) // never fails, it ends the process instead
	sum := sha256.Sum256(secret)
	return base64url.EncodeToString(secret), sum[:]
}

// HashOneTime returns the hash to look a one-time token up by, or ErrInvalid for
// a string that NewOneTime cannot have returned. The token is random, so one
// round of SHA-256 without salt is enough.
func HashOneTime(plain string) ([]byte, error) {
	secret, err := decode(plain)
	if err != nil {
		return nil, err
	}
	if len(secret) != oneTimeLen {
		return nil, invalid("wrong length")
	}
	sum := sha256.Sum256(secret)
	return sum[:], nil
}

package password

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
)

// firebaseHash is a hash of Firebase Authentication taken apart: the project's
// signer key, encrypted with the key that scrypt makes of the password.
type firebaseHash struct {
	scryptCost
	salt, signer, sum []byte
}

// readFirebase reads the rest of
//
//	$firebase-scrypt$ln=14,r=8$separator$signer$salt$hash
//
// Firebase keeps a salt and a hash per user (salt, passwordHash in an export)
// and the rest per project (mem_cost, rounds, base64_salt_separator,
// base64_signer_key); this form, which is our own, has all of it in one place. The
// last four parts are base64 of either alphabet, with or without padding, for so
// they come out of Firebase's own tools. Whoever has the signer key cannot sign in
// with it, but guesses passwords the faster.
func readFirebase(rest string) (digest, error) {
	s := scanner{rest: rest}
	h := firebaseHash{scryptCost: scryptCost{p: 1}}
	h.n = 1 << s.number("ln=", maxScryptLogN, ",")
	h.r = s.number("r=", maxScryptR, "$")
	separator := s.octets(decodeEither64, 0, maxSalt, "$")
	h.signer = s.octets(decodeEither64, 32, 128, "$")
	h.salt = slices.Concat(s.octets(decodeEither64, 1, maxSalt, "$"), separator)
	h.sum = s.octets(decodeEither64, 32, 128, "")
	if s.failed || !h.valid() || len(h.sum) != len(h.signer) {
		return nil, ErrMalformed
	}
	return h, nil
}

func (h firebaseHash) matches(password string) bool {
	block, err := aes.NewCipher(h.key(password, h.salt, 32))
	if err != nil {
		return false
	}
	sum := make([]byte, len(h.signer))
	zero := make([]byte, aes.BlockSize)
	cipher.NewCTR(block, zero).XORKeyStream(sum, h.signer) //nolint:gosec // the format's: each key encrypts one text
	return subtle.ConstantTimeCompare(h.sum, sum) == 1
}

// decodeEither64 decodes base64 of the standard or the URL alphabet.
func decodeEither64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "=")))
}

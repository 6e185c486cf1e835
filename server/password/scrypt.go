package password

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"math/bits"

	"golang.org/x/crypto/scrypt"
)

// What a stored hash may ask for, as for Params.
const (
	maxScryptLogN   = 21
	maxScryptR      = 32
	maxScryptP      = 16
	maxScryptMemory = maxMemoryKiB << 10  // octets
	maxScryptWork   = 4 * maxScryptMemory // octets walked through, some three seconds
)

// scryptCost are the parameters of RFC 7914.
type scryptCost struct{ n, r, p int }

func (c scryptCost) valid() bool {
	memory := 128 * int64(c.n) * int64(c.r)
	return c.n > 1 && bits.OnesCount(uint(c.n)) == 1 && memory <= maxScryptMemory && memory*int64(c.p) <= maxScryptWork
}

// key returns nil for costs that are not valid.
func (c scryptCost) key(password string, salt []byte, length int) []byte {
	key, err := scrypt.Key([]byte(password), salt, c.n, c.r, c.p, length)
	if err != nil {
		return nil
	}
	return key
}

// scryptHash is a scrypt hash taken apart.
type scryptHash struct {
	scryptCost
	salt, sum []byte
}

// readScrypt reads the rest of $scrypt$ln=16,r=8,p=1$salt$hash, as passlib and
// others write it: salt and hash in base64 without padding.
func readScrypt(rest string) (digest, error) {
	s := scanner{rest: rest}
	var h scryptHash
	h.n = 1 << s.number("ln=", maxScryptLogN, ",")
	h.r = s.number("r=", maxScryptR, ",")
	h.p = s.number("p=", maxScryptP, "$")
	h.salt = s.octets(phc64.DecodeString, 1, maxSalt, "$")
	h.sum = s.octets(phc64.DecodeString, 16, 64, "")
	return h.checked(s.failed)
}

// readDjangoScrypt reads the rest of scrypt$16384$salt$8$5$hash: N, the salt as
// it is, r, p, the hash in base64.
func readDjangoScrypt(rest string) (digest, error) {
	s := scanner{rest: rest}
	var h scryptHash
	h.n = s.number("", 1<<maxScryptLogN, "$")
	h.salt = []byte(s.text("$"))
	h.r = s.number("", maxScryptR, "$")
	h.p = s.number("", maxScryptP, "$")
	h.sum = s.octets(base64.StdEncoding.Strict().DecodeString, 64, 64, "")
	return h.checked(s.failed)
}

// readWerkzeugScrypt reads the rest of scrypt:32768:8:1$salt$hash: N, r, p, the
// salt as it is, the hash in hexadecimal.
func readWerkzeugScrypt(rest string) (digest, error) {
	s := scanner{rest: rest}
	var h scryptHash
	h.n = s.number("", 1<<maxScryptLogN, ":")
	h.r = s.number("", maxScryptR, ":")
	h.p = s.number("", maxScryptP, "$")
	h.salt = []byte(s.text("$"))
	h.sum = s.octets(hex.DecodeString, 64, 64, "")
	return h.checked(s.failed)
}

func (h scryptHash) checked(failed bool) (digest, error) {
	if failed || !h.valid() || len(h.salt) == 0 || len(h.salt) > maxSalt {
		return nil, ErrMalformed
	}
	return h, nil
}

func (h scryptHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.sum, h.key(password, h.salt, len(h.sum))) == 1
}

package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrMalformed is returned for a stored hash that is not argon2id in PHC form,
// or that asks for more than the bounds of Params.
var ErrMalformed = errors.New("password: malformed hash")

const (
	saltLen = 16
	sumLen  = 32
	maxPHC  = 256 // octets; the longest hash within the bounds below is shorter
)

// digest is a stored hash taken apart.
type digest struct {
	Params
	salt, sum []byte
}

// String returns the PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func (d digest) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, d.MemoryKiB, d.Iterations, d.Parallelism, encode(d.salt), encode(d.sum))
}

// parse is the reverse of String. It accepts what String could have written and
// nothing else; salt and hash may have other lengths than ours, for imports.
func parse(phc string) (digest, error) {
	parts := strings.Split(phc, "$")
	if len(phc) > maxPHC || len(parts) != 6 {
		return digest{}, ErrMalformed
	}
	var d digest
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &d.MemoryKiB, &d.Iterations, &d.Parallelism); err != nil {
		return digest{}, ErrMalformed
	}
	if d.Validate() != nil {
		return digest{}, ErrMalformed
	}
	var saltErr, sumErr error
	d.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	d.sum, sumErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(d.salt) < 8 || len(d.sum) < 16 || len(d.sum) > 64 {
		return digest{}, ErrMalformed
	}
	if d.String() != phc { // another algorithm or version, leading zeros, padding, trailing text
		return digest{}, ErrMalformed
	}
	return d, nil
}

// newDigest hashes password with a fresh salt.
func newDigest(p Params, password string) digest {
	d := digest{Params: p, salt: randomBytes(saltLen)}
	d.sum = d.derive(password, sumLen)
	return d
}

// newDecoy returns a digest that no password is known to match and that costs
// as much to check as any other.
func newDecoy(p Params) digest {
	return digest{Params: p, salt: randomBytes(saltLen), sum: randomBytes(sumLen)}
}

// matches tells in constant time whether d was made from password.
func (d digest) matches(password string) bool {
	return subtle.ConstantTimeCompare(d.sum, d.derive(password, len(d.sum))) == 1
}

func (d digest) derive(password string, length int) []byte {
	return argon2.IDKey([]byte(password), d.salt, d.Iterations, d.MemoryKiB, d.Parallelism, uint32(length))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails, it ends the process instead
	return b
}

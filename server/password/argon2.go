package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

const (
	saltLen = 16
	sumLen  = 32
)

// argon2Func is argon2.IDKey or argon2.Key.
type argon2Func = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte

// argon2Hash is an argon2 hash of version 1.3 taken apart (RFC 9106).
type argon2Hash struct {
	Params
	salt, sum []byte
	derive    argon2Func
}

// String returns the PHC string of an argon2id hash: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func (a argon2Hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.MemoryKiB, a.Iterations, a.Parallelism,
		phc64.EncodeToString(a.salt), phc64.EncodeToString(a.sum))
}

// phc64 is the base64 of PHC strings: no padding, and one spelling of each value.
var phc64 = base64.RawStdEncoding.Strict()

// readArgon2 reads what follows the version: m=19456,t=2,p=1$salt$hash. Salt and hash may have other lengths than ours.
func readArgon2(derive argon2Func) reader {
	return func(rest string) (digest, error) {
		s := scanner{rest: rest}
		a := argon2Hash{derive: derive}
		a.MemoryKiB = uint32(s.number("m=", maxMemoryKiB, ","))
		a.Iterations = uint32(s.number("t=", maxIterations, ","))
		a.Parallelism = uint8(s.number("p=", maxParallelism, "$"))
		a.salt = s.octets(phc64.DecodeString, 8, maxSalt, "$")
		a.sum = s.octets(phc64.DecodeString, 16, 64, "")
		if s.failed || a.Validate() != nil {
			return nil, ErrMalformed
		}
		return a, nil
	}
}

// newArgon2 hashes password with a fresh salt.
func newArgon2(p Params, password string) argon2Hash {
	a := argon2Hash{Params: p, salt: randomBytes(saltLen), derive: argon2.IDKey}
	a.sum = a.key(password, sumLen)
	return a
}

// newDecoy returns a hash that no password is known to match and that costs as
// much to check as any other of ours.
func newDecoy(p Params) argon2Hash {
	return argon2Hash{Params: p, salt: randomBytes(saltLen), sum: randomBytes(sumLen), derive: argon2.IDKey}
}

func (a argon2Hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(a.sum, a.key(password, len(a.sum))) == 1
}

func (a argon2Hash) key(password string, length int) []byte {
	return a.derive([]byte(password), a.salt, a.Iterations, a.MemoryKiB, a.Parallelism, uint32(length))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails, it ends the process instead
	return b
}

package password

import (
	"crypto/sha1" //nolint:gosec // HMAC-SHA-1 is sound, and old hashes need it
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrMalformed is returned for a stored hash that begins like one of a known
// format and does not go on like one, or that asks for more than its bounds.
var ErrMalformed = errors.New("password: malformed hash")

// ErrUnsupported is returned for a stored hash of a format that is not known
// here. The error around it lists those that are.
var ErrUnsupported = errors.New("password: unsupported hash")

// digest is a stored hash taken apart.
type digest interface {
	// matches tells in constant time whether the hash was made from password.
	matches(password string) bool
}

// reader reads what follows a format's prefix, or fails with ErrMalformed.
type reader = func(rest string) (digest, error)

// formats are what a stored hash can be, told by how it begins: ours is the
// first, the others come with users from elsewhere.
var formats = []struct {
	prefix string
	read   reader
}{
	{"$argon2id$v=19$", readArgon2(argon2.IDKey)},
	{"$argon2i$v=19$", readArgon2(argon2.Key)},
	{"$2a$", readBcrypt},
	{"$2b$", readBcrypt},
	{"$2y$", readBcrypt},
	{"$scrypt$", readScrypt},
	{"$firebase-scrypt$", readFirebase},
	// Django.
	{"argon2$argon2id$v=19$", readArgon2(argon2.IDKey)},
	{"argon2$argon2i$v=19$", readArgon2(argon2.Key)},
	{"bcrypt$$2a$", readBcrypt},
	{"bcrypt$$2b$", readBcrypt},
	{"bcrypt_sha256$$2a$", readBcryptSHA256},
	{"bcrypt_sha256$$2b$", readBcryptSHA256},
	{"scrypt$", readDjangoScrypt},
	{"pbkdf2_sha256$", readDjangoPBKDF2(sha256.New)},
	{"pbkdf2_sha1$", readDjangoPBKDF2(sha1.New)},
	// Werkzeug, which Flask stands on.
	{"scrypt:", readWerkzeugScrypt},
	{"pbkdf2:sha256:", readWerkzeugPBKDF2(sha256.New)},
	{"pbkdf2:sha512:", readWerkzeugPBKDF2(sha512.New)},
	{"pbkdf2:sha1:", readWerkzeugPBKDF2(sha1.New)},
}

const (
	maxStored = 512 // octets of a stored hash
	maxSalt   = 128 // octets
)

// Recognise returns nil if stored is a hash that a user can be imported with,
// since Verify can check it. It fails with ErrMalformed or ErrUnsupported, never
// quoting the hash.
func Recognise(stored string) error {
	_, err := parse(stored)
	return err
}

// parse takes a stored hash apart. It computes nothing, and what it returns
// costs at most seconds of one core and 256 MiB to check.
func parse(stored string) (digest, error) {
	for _, f := range formats {
		rest, found := strings.CutPrefix(stored, f.prefix)
		if !found {
			continue
		}
		if len(stored) > maxStored || CheckText(stored) != nil { // line breaks, too: base64 skips them
			return nil, ErrMalformed
		}
		return f.read(rest)
	}
	known := make([]string, len(formats))
	for i, f := range formats {
		known[i] = f.prefix
	}
	return nil, fmt.Errorf("%w: it begins with none of %s", ErrUnsupported, strings.Join(known, " "))
}

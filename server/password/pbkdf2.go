package password

import (
	"crypto/pbkdf2"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
)

// maxPBKDF2 is four times what Django asks for; with SHA-512 it takes seconds.
const maxPBKDF2 = 5_000_000

// pbkdf2Hash is a PBKDF2 hash taken apart (RFC 8018), as long as its HMAC's.
type pbkdf2Hash struct {
	hmac       func() hash.Hash
	iterations int
	salt, sum  []byte
}

// readDjangoPBKDF2 reads the rest of pbkdf2_sha256$1000000$salt$hash: the salt as it is, the hash in base64.
func readDjangoPBKDF2[H hash.Hash](hmac func() H) reader {
	return readPBKDF2(hmac, base64.StdEncoding.Strict().DecodeString)
}

// readWerkzeugPBKDF2 reads the rest of pbkdf2:sha256:1000000$salt$hash: the salt as it is, the hash in hexadecimal.
func readWerkzeugPBKDF2[H hash.Hash](hmac func() H) reader {
	return readPBKDF2(hmac, hex.DecodeString)
}

func readPBKDF2[H hash.Hash](hmac func() H, decode func(string) ([]byte, error)) reader {
	return func(rest string) (digest, error) {
		p := pbkdf2Hash{hmac: func() hash.Hash { return hmac() }}
		s := scanner{rest: rest}
		size := hmac().Size()
		p.iterations = s.number("", maxPBKDF2, "$")
		p.salt = []byte(s.text("$"))
		p.sum = s.octets(decode, size, size, "")
		if s.failed || len(p.salt) == 0 || len(p.salt) > maxSalt {
			return nil, ErrMalformed
		}
		return p, nil
	}
}

func (p pbkdf2Hash) matches(password string) bool {
	key, err := pbkdf2.Key(p.hmac, password, p.salt, p.iterations, len(p.sum))
	return err == nil && subtle.ConstantTimeCompare(p.sum, key) == 1
}

package password

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	maxBcryptCost  = 16 // 65,536 rounds, some four seconds
	bcryptLetters  = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	bcryptPassword = 72 // octets of a password that bcrypt looks at
)

// bcryptHash is a hash as bcrypt writes it: $2b$12$, 22 characters of salt, 31 of hash.
type bcryptHash string

// readBcrypt reads what follows the version. The versions differ in mistakes
// that their implementations made long ago, not in the hash.
func readBcrypt(rest string) (digest, error) {
	hash := "$2b$" + rest
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || len(hash) != 60 || cost > maxBcryptCost {
		return nil, ErrMalformed
	}
	if rest[:3] != fmt.Sprintf("%02d$", cost) || strings.Trim(rest[3:], bcryptLetters) != "" {
		return nil, ErrMalformed
	}
	return bcryptHash(hash), nil
}

// matches looks at 72 octets of password, as did the system that made the hash.
func (b bcryptHash) matches(password string) bool {
	seen := []byte(password)
	return bcrypt.CompareHashAndPassword([]byte(b), seen[:min(len(seen), bcryptPassword)]) == nil
}

// bcryptSHA256Hash is Django's way around the 72 octets: the bcrypt hash of the
// password's SHA-256 in hexadecimal.
type bcryptSHA256Hash struct{ digest }

func readBcryptSHA256(rest string) (digest, error) {
	d, err := readBcrypt(rest)
	if err != nil {
		return nil, err
	}
	return bcryptSHA256Hash{d}, nil
}

func (b bcryptSHA256Hash) matches(password string) bool {
	sum := sha256.Sum256([]byte(password))
	return b.digest.matches(hex.EncodeToString(sum[:]))
}

package token

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"log/slog"
)

// MinSecret is the least length of the service secret, in bytes.
const MinSecret = 32

// Secret is the one secret the operator gives the service. It is never used as
// a key itself: each purpose derives its own. The value is out of reach of
// every formatter, encoder and reflection.
type Secret struct {
	derive func(purpose string) []byte
}

// NewSecret wraps value, of which it wants at least MinSecret bytes.
func NewSecret(value []byte) (Secret, error) {
	if len(value) < MinSecret {
		return Secret{}, fmt.Errorf("the secret has %d bytes, but at least %d are needed", len(value), MinSecret)
	}
	root, err := hkdf.Extract(sha256.New, value, nil)
	if err != nil {
		return Secret{}, fmt.Errorf("secret: %w", err)
	}
	return Secret{func(purpose string) []byte {
		key, err := hkdf.Expand(sha256.New, root, purpose, 32)
		if err != nil {
			panic(err) // only for more than 255 hashes' worth of key
		}
		return key
	}}, nil
}

// Derive returns the 32-byte key for a purpose, always the same one, by
// HKDF-SHA256 (RFC 5869). Keys of different purposes tell nothing of each other.
// The zero Secret has none and panics.
func (s Secret) Derive(purpose string) []byte { return s.derive(purpose) }

// String stands in for the value wherever the secret is printed.
func (Secret) String() string { return "[secret]" }

// LogValue stands in for the value wherever the secret is logged.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// mac returns HMAC-SHA256 over the parts put together, under the key of a
// purpose: a function, so that printing its holder cannot show the key.
func (s Secret) mac(purpose string) func(parts ...[]byte) []byte {
	key := s.Derive(purpose)
	return func(parts ...[]byte) []byte {
		mac := hmac.New(sha256.New, key)
		for _, part := range parts {
			mac.Write(part)
		}
		return mac.Sum(nil)
	}
}

package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

// Algorithm names how access tokens are signed (RFC 7518, RFC 8037).
type Algorithm string

// The algorithms. EdDSA, over Ed25519, is the one to choose; ES256 is for
// clients whose libraries do not know it.
const (
	EdDSA Algorithm = "EdDSA"
	ES256 Algorithm = "ES256"
)

// Key signs access tokens. It is published as soon as it is in a keyring, so
// that everyone knows it by the time it signs; from ActiveAt it signs, until a
// newer key is active; from ExpiresAt on, unless that is zero, no token of it
// counts and it is published no more. The times are the owner's to set.
type Key struct {
	ID        string // RFC 7638 thumbprint of the public key
	Algorithm Algorithm
	CreatedAt time.Time
	ActiveAt  time.Time
	ExpiresAt time.Time

	private func() crypto.Signer // a function, so that printing a key cannot show it
}

// GenerateKey returns a new key without times.
func GenerateKey(alg Algorithm) (Key, error) {
	switch alg {
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return Key{}, err
		}
		return newKey(private)
	case ES256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return Key{}, err
		}
		return newKey(private)
	}
	return Key{}, fmt.Errorf("tokens cannot be signed with %q", alg)
}

func newKey(private crypto.Signer) (Key, error) {
	alg, err := algorithm(private)
	if err != nil {
		return Key{}, err
	}
	public, err := jwk.FromRaw(private.Public())
	if err != nil {
		return Key{}, fmt.Errorf("signing key: %w", err)
	}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return Key{}, fmt.Errorf("signing key: %w", err)
	}
	return Key{ID: base64url.EncodeToString(thumbprint), Algorithm: alg, private: func() crypto.Signer { return private }}, nil
}

// algorithm is what a private key can sign with: the key decides, not the token.
func algorithm(private crypto.Signer) (Algorithm, error) {
	switch k := private.(type) {
	case ed25519.PrivateKey:
		return EdDSA, nil
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P256() {
			return ES256, nil
		}
	}
	return "", errors.New("the signing key is neither Ed25519 nor P-256")
}

// Seal returns the private key as a string that can be stored: PKCS #8,
// encrypted under the service secret and bound to the key's ID.
func (k Key) Seal(s Secret) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private())
	if err != nil {
		return "", fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	return NewSealer(s, "signing key").Seal(der, []byte(k.ID)), nil
}

// OpenKey returns the key of an ID that Seal turned into sealed, without times.
// It fails with ErrInvalid if the secret or the ID is another or sealed was
// changed.
func OpenKey(s Secret, id, sealed string) (Key, error) {
	der, err := NewSealer(s, "signing key").Open(sealed, []byte(id))
	if err != nil {
		return Key{}, fmt.Errorf("signing key %s: %w", id, err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return Key{}, fmt.Errorf("signing key %s: %w", id, err)
	}
	signer, _ := private.(crypto.Signer)
	return newKey(signer)
}

func (k Key) expired(now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}

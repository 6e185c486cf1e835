package token

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// Sealer hides small values in strings that only it can make and read, such as
// page cursors and keys at rest. Safe for concurrent use.
//
// It is AES-256-GCM whose nonce is an HMAC-SHA256 of the message, as in SIV
// (RFC 5297): a nonce repeats only for a message that repeats, however many are
// sealed, and equal pages have equal cursors, so that their ETags agree.
type Sealer struct {
	aead cipher.AEAD
	mac  func(parts ...[]byte) []byte
}

// NewSealer returns a sealer of one purpose; no other purpose's opens its strings.
func NewSealer(s Secret, purpose string) *Sealer {
	block, err := aes.NewCipher(s.Derive("seal " + purpose))
	if err != nil {
		panic(err) // only for keys of another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for ciphers with another block size
	}
	return &Sealer{aead: aead, mac: s.mac("nonce of seal " + purpose)}
}

// Seal returns payload, encrypted and bound to a context, as base64url. Equal
// arguments give equal strings.
func (s *Sealer) Seal(payload, boundTo []byte) string {
	return base64url.EncodeToString(s.SealBytes(payload, boundTo))
}

// SealBytes is Seal for what is not to be text.
func (s *Sealer) SealBytes(payload, boundTo []byte) []byte {
	nonce := s.nonce(payload, boundTo)
	sealed := make([]byte, len(nonce), len(nonce)+len(payload)+s.aead.Overhead())
	copy(sealed, nonce)
	return s.aead.Seal(sealed, nonce, payload, boundTo)
}

// Open returns the payload of a string that Seal made for the same context, or
// ErrInvalid.
func (s *Sealer) Open(sealed string, boundTo []byte) ([]byte, error) {
	b, err := decode(sealed)
	if err != nil {
		return nil, err
	}
	return s.OpenBytes(b, boundTo)
}

// OpenBytes is Open for what SealBytes made.
func (s *Sealer) OpenBytes(sealed, boundTo []byte) ([]byte, error) {
	size := s.aead.NonceSize()
	if len(sealed) < size {
		return nil, invalid("too short")
	}
	payload, err := s.aead.Open(nil, sealed[:size], sealed[size:], boundTo)
	if err != nil {
		return nil, invalid("not sealed here for this use")
	}
	return payload, nil
}

func (s *Sealer) nonce(payload, boundTo []byte) []byte {
	length := binary.BigEndian.AppendUint64(nil, uint64(len(boundTo))) // where one ends and the other starts
	return s.mac(length, boundTo, payload)[:s.aead.NonceSize()]
}

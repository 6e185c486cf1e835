package token

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// signer is a key with all that signing and verifying need, worked out once.
// jws.Sign works it out for every token, for half as much time again as the
// signature takes; jwx's Signer and Verifier, which it stands on, need not.
type signer struct {
	Key
	header   string // the only JOSE header of this key, in base64url
	jwk      []byte // the public key, as published
	public   crypto.PublicKey
	signer   jws.Signer
	verifier jws.Verifier
}

func newSigner(k Key) (*signer, error) {
	if k.private == nil || k.ID == "" {
		return nil, errors.New("it was neither generated nor opened")
	}
	if alg, err := algorithm(k.private()); err != nil || alg != k.Algorithm {
		return nil, fmt.Errorf("it does not sign with %q", k.Algorithm)
	}
	s := &signer{Key: k, public: k.private().Public()}
	alg := jwa.SignatureAlgorithm(k.Algorithm)
	header, err := json.Marshal(struct {
		Algorithm Algorithm `json:"alg"`
		KeyID     string    `json:"kid"`
		Type      string    `json:"typ"`
	}{k.Algorithm, k.ID, "at+jwt"})
	if err != nil {
		return nil, err
	}
	s.header = base64url.EncodeToString(header)
	if s.jwk, err = publicJWK(k); err != nil {
		return nil, err
	}
	if s.signer, err = jws.NewSigner(alg); err != nil {
		return nil, err
	}
	if s.verifier, err = jws.NewVerifier(alg); err != nil {
		return nil, err
	}
	return s, nil
}

func publicJWK(k Key) ([]byte, error) {
	public, err := jwk.FromRaw(k.private().Public())
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{
		jwk.KeyIDKey:     k.ID,
		jwk.AlgorithmKey: jwa.SignatureAlgorithm(k.Algorithm),
		jwk.KeyUsageKey:  jwk.ForSignature,
	} {
		if err := public.Set(name, value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(public)
}

// sign returns the compact serialisation (RFC 7515 section 7.1) of a payload.
func (s *signer) sign(payload []byte) (string, error) {
	input := s.header + "." + base64url.EncodeToString(payload)
	signature, err := s.signer.Sign([]byte(input), s.private())
	if err != nil {
		return "", err
	}
	return input + "." + base64url.EncodeToString(signature), nil
}

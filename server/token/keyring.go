package token

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// ErrNoKey is returned by Sign when no key of the ring is active.
var ErrNoKey = errors.New("no signing key is active")

// Keyring signs and verifies access tokens, JWTs as RFC 9068 lays them out, for
// one issuer and one audience, with a fixed set of keys. It remembers the tokens
// it verified; a new ring has to verify them anew. Safe for concurrent use.
type Keyring struct {
	issuer   string
	audience string
	signers  []*signer // the one active last comes first
	byHeader map[string]*signer
	verified *lru.Cache[digest, verified]
}

// NewKeyring returns a ring of keys in any order. The error says which key is
// of no use or there twice.
func NewKeyring(issuer, audience string, keys []Key) (*Keyring, error) {
	if issuer == "" || audience == "" {
		return nil, errors.New("a keyring needs an issuer and an audience")
	}
	cache, err := lru.New[digest, verified](maxVerified)
	if err != nil {
		return nil, err
	}
	r := &Keyring{issuer: issuer, audience: audience, byHeader: map[string]*signer{}, verified: cache}
	for _, key := range keys {
		s, err := newSigner(key)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", key.ID, err)
		}
		if r.byHeader[s.header] != nil {
			return nil, fmt.Errorf("signing key %s is there twice", key.ID)
		}
		r.byHeader[s.header] = s
		r.signers = append(r.signers, s)
	}
	slices.SortFunc(r.signers, func(a, b *signer) int {
		return cmp.Or(b.ActiveAt.Compare(a.ActiveAt), b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return r, nil
}

// Sign returns an access token that says claims, with an ID of its own, issued
// now by the key that became active last. It fails with ErrNoKey, or when the
// claims lack something.
func (r *Keyring) Sign(claims Claims, now time.Time) (string, error) {
	if err := claims.check(now); err != nil {
		return "", err
	}
	i := slices.IndexFunc(r.signers, func(s *signer) bool { return !now.Before(s.ActiveAt) && !s.expired(now) })
	if i < 0 {
		return "", ErrNoKey
	}
	text, err := json.Marshal(payload{
		Issuer:    r.issuer,
		Subject:   claims.Subject,
		Audience:  r.audience,
		Client:    Client,
		ExpiresAt: claims.ExpiresAt.Unix(),
		IssuedAt:  now.Unix(),
		ID:        rand.Text(),
		Session:   claims.Session,
		Role:      claims.Role,
		Scope:     claims.Scope,
		AuthTime:  seconds(claims.AuthenticatedAt),
		Methods:   claims.Methods,
	})
	if err != nil {
		return "", err
	}
	return r.signers[i].sign(text)
}

// JWKS returns the public keys that have not expired, those not active yet
// included, as a JWK set (RFC 7517).
func (r *Keyring) JWKS(now time.Time) []byte {
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: []json.RawMessage{}}
	for _, s := range r.signers {
		if !s.expired(now) {
			set.Keys = append(set.Keys, s.jwk)
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err) // the keys are JSON already
	}
	return text
}

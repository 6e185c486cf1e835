package token

import (
	"crypto/sha256"
	"strings"
	"time"
)

const (
	maxToken    = 4096 // bytes; ours have about 600
	maxVerified = 8192 // tokens a keyring remembers, about 3 MB
)

// digest is what a verified token is remembered by, so that no memory dump of
// the cache holds a token.
type digest = [sha256.Size]byte

// verified is a token whose signature and content were found good. Time may
// still undo it.
type verified struct {
	payload
	by *signer
}

// check returns ErrInvalid unless the token counts at now.
func (v verified) check(now time.Time) error {
	if v.by.expired(now) {
		return invalid("signing key expired")
	}
	return v.payload.check(now)
}

// Verify returns the claims of an access token that Sign made, on this replica
// or another, and that counts at now; else ErrInvalid. Whether the session has
// ended is for the database to say.
func (r *Keyring) Verify(raw string, now time.Time) (Claims, error) {
	if len(raw) > maxToken {
		return Claims{}, invalid("too long")
	}
	sum := sha256.Sum256([]byte(raw))
	v, known := r.verified.Get(sum)
	if !known {
		var err error
		if v, err = r.verify(raw); err != nil {
			return Claims{}, err
		}
	}
	if err := v.check(now); err != nil {
		return Claims{}, err
	}
	if !known {
		r.verified.Add(sum, v)
	}
	return v.claims(), nil
}

// verify checks the signature and all that does not depend on the time.
//
// The header is not parsed but compared with those that Sign writes. That leaves
// nothing in it to believe: not the algorithm, nor a key it brings along or
// points to, nor extensions, nor a second spelling (RFC 8725 section 3.1).
func (r *Keyring) verify(raw string) (verified, error) {
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 {
		return verified{}, invalid("not a compact JWS")
	}
	by, ok := r.byHeader[parts[0]]
	if !ok {
		return verified{}, invalid("header is none of ours")
	}
	signature, err := decode(parts[2])
	if err != nil {
		return verified{}, err
	}
	if by.verifier.Verify([]byte(parts[0]+"."+parts[1]), signature, by.public) != nil {
		return verified{}, invalid("signature does not match")
	}
	text, err := decode(parts[1])
	if err != nil {
		return verified{}, err
	}
	p, err := parsePayload(text, r.issuer, r.audience)
	return verified{payload: p, by: by}, err
}

package token

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// leeway is how far the clock of the replica that issued a token may be ahead.
const leeway = 30 * time.Second

// Claims are what an access token says. Times are in whole seconds.
type Claims struct {
	ID        string    // jti, set by Sign
	Subject   uuid.UUID // sub: the user
	Session   uuid.UUID // sid
	Role      string
	Scope     string    // separated by spaces (RFC 6749 section 3.3); may be empty
	IssuedAt  time.Time // iat, set by Sign
	ExpiresAt time.Time // exp

	AuthenticatedAt time.Time // auth_time: when the user last proved who they are
	Methods         []string  // amr: how they did (RFC 8176)
}

// Client is the client_id of every token: RFC 9068 wants one, and clients of the password flow are not registered.
const Client = "usher"

// payload is the JSON of an access token (RFC 9068 section 2.2). Unknown members
// are let pass, for a newer version may run beside this one.
type payload struct {
	Issuer    string    `json:"iss"`
	Subject   uuid.UUID `json:"sub"`
	Audience  string    `json:"aud"`
	Client    string    `json:"client_id"`
	ExpiresAt int64     `json:"exp"`
	NotBefore int64     `json:"nbf,omitempty"` // never issued, honoured all the same
	IssuedAt  int64     `json:"iat"`
	ID        string    `json:"jti"`
	Session   uuid.UUID `json:"sid"`
	Role      string    `json:"role"`
	Scope     string    `json:"scope"`
	AuthTime  int64     `json:"auth_time,omitempty"`
	Methods   []string  `json:"amr,omitempty"`
}

// parsePayload returns the payload of an access token for one audience, or
// ErrInvalid. It checks all that does not depend on the time.
func parsePayload(text []byte, issuer, audience string) (payload, error) {
	var p payload
	switch {
	case json.Unmarshal(text, &p) != nil:
		return p, invalid("payload does not parse")
	case p.Issuer != issuer:
		return p, invalid("another issuer")
	case p.Audience != audience:
		return p, invalid("another audience")
	case p.ExpiresAt <= 0 || p.IssuedAt <= 0 || p.NotBefore < 0:
		return p, invalid("exp or iat is missing")
	case p.Subject == uuid.Nil || p.Session == uuid.Nil:
		return p, invalid("sub or sid is missing")
	case p.ID == "" || p.Role == "":
		return p, invalid("jti or role is missing")
	}
	p.Issuer, p.Audience = issuer, audience // one copy for all tokens that are remembered
	return p, nil
}

// check returns ErrInvalid unless the token counts at now.
func (p payload) check(now time.Time) error {
	latest := now.Add(leeway).Unix()
	switch {
	case now.Unix() >= p.ExpiresAt:
		return invalid("expired")
	case p.IssuedAt > latest || p.NotBefore > latest:
		return invalid("not valid yet")
	}
	return nil
}

func (p payload) claims() Claims {
	return Claims{
		ID:        p.ID,
		Subject:   p.Subject,
		Session:   p.Session,
		Role:      p.Role,
		Scope:     p.Scope,
		IssuedAt:  time.Unix(p.IssuedAt, 0).UTC(),
		ExpiresAt: time.Unix(p.ExpiresAt, 0).UTC(),

		AuthenticatedAt: moment(p.AuthTime),
		Methods:         p.Methods,
	}
}

// check returns an error unless a token of these claims would count at now.
func (c Claims) check(now time.Time) error {
	switch {
	case c.Subject == uuid.Nil || c.Session == uuid.Nil || c.Role == "":
		return errors.New("an access token needs a subject, a session and a role")
	case !c.ExpiresAt.After(now):
		return errors.New("an access token has to expire in the future")
	}
	return nil
}

// seconds is a time as a token tells it; 0, which is left out, for none.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// moment is the reverse of seconds.
func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

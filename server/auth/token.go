package auth

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/token"
)

// session is what a grant led to.
type session struct {
	id, user uuid.UUID
	role     spec.Role
	scopes   spec.Scopes
	refresh  token.Refresh

	authenticatedAt time.Time
	amr             []string
}

// IssueToken is the token endpoint of OAuth 2.0 (RFC 6749).
func (h *Handlers) IssueToken(ctx context.Context, req api.IssueTokenRequestObject) (api.IssueTokenResponseObject, error) {
	b := req.JSONBody
	if b == nil {
		b = req.FormdataBody
	}
	if !slices.Contains(h.grants(), b.GrantType) {
		return nil, fault.New(spec.ProblemUnsupportedGrantType, "")
	}
	var s session
	var err error
	switch b.GrantType {
	case grantPassword:
		s, err = h.signIn(ctx, b)
	case grantRefresh:
		s, err = h.refresh(ctx, b)
	case grantMFA:
		s, err = h.signInWithCode(ctx, b)
	}
	if err != nil {
		return nil, err
	}
	answer, err := h.issue(s, time.Now())
	return api.IssueToken200JSONResponse(answer), err
}

// issue signs an access token for a session.
func (h *Handlers) issue(s session, now time.Time) (spec.Token, error) {
	access, err := h.Keys.Current().Sign(token.Claims{
		Subject: s.user, Session: s.id, Role: string(s.role), Scope: s.scopes.String(), ExpiresAt: now.Add(h.Settings.AccessLifetime),
		AuthenticatedAt: s.authenticatedAt, Methods: s.amr,
	}, now)
	return spec.Token{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(h.Settings.AccessLifetime.Seconds()),
		RefreshToken: s.refresh.Token(), Scope: s.scopes.String(),
	}, err
}

// required refuses a token request that lacks what its grant needs.
func required(fields map[string]*string) error {
	var missing []spec.FieldError
	for name, value := range fields {
		if value == nil {
			missing = append(missing, fault.Field("/"+name, spec.FieldProblemRequired, "This field is missing."))
		}
	}
	if len(missing) > 0 {
		return fault.Invalid(missing...)
	}
	return nil
}

// narrow checks the scopes that a client asks for against those it can have; nil asks for all of them.
func narrow(asked *string, available spec.Scopes) (spec.Scopes, error) {
	if asked == nil || *asked == "" {
		return available, nil
	}
	scopes, ok := spec.ParseScopes(*asked)
	if !ok || !available.Has(scopes) {
		return 0, fault.New(spec.ProblemInvalidScope, "")
	}
	return scopes, nil
}

package auth

import (
	"context"
	"time"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/token"
)

// What the answers of introspection call tokens and whom they were given to.
const (
	typeAccess  = "Bearer"
	typeRefresh = "refresh_token"
)

// IntrospectToken tells a service what a token says, if it counts (RFC 7662). Whatever is wrong with another, the answer
// is the same.
func (h *Handlers) IntrospectToken(ctx context.Context, req api.IntrospectTokenRequestObject) (api.IntrospectTokenResponseObject, error) {
	told, err := h.introspect(ctx, req.Body.Token)
	if fault.Is(err, spec.ProblemNotFound) {
		return api.IntrospectToken200JSONResponse{Active: false}, nil
	}
	return api.IntrospectToken200JSONResponse(told), err
}

// introspect reads what a token stands for, as it is now, and changes nothing: to be asked about is not to be used.
// Errors: not-found.
func (h *Handlers) introspect(ctx context.Context, raw string) (spec.Introspection, error) {
	claims, err := h.Keys.Current().Verify(raw, time.Now())
	if err != nil {
		return h.introspectRefresh(ctx, raw)
	}
	row, err := db.New().GetTokenSession(ctx, h.DB, claims.Session, claims.Subject)
	if err != nil {
		return spec.Introspection{}, err
	}
	told := h.tell(row)
	told.TokenType, told.Jti = new(typeAccess), &claims.ID
	told.Iat, told.Exp = new(claims.IssuedAt.Unix()), new(claims.ExpiresAt.Unix())
	return told, nil
}

// introspectRefresh is introspect for refresh tokens: those that would be taken now, which leaves out those that were
// used just now. What is no token costs the same lookup.
func (h *Handlers) introspectRefresh(ctx context.Context, raw string) (spec.Introspection, error) {
	presented, _ := h.Refresher.Parse(raw) // the zero Refresh is nobody's
	row, err := db.New().GetRefreshable(ctx, h.DB, db.GetRefreshableParams{
		SessionID: presented.Session, SeedHash: presented.SeedHash(), Generation: int64(presented.Generation),
	})
	if err != nil {
		return spec.Introspection{}, err
	}
	told := h.tell(db.GetTokenSessionRow(row))
	told.TokenType = new(typeRefresh)
	told.Iat, told.Exp = new(row.Session.RefreshedAt.Unix()), new(row.Session.ExpiresAt.Unix())
	return told, nil
}

// tell is what tokens of a session have in common.
func (h *Handlers) tell(row db.GetTokenSessionRow) spec.Introspection {
	s, role := row.Session, h.standing(row.Role, row.SecondFactorAt)
	return spec.Introspection{
		Active: true, Iss: &h.Settings.Issuer, Aud: &h.Settings.Issuer, ClientID: new(token.Client), Sub: &s.UserID, Sid: &s.ID,
		Role: &role, Scope: new(granted(role, s.Scopes).String()),
		AuthTime: new(s.AuthenticatedAt.Unix()), Amr: &s.Amr,
	}
}

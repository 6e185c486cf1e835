package auth

import (
	"context"
	"crypto/hmac"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
)

// origin is what a token tells about where it belongs.
type origin struct {
	session  uuid.UUID
	seedHash []byte // of a refresh token; nil for an access token
}

// trace reads an access or a refresh token, of any generation, if this service issued it.
func (h *Handlers) trace(raw string) (origin, bool) {
	if claims, err := h.Keys.Current().Verify(raw, time.Now()); err == nil {
		return origin{session: claims.Session}, true
	}
	presented, err := h.Refresher.Parse(raw)
	return origin{presented.Session, presented.SeedHash()}, err == nil
}

// revoke ends the session that a token belongs to, on behalf of its user: they have the token (RFC 7009 section 2.1).
// Errors: not-found.
func revoke(ctx context.Context, tx pgx.Tx, o origin) error {
	s, err := db.New().GetLiveSession(ctx, tx, o.session)
	if err != nil {
		return err
	}
	if o.seedHash != nil && !hmac.Equal(o.seedHash, s.SeedHash) {
		return fault.New(spec.ProblemNotFound, "")
	}
	u, err := db.New().GetUser(ctx, tx, s.UserID)
	if err != nil {
		return err
	}
	return End(actor.As(ctx, u), tx, u.ID, s.ID, spec.SessionEndRevoked)
}

// RevokeToken ends the session of a token. Whatever else is sent does not work either, which is all that the client wants
// to know (RFC 7009 section 2.2).
func (h *Handlers) RevokeToken(ctx context.Context, req api.RevokeTokenRequestObject) (api.RevokeTokenResponseObject, error) {
	o, ours := h.trace(req.Body.Token)
	if !ours {
		return api.RevokeToken200Response{}, nil
	}
	answer, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.RevokeTokenResponseObject, error) {
		return api.RevokeToken200Response{}, revoke(ctx, tx, o)
	})
	if fault.Is(err, spec.ProblemNotFound) {
		return api.RevokeToken200Response{}, nil
	}
	return answer, err
}

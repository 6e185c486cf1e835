package auth

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
)

// refresh is the refresh_token grant (RFC 6749 section 6) with rotation: a token is good for one use. The common case is
// one guarded UPDATE; of many that race, one moves the session on, and the rest are told the same successor. Errors:
// invalid-grant.
func (h *Handlers) refresh(ctx context.Context, b *spec.TokenRequest) (session, error) {
	if err := required(map[string]*string{"refresh_token": b.RefreshToken}); err != nil {
		return session{}, err
	}
	presented, err := h.Refresher.Parse(*b.RefreshToken)
	if err != nil {
		return session{}, &fault.Error{Problem: spec.ProblemInvalidGrant, Cause: err}
	}
	s, err := h.forward(ctx, presented, b.Scope)
	if fault.Is(err, spec.ProblemNotFound) {
		s, err = h.again(ctx, presented)
	}
	s.refresh = presented.Next()
	return s, err
}

// forward moves the session of a token that was not used before to the next generation; not-found if it was used, or
// if the session is over. A client that asks for scopes it cannot have keeps its token, so that takes a transaction.
func (h *Handlers) forward(ctx context.Context, presented token.Refresh, asked *string) (session, error) {
	move := func(conn db.DBTX) (session, error) {
		row, err := db.New().RefreshSession(ctx, conn, db.RefreshSessionParams{
			SessionID: presented.Session, Generation: int64(presented.Generation), SeedHash: presented.SeedHash(),
			Idle: h.Settings.IdleLifetime,
		})
		role := h.standing(row.Role, row.SecondFactorAt)
		s := session{
			id: presented.Session, user: row.UserID, role: role, scopes: granted(role, row.Scopes),
			authenticatedAt: row.AuthenticatedAt, amr: row.Amr,
		}
		if err == nil {
			_, err = narrow(asked, s.scopes)
		}
		return s, err
	}
	if asked == nil {
		return move(h.DB)
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (session, error) { return move(tx) })
}

// again deals with a token that does not fit its session any more. Just used: the client raced with itself, and gets
// what the winner got. Used before: somebody has a copy, so the session ends (RFC 9700 section 4.14).
func (h *Handlers) again(ctx context.Context, presented token.Refresh) (session, error) {
	s, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (session, error) {
		row, err := db.New().LockSession(ctx, tx, db.LockSessionParams{
			SessionID: presented.Session, SeedHash: presented.SeedHash(), Grace: h.Settings.RefreshGrace,
		})
		if err != nil || !row.Live {
			return session{}, err
		}
		if row.Fresh && row.Generation == int64(presented.Generation)+1 {
			role := h.standing(row.Role, row.SecondFactorAt)
			return session{
				id: presented.Session, user: row.UserID, role: role, scopes: granted(role, row.Scopes),
				authenticatedAt: row.AuthenticatedAt, amr: row.Amr,
			}, nil
		}
		return session{}, endSession(ctx, tx, row.UserID, presented.Session, spec.SessionEndTokenReused)
	})
	if fault.Is(err, spec.ProblemNotFound) || err == nil && s.id != presented.Session {
		return session{}, fault.New(spec.ProblemInvalidGrant, "")
	}
	return s, err
}

package auth

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// End ends a session that a user can still use; its tokens stop working at once. Errors: not-found, which a session of
// somebody else is, too.
func End(ctx context.Context, tx pgx.Tx, user, id uuid.UUID, why spec.SessionEnd) error {
	if _, err := db.New().LockLiveSession(ctx, tx, id, user); err != nil {
		return err
	}
	return endSession(ctx, tx, user, id, why)
}

// EndOthers ends every session of the one who asks but the one they ask in.
func EndOthers(ctx context.Context, tx pgx.Tx, by actor.Actor) error {
	if _, err := db.New().LockUser(ctx, tx, by.ID); err != nil {
		return err
	}
	return users.EndSessions(ctx, tx, by.ID, &by.Session, spec.SessionEndEnded)
}

// EndAnybodys ends a session on behalf of staff. Errors: not-found, forbidden (a role that is not below one's own, or
// authority that was lost meanwhile).
func EndAnybodys(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	s, err := db.New().GetLiveSession(ctx, tx, id)
	if err != nil {
		return err
	}
	u, err := users.Hold(ctx, tx, by, s.UserID) // before the session, as everybody does who locks both
	if err != nil {
		return err
	}
	if err := users.CanHelp(by, u); err != nil {
		return err
	}
	return End(ctx, tx, u.ID, id, spec.SessionEndEndedByStaff)
}

// EndAll ends every session of an account on behalf of staff, the one they ask in too if the account is theirs. Errors:
// not-found, forbidden (a role that is not below one's own, or authority that was lost meanwhile).
func EndAll(ctx context.Context, tx pgx.Tx, by actor.Actor, user uuid.UUID) error {
	u, err := users.Hold(ctx, tx, by, user)
	if err != nil {
		return err
	}
	if err := users.CanHelp(by, u); err != nil {
		return err
	}
	return users.EndSessions(ctx, tx, u.ID, nil, spec.SessionEndEndedByStaff)
}

// EndSession ends a session of the caller.
func (h *Handlers) EndSession(ctx context.Context, req api.EndSessionRequestObject) (api.EndSessionResponseObject, error) {
	by, why := actor.From(ctx), spec.SessionEndEnded
	if req.SessionID == by.Session {
		why = spec.SessionEndSignedOut
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.EndSessionResponseObject, error) {
		return api.EndSession204Response{}, End(ctx, tx, by.ID, req.SessionID, why)
	})
}

// EndOtherSessions signs the caller out everywhere but here.
func (h *Handlers) EndOtherSessions(ctx context.Context, _ api.EndOtherSessionsRequestObject) (api.EndOtherSessionsResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.EndOtherSessionsResponseObject, error) {
		return api.EndOtherSessions204Response{}, EndOthers(ctx, tx, actor.From(ctx))
	})
}

// EndUserSession ends anybody's session on behalf of staff.
func (h *Handlers) EndUserSession(ctx context.Context, req api.EndUserSessionRequestObject) (api.EndUserSessionResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.EndUserSessionResponseObject, error) {
		return api.EndUserSession204Response{}, EndAnybodys(ctx, tx, actor.From(ctx), req.SessionID)
	})
}

// EndUserSessions signs somebody out everywhere on behalf of staff.
func (h *Handlers) EndUserSessions(ctx context.Context, req api.EndUserSessionsRequestObject) (api.EndUserSessionsResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.EndUserSessionsResponseObject, error) {
		return api.EndUserSessions204Response{}, EndAll(ctx, tx, actor.From(ctx), req.UserID)
	})
}

package users

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

// Suspend ends every session of an account, lets nobody sign in to it until it is reinstated, and tells the owner why. One
// that is suspended already stays as it is. Errors: not-found, forbidden (a role that is not below one's own, or authority
// that was lost meanwhile), self-suspension, last-admin, precondition-failed.
func Suspend(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID, reason string) (db.User, error) {
	u, last, err := Take(ctx, tx, by, id)
	if err != nil {
		return u, err
	}
	if err := canSuspend(by, u); err != nil {
		return u, err
	}
	if u.Status == spec.UserStatusSuspended {
		return u, nil
	}
	if err := unlessLast(last); err != nil {
		return u, err
	}
	if u, err = db.New().SetStatus(ctx, tx, spec.UserStatusSuspended, id); err != nil {
		return u, err
	}
	if err := EndSessions(ctx, tx, id, nil, spec.SessionEndSuspended); err != nil {
		return u, err
	}
	if err := outbox.Enqueue(ctx, tx, Notice{UserID: id, About: AboutSuspended, Reason: reason}); err != nil {
		return u, err
	}
	return u, outbox.Emit(ctx, tx, spec.UserSuspended{UserID: id, By: by.By(), Reason: reason})
}

// Reinstate lets a suspended account in again, and tells the owner. One that is not suspended stays as it is. Errors:
// not-found, forbidden (a role that is not below one's own, or authority that was lost meanwhile), precondition-failed.
func Reinstate(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	u, _, err := Take(ctx, tx, by, id)
	if err != nil {
		return err
	}
	if err := reach(by, u); err != nil || u.Status == spec.UserStatusActive {
		return err
	}
	if _, err := db.New().SetStatus(ctx, tx, spec.UserStatusActive, id); err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, Notice{UserID: id, About: AboutReinstated}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserReinstated{UserID: id, By: by.By()})
}

// canSuspend is asked twice: before the act, and before offering its link.
func canSuspend(by actor.Actor, u db.User) error {
	if by.ID == u.ID {
		return fault.New(spec.ProblemSelfSuspension, "")
	}
	return reach(by, u)
}

// SuspendUser suspends an account on behalf of an admin.
func (h *Handlers) SuspendUser(ctx context.Context, req api.SuspendUserRequestObject) (api.SuspendUserResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.SuspendUserResponseObject, error) {
		u, err := Suspend(ctx, tx, actor.From(ctx), req.UserID, req.Body.Reason)
		if err != nil {
			return nil, err
		}
		return api.SuspendUser200JSONResponse{UserResponseJSONResponse: view(ctx, u)}, nil
	})
}

// ReinstateUser reinstates an account on behalf of an admin.
func (h *Handlers) ReinstateUser(ctx context.Context, req api.ReinstateUserRequestObject) (api.ReinstateUserResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ReinstateUserResponseObject, error) {
		return api.ReinstateUser204Response{}, Reinstate(ctx, tx, actor.From(ctx), req.UserID)
	})
}

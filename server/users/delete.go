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
	"github.com/usherhq/usher/server/store"
)

// Delete removes an account with its sessions and tokens, for good. Errors: not-found, forbidden (a role that is not
// below one's own, or authority that was lost meanwhile), self-deletion, last-admin, precondition-failed.
func Delete(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	u, last, err := Take(ctx, tx, by, id)
	if err != nil {
		return err
	}
	if err := canDelete(by, u); err != nil {
		return err
	}
	if err := unlessLast(last); err != nil {
		return err
	}
	return remove(ctx, tx, id, by.By())
}

// canDelete is asked twice: before the act, and before offering its link.
func canDelete(by actor.Actor, u db.User) error {
	if by.ID == u.ID {
		return fault.New(spec.ProblemSelfDeletion, "")
	}
	return reach(by, u)
}

// DeleteUser removes an account on behalf of an admin.
func (h *Handlers) DeleteUser(ctx context.Context, req api.DeleteUserRequestObject) (api.DeleteUserResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.DeleteUserResponseObject, error) {
		return api.DeleteUser204Response{}, Delete(ctx, tx, actor.From(ctx), req.UserID)
	})
}

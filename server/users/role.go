package users

import (
	"cmp"
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

// ChangeRole gives an account another role and tells the owner. It holds from the next request on, which reads the role
// anew. The role that the account has already changes nothing. Errors: not-found, forbidden (a role that is not below one's
// own, authority that was lost meanwhile, a token that was narrowed), self-role-change, role-not-grantable, last-admin, precondition-failed.
func ChangeRole(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID, role spec.Role, reason string) (db.User, error) {
	before, last, err := Take(ctx, tx, by, id)
	if err != nil {
		return before, err
	}
	if err := canChangeRole(by, before); err != nil {
		return before, err
	}
	if err := canGrant(by, role); err != nil {
		return before, err
	}
	if before.Role == role {
		return before, nil
	}
	if err := unlessLast(last); err != nil {
		return before, err
	}
	u, err := db.New().SetRole(ctx, tx, role, id)
	if err != nil {
		return u, err
	}
	if err := outbox.Enqueue(ctx, tx, Notice{UserID: id, About: AboutRoleChanged, Was: before.Role, Is: role}); err != nil {
		return u, err
	}
	return u, outbox.Emit(ctx, tx, spec.UserRoleChanged{UserID: id, By: by.By(), From: before.Role, To: role, Reason: reason})
}

// canChangeRole is asked twice: before the act, and before offering its link.
func canChangeRole(by actor.Actor, u db.User) error {
	if by.ID == u.ID {
		return fault.New(spec.ProblemSelfRoleChange, "")
	}
	return cmp.Or(reach(by, u), outdoes(by, u))
}

// ChangeRole gives an account another role on behalf of an admin.
func (h *Handlers) ChangeRole(ctx context.Context, req api.ChangeRoleRequestObject) (api.ChangeRoleResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ChangeRoleResponseObject, error) {
		u, err := ChangeRole(ctx, tx, actor.From(ctx), req.UserID, req.Body.Role, req.Body.Reason)
		if err != nil {
			return nil, err
		}
		return api.ChangeRole200JSONResponse{UserResponseJSONResponse: view(ctx, u)}, nil
	})
}

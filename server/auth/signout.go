package auth

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/store"
)

// SignOut ends the caller's session; its tokens stop working at once.
func (h *Handlers) SignOut(ctx context.Context, _ api.SignOutRequestObject) (api.SignOutResponseObject, error) {
	by := actor.From(ctx)
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.SignOutResponseObject, error) {
		return api.SignOut204Response{}, endSession(ctx, tx, by.ID, by.Session, spec.SessionEndSignedOut)
	})
}

package audit

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/store"
)

// Refused records that the actor of ctx lacks the scope for an operation on the account about, or on nobody's if that is
// the zero UUID. What people may not do to their own account, with a token that was narrowed, is nobody else's business
// and left out.
func Refused(ctx context.Context, pool *pgxpool.Pool, op *spec.Operation, about uuid.UUID) error {
	if own := op.Owner == "" || about == actor.From(ctx).ID; own && op.Own != 0 {
		return nil
	}
	_, err := store.InTx(ctx, pool, func(tx pgx.Tx) (struct{}, error) {
		return struct{}{}, Record(ctx, tx, OperationRefused, about, map[string]any{"operation": op.ID})
	})
	return err
}

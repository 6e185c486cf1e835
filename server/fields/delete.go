package fields

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

// Delete removes a field. Its values are cleared afterwards; until they are, its name cannot be given again (see isCleared).
// Errors: not-found, precondition-failed.
func Delete(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	f, err := lock(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := db.New().DeleteField(ctx, tx, id); err != nil {
		return err
	}
	some, err := anyValue(ctx, tx, f.Name)
	if err != nil {
		return err
	}
	if some {
		if err := outbox.Enqueue(ctx, tx, Clearing{Name: f.Name}); err != nil {
			return err
		}
	}
	return outbox.Record(ctx, tx, outbox.FieldDeleted, uuid.Nil, change{ID: f.ID, Name: f.Name, Before: definitionOf(f)})
}

// DeleteProfileField removes a field on behalf of an admin.
func (h *Handlers) DeleteProfileField(ctx context.Context, req api.DeleteProfileFieldRequestObject) (api.DeleteProfileFieldResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.DeleteProfileFieldResponseObject, error) {
		return api.DeleteProfileField204Response{}, Delete(ctx, tx, req.FieldID)
	})
}

package fields

import (
	"bytes"
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

// Replace defines a field anew. It waits for those who are storing values of it, so that the check that follows finds all that
// were held to the old definition. Errors: invalid-request as of Create, not-found, precondition-failed.
func Replace(ctx context.Context, tx pgx.Tx, id uuid.UUID, d Definition) (db.ProfileField, error) {
	if err := d.check(); err != nil {
		return db.ProfileField{}, err
	}
	before, err := lock(ctx, tx, id)
	if err != nil {
		return before, err
	}
	checked, err := needsNoCheck(ctx, tx, before, d)
	if err != nil {
		return before, err
	}
	f, err := db.New().ReplaceField(ctx, tx, db.ReplaceFieldParams{
		ID: id, Title: d.Title, Schema: d.Schema, Filterable: d.Filterable, Public: d.Public, Checked: checked,
	})
	if err != nil {
		return f, err
	}
	if !checked {
		if err := outbox.Enqueue(ctx, tx, Checking{FieldID: id, Version: f.Version}); err != nil {
			return f, err
		}
	}
	told := change{ID: id, Name: f.Name, Before: definitionOf(before), After: &d}
	return f, outbox.Record(ctx, tx, outbox.FieldReplaced, uuid.Nil, told)
}

// needsNoCheck tells whether it is known already which values do not match the new definition: those that did not match the
// same schema, or none where there are no values. What is known of another schema is forgotten.
func needsNoCheck(ctx context.Context, tx pgx.Tx, before db.ProfileField, d Definition) (bool, error) {
	if before.CheckedAt != nil && bytes.Equal(before.Schema, d.Schema) {
		return true, nil
	}
	if err := db.New().ForgetFieldViolations(ctx, tx, before.ID); err != nil {
		return false, err
	}
	some, err := anyValue(ctx, tx, before.Name)
	return !some, err
}

// lock reads a field for a change and holds it to the version that the request expects.
func lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (db.ProfileField, error) {
	f, err := db.New().LockField(ctx, tx, id)
	if err != nil {
		return f, err
	}
	return f, etag.Check(ctx, f.Version)
}

// ReplaceProfileField defines a field anew on behalf of an admin.
func (h *Handlers) ReplaceProfileField(ctx context.Context, req api.ReplaceProfileFieldRequestObject) (api.ReplaceProfileFieldResponseObject, error) {
	b := req.Body
	d := Definition{Title: b.Title, Schema: b.Schema, Filterable: isTrue(b.Filterable), Public: isTrue(b.Public)}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ReplaceProfileFieldResponseObject, error) {
		f, err := Replace(ctx, tx, req.FieldID, d)
		if err != nil {
			return nil, err
		}
		shown, err := view(ctx, tx, actor.From(ctx), f)
		return api.ReplaceProfileField200JSONResponse{ProfileFieldResponseJSONResponse: shown}, err
	})
}

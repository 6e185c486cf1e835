package fields

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

const maxFields = 100

// Create defines a profile field. Errors: invalid-request (the schema, or a filter on what is not one value),
// too-many-fields, field-name-taken.
func Create(ctx context.Context, tx pgx.Tx, name string, d Definition) (db.ProfileField, error) {
	if err := d.check(); err != nil {
		return db.ProfileField{}, err
	}
	if err := db.New().LockDefining(ctx, tx); err != nil {
		return db.ProfileField{}, err
	}
	n, err := db.New().CountFields(ctx, tx)
	if err != nil {
		return db.ProfileField{}, err
	}
	if n >= maxFields {
		return db.ProfileField{}, fault.New(spec.ProblemTooManyFields, "")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return db.ProfileField{}, err
	}
	f, err := db.New().CreateField(ctx, tx, db.CreateFieldParams{
		ID: id, Name: name, Title: d.Title, Schema: d.Schema, Filterable: d.Filterable, Public: d.Public,
	})
	if err != nil {
		return f, err
	}
	if err := isCleared(ctx, tx, name); err != nil {
		return f, err
	}
	return f, outbox.Record(ctx, tx, outbox.FieldCreated, uuid.Nil, change{ID: f.ID, Name: f.Name, After: &d})
}

// isCleared refuses a name that values still have of a field that was removed: they would show up as values of the new one.
func isCleared(ctx context.Context, tx pgx.Tx, name string) error {
	left, err := anyValue(ctx, tx, name)
	if err != nil || !left {
		return err
	}
	return fault.New(spec.ProblemFieldNameTaken, "The values of the field that had this name are still being cleared. Try again in a minute.")
}

// anyValue tells whether some account has a value of this name.
func anyValue(ctx context.Context, tx pgx.Tx, name string) (bool, error) {
	if err := db.New().PreferIndexes(ctx, tx); err != nil {
		return false, err
	}
	return db.New().AnyFieldValue(ctx, tx, name)
}

// CreateProfileField defines a field on behalf of an admin.
func (h *Handlers) CreateProfileField(ctx context.Context, req api.CreateProfileFieldRequestObject) (api.CreateProfileFieldResponseObject, error) {
	b := req.Body
	d := Definition{Title: b.Title, Schema: b.Schema, Filterable: isTrue(b.Filterable), Public: isTrue(b.Public)}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.CreateProfileFieldResponseObject, error) {
		f, err := Create(ctx, tx, b.Name, d)
		if err != nil {
			return nil, err
		}
		return created(actor.From(ctx), f), nil
	})
}

func created(by actor.Actor, f db.ProfileField) api.CreateProfileField201JSONResponse {
	return api.CreateProfileField201JSONResponse{ProfileFieldCreatedResponseJSONResponse: api.ProfileFieldCreatedResponseJSONResponse{
		Body: show(by, f, 0),
		Headers: api.ProfileFieldCreatedResponseResponseHeaders{
			ETag:     etag.Version(f.Version),
			Location: spec.GetProfileFieldPath(f.ID),
		},
	}}
}

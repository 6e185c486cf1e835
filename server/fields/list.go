package fields

import (
	"context"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/page"
)

// ListProfileFields shows the fields in the order in which they were defined.
func (h *Handlers) ListProfileFields(ctx context.Context, _ api.ListProfileFieldsRequestObject) (api.ListProfileFieldsResponseObject, error) {
	rows, err := page.Fetch(page.From(ctx), page.List[db.ProfileField, uuid.UUID]{
		Key: func(f db.ProfileField) uuid.UUID { return f.ID },
		After: func(id uuid.UUID, size int32) ([]db.ProfileField, error) {
			return db.New().ListFields(ctx, h.DB, id, size)
		},
		Before: func(id uuid.UUID, size int32) ([]db.ProfileField, error) {
			return db.New().ListFieldsBack(ctx, h.DB, id, size)
		},
	})
	if err != nil {
		return nil, err
	}
	by := actor.From(ctx)
	counts, err := violations(ctx, h.DB, by, rows.Items...)
	if err != nil {
		return nil, err
	}
	body := spec.ProfileFieldPage{Items: make([]spec.ProfileField, len(rows.Items)), Links: rows.Links}
	body.Links.Create = spec.ProfileFieldPageLinks(by.Caller).Create
	for i, f := range rows.Items {
		body.Items[i] = show(by, f, counts[f.ID])
	}
	return api.ListProfileFields200JSONResponse{ProfileFieldPageResponseJSONResponse: api.ProfileFieldPageResponseJSONResponse{
		Body: body, Headers: api.ProfileFieldPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}}, nil
}

// ListProfileFieldViolations shows whose values do not match a field, as far as they have been checked.
func (h *Handlers) ListProfileFieldViolations(ctx context.Context, req api.ListProfileFieldViolationsRequestObject) (api.ListProfileFieldViolationsResponseObject, error) {
	f, err := db.New().GetField(ctx, h.DB, req.FieldID)
	if err != nil {
		return nil, err
	}
	rows, err := page.Fetch(page.From(ctx), page.List[db.ProfileFieldViolation, uuid.UUID]{
		Key: func(v db.ProfileFieldViolation) uuid.UUID { return v.UserID },
		After: func(id uuid.UUID, size int32) ([]db.ProfileFieldViolation, error) {
			return db.New().ListFieldViolations(ctx, h.DB, db.ListFieldViolationsParams{FieldID: f.ID, After: id, Size: size})
		},
		Before: func(id uuid.UUID, size int32) ([]db.ProfileFieldViolation, error) {
			return db.New().ListFieldViolationsBack(ctx, h.DB, db.ListFieldViolationsBackParams{FieldID: f.ID, Before: id, Size: size})
		},
	})
	if err != nil {
		return nil, err
	}
	by := actor.From(ctx)
	body := spec.FieldViolationPage{Items: make([]spec.FieldViolation, len(rows.Items)), Links: rows.Links}
	for i, v := range rows.Items {
		body.Items[i] = spec.FieldViolation{UserID: v.UserID, Detail: v.Detail, Links: spec.FieldViolationLinks(by.Caller, v.UserID)}
	}
	return api.ListProfileFieldViolations200JSONResponse{FieldViolationPageResponseJSONResponse: api.FieldViolationPageResponseJSONResponse{
		Body: body, Headers: api.FieldViolationPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}}, nil
}

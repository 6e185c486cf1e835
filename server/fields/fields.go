// Package fields defines what profiles hold beside the built-in fields, while the service runs. Package users holds the
// values to the definitions.
package fields

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
)

// Handlers serves the operations tagged fields.
type Handlers struct {
	DB *pgxpool.Pool
}

var _ api.Fields = (*Handlers)(nil)

// GetProfileField shows how a field is defined.
func (h *Handlers) GetProfileField(ctx context.Context, req api.GetProfileFieldRequestObject) (api.GetProfileFieldResponseObject, error) {
	f, err := db.New().GetField(ctx, h.DB, req.FieldID)
	if err != nil {
		return nil, err
	}
	shown, err := view(ctx, h.DB, actor.From(ctx), f)
	return api.GetProfileField200JSONResponse{ProfileFieldResponseJSONResponse: shown}, err
}

// view shows a field, with what the caller may do to it.
func view(ctx context.Context, conn db.DBTX, by actor.Actor, f db.ProfileField) (api.ProfileFieldResponseJSONResponse, error) {
	counts, err := violations(ctx, conn, by, f)
	return api.ProfileFieldResponseJSONResponse{
		Body:    show(by, f, counts[f.ID]),
		Headers: api.ProfileFieldResponseResponseHeaders{ETag: etag.Version(f.Version)},
	}, err
}

// show is a field as by sees it: how many values do not match is for those who may list them.
func show(by actor.Actor, f db.ProfileField, violations int64) spec.ProfileField {
	shown := spec.ProfileField{
		ID: f.ID, Name: f.Name, Title: f.Title, Schema: f.Schema, Filterable: f.Filterable, Public: f.Public,
		CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt, Links: spec.ProfileFieldLinks(by.Caller, f.ID),
	}
	if mayCount(by) {
		shown.Violations, shown.CheckedAt = &violations, f.CheckedAt
	}
	return shown
}

// mayCount says who sees how many values do not match: those who are offered the list of them.
func mayCount(by actor.Actor) bool {
	return spec.ProfileFieldLinks(by.Caller, uuid.Nil).Violations != nil
}

// violations counts the values that do not match, for those who may know.
func violations(ctx context.Context, conn db.DBTX, by actor.Actor, fields ...db.ProfileField) (map[uuid.UUID]int64, error) {
	if !mayCount(by) {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(fields))
	for i, f := range fields {
		ids[i] = f.ID
	}
	rows, err := db.New().CountFieldViolations(ctx, conn, ids)
	counts := map[uuid.UUID]int64{}
	for _, row := range rows {
		counts[row.FieldID] = row.Violations
	}
	return counts, err
}

package users

import (
	"context"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/page"
)

// ListUsers shows accounts to staff, newest first.
func (h *Handlers) ListUsers(ctx context.Context, req api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	rows, err := page.Fetch(page.From(ctx), page.List[db.User, uuid.UUID]{
		Start:  uuid.Max,
		Key:    func(u db.User) uuid.UUID { return u.ID },
		After:  func(id uuid.UUID, size int32) ([]db.User, error) { return db.New().ListUsers(ctx, h.DB, id, size) },
		Before: func(id uuid.UUID, size int32) ([]db.User, error) { return db.New().ListUsersBack(ctx, h.DB, id, size) },
	})
	if err != nil {
		return nil, err
	}
	by := actor.From(ctx)
	body := spec.UserPage{Items: make([]spec.User, len(rows.Items)), Links: rows.Links}
	body.Links.Create = spec.UserPageLinks(by.Caller).Create
	for i, u := range rows.Items {
		body.Items[i] = Show(u, links(by, u))
	}
	if req.Params.Count != nil && *req.Params.Count {
		total, err := db.New().CountUsers(ctx, h.DB)
		if err != nil {
			return nil, err
		}
		body.Total = &total
	}
	return api.ListUsers200JSONResponse{UserPageResponseJSONResponse: api.UserPageResponseJSONResponse{
		Body: body, Headers: api.UserPageResponseResponseHeaders{Link: page.Header(body.Links)},
	}}, nil
}

package users

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/store"
)

// GetMe shows the caller's own account, as it was read when the token was checked.
func (h *Handlers) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	return api.GetMe200JSONResponse{MeResponseJSONResponse: self(ctx, actor.From(ctx).User)}, nil
}

// UpdateMe edits the caller's own profile.
func (h *Handlers) UpdateMe(ctx context.Context, req api.UpdateMeRequestObject) (api.UpdateMeResponseObject, error) {
	by, b := actor.From(ctx), req.Body
	patch := spec.UserPatch{
		Nickname: b.Nickname, FirstName: b.FirstName, LastName: b.LastName, Bio: b.Bio, Location: b.Location,
		Locale: b.Locale, TimeZone: b.TimeZone, WebsiteURL: b.WebsiteURL, LinkedinURL: b.LinkedinURL, GithubURL: b.GithubURL, Fields: b.Fields,
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.UpdateMeResponseObject, error) {
		u, err := Update(ctx, tx, by, by.ID, patch)
		if err != nil {
			return nil, err
		}
		return api.UpdateMe200JSONResponse{MeResponseJSONResponse: self(ctx, u)}, nil
	})
}

// self shows an account to its owner.
func self(ctx context.Context, u db.User) api.MeResponseJSONResponse {
	return api.MeResponseJSONResponse{
		Body:    Show(u, spec.MeLinks(actor.From(ctx).Caller, u.Nickname)),
		Headers: api.MeResponseResponseHeaders{ETag: etag.Version(u.Version)},
	}
}

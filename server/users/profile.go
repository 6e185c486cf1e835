package users

import (
	"context"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
)

// GetProfile shows anybody what is public about somebody. Accounts that are not confirmed or are suspended have no profile.
func (h *Handlers) GetProfile(ctx context.Context, req api.GetProfileRequestObject) (api.GetProfileResponseObject, error) {
	p, err := db.New().GetProfile(ctx, h.DB, nicknameKey(req.Nickname))
	if err != nil {
		return nil, err
	}
	return api.GetProfile200JSONResponse{ProfileResponseJSONResponse: api.ProfileResponseJSONResponse{
		Body: spec.Profile{
			Nickname: p.Nickname, FirstName: p.FirstName, Bio: p.Bio, Location: p.Location,
			WebsiteURL: p.WebsiteURL, LinkedinURL: p.LinkedinURL, GithubURL: p.GithubURL,
			Fields: p.Fields, Professional: p.Professional, CreatedAt: p.CreatedAt,
			Links: spec.ProfileLinks(actor.From(ctx).Caller, p.Nickname),
		},
		// Not the account's version, which would tell who watches of each private change. Nobody sends it in If-Match.
		Headers: api.ProfileResponseResponseHeaders{ETag: etag.Version(0)},
	}}, nil
}

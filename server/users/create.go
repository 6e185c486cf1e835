package users

import (
	"context"

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

// Create adds an account for somebody else. Errors: role-not-grantable, step-up-required for roles above AUTHOR,
// invalid-request (a reserved nickname), and those of Add.
func Create(ctx context.Context, tx pgx.Tx, by actor.Actor, d Draft) (db.User, error) {
	if err := canGrant(by, d.Role); err != nil {
		return db.User{}, err
	}
	if d.Role.Rank() > spec.RoleAUTHOR.Rank() && !by.Operator && !by.Recent {
		return db.User{}, fault.New(spec.ProblemStepUpRequired, "")
	}
	if err := CanTake(by, d.Nickname); err != nil {
		return db.User{}, err
	}
	if d.Verified && d.Role == spec.RoleANONYMOUS {
		d.Role = spec.RoleAUTHENTICATED // which is what confirming would make of them
	}
	u, err := Add(ctx, tx, d)
	if err != nil {
		return u, err
	}
	return u, outbox.Emit(ctx, tx, spec.UserCreated{UserID: u.ID, By: by.By(), Role: u.Role})
}

// canGrant refuses to make somebody more than an author, except to those at the top.
func canGrant(by actor.Actor, role spec.Role) error {
	if by.Operator || role.Rank() <= spec.RoleAUTHOR.Rank() {
		return nil
	}
	// Nor does a token that was narrowed make somebody who may do more than it may.
	if by.Tops() && by.Scopes.Has(spec.RoleScopes(role)) {
		return nil
	}
	return fault.New(spec.ProblemRoleNotGrantable, "")
}

// CreateUser adds an account on behalf of staff.
func (h *Handlers) CreateUser(ctx context.Context, req api.CreateUserRequestObject) (api.CreateUserResponseObject, error) {
	b := req.Body
	d := Draft{
		Email: b.Email, Verified: b.EmailVerified != nil && *b.EmailVerified, Nickname: b.Nickname,
		Role: spec.RoleAUTHENTICATED, RegisteredAs: spec.RegistrationKindReader,
		FirstName: b.FirstName, LastName: b.LastName, Bio: b.Bio, Location: b.Location, Locale: b.Locale, TimeZone: b.TimeZone,
		WebsiteURL: b.WebsiteURL, LinkedinURL: b.LinkedinURL, GithubURL: b.GithubURL,
	}
	if b.Role != nil {
		d.Role = *b.Role
	}
	var err error
	if d.Fields, err = fieldValues(b.Fields); err != nil {
		return nil, err
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.CreateUserResponseObject, error) {
		u, err := Create(ctx, tx, actor.From(ctx), d)
		if err != nil {
			return nil, err
		}
		return created(ctx, u), nil
	})
}

func created(ctx context.Context, u db.User) api.CreateUser201JSONResponse {
	shown := view(ctx, u)
	return api.CreateUser201JSONResponse{UserCreatedResponseJSONResponse: api.UserCreatedResponseJSONResponse{
		Body: shown.Body,
		Headers: api.UserCreatedResponseResponseHeaders{
			ETag:     etag.Version(u.Version),
			Location: spec.GetUserPath(u.ID),
		},
	}}
}

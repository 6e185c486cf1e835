// Package auth turns credentials into sessions, sessions into tokens, and tokens into actors.
package auth

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/token"
)

// Settings decide how long things last and who becomes the first admin.
type Settings struct {
	FirstUserAdmin bool          // the very first user to register becomes ADMIN, verified at once
	AccessLifetime time.Duration // of an access token
	IdleLifetime   time.Duration // of a session that is not refreshed
	Lifetime       time.Duration // of a session, however active
	RefreshGrace   time.Duration // how long a used refresh token still answers its successor, for clients that race
}

// Handlers serves the operations tagged auth.
type Handlers struct {
	DB        *pgxpool.Pool
	Hasher    *password.Hasher
	Keys      *token.Keys
	Refresher *token.Refresher
	// FailureKey keys the hashes of the addresses under which failed sign-ins are counted.
	FailureKey []byte
	Settings   Settings
}

var _ api.Auth = (*Handlers)(nil)

// Resolve returns the actor whom an access token stands for, as they are now: a session that ended, an account that is
// gone or suspended, and a changed role count from the very next request. Errors: unauthenticated.
func (h *Handlers) Resolve(ctx context.Context, raw string) (actor.Actor, error) {
	claims, err := h.Keys.Current().Verify(raw, time.Now())
	if err != nil {
		return actor.Actor{}, &fault.Error{Problem: spec.ProblemUnauthenticated, Detail: "The access token is expired or not valid.", Cause: err}
	}
	row, err := db.New().GetSessionUser(ctx, h.DB, claims.Session, claims.Subject)
	if fault.Is(err, spec.ProblemNotFound) {
		return actor.Actor{}, &fault.Error{Problem: spec.ProblemUnauthenticated, Detail: "The session has ended.", Cause: err}
	}
	if err != nil {
		return actor.Actor{}, err
	}
	return actor.Actor{
		Caller:  spec.Caller{ID: row.User.ID, Scopes: granted(row.User.Role, row.Scopes)},
		User:    row.User,
		Session: claims.Session,
	}, nil
}

// granted is what a role may do in a session that may have been narrowed.
func granted(role spec.Role, narrowed *string) spec.Scopes {
	scopes := spec.RoleScopes(role)
	if narrowed != nil {
		asked, _ := spec.ParseScopes(*narrowed)
		scopes &= asked
	}
	return scopes
}

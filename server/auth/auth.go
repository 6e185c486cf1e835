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

// Settings decide how long things last and who gets in.
type Settings struct {
	FirstUserAdmin bool          // the very first user to register becomes ADMIN, verified at once
	Registration   Registration  // who may register
	Conceal        bool          // whether registering tells nothing about who has an account
	PasswordGrant  bool          // whether the password grant is offered
	LockAfter      int           // failed sign-ins in a row lock an account
	LockFor        time.Duration // how long such a lock lasts
	StaffFactor    bool          // whether the rights of staff wait for a second factor
	StepUpWithin   time.Duration // how old a sign-in may be for sensitive operations
	Product        string        // what authenticator apps call the service
	Issuer         string        // of tokens, which is also their audience: the service's own address
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
	Factors   *token.Sealer // hides the secrets of second factors at rest
	// SubjectKey makes ids of addresses that nobody has, under which failed sign-ins are counted.
	SubjectKey []byte
	Settings   Settings
}

var _ api.Auth = (*Handlers)(nil)

// Registration says who may register.
type Registration string

// The modes of registration.
const (
	RegistrationOpen       Registration = "open"
	RegistrationInvitation Registration = "invitation" // who was invited
	RegistrationClosed     Registration = "closed"     // nobody; staff make accounts
)

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
	if row.Idle {
		if err := db.New().TouchSession(ctx, h.DB, claims.Session); err != nil {
			return actor.Actor{}, err
		}
	}
	return actor.Actor{
		Caller:  spec.Caller{ID: row.User.ID, Scopes: granted(h.standing(row.User.Role, row.User.SecondFactorAt), row.Scopes)},
		User:    row.User,
		Session: claims.Session,
		Recent:  time.Since(row.AuthenticatedAt) <= h.Settings.StepUpWithin && (row.User.SecondFactorAt == nil || row.Mfa),
	}, nil
}

// standing is the role that counts, here and for whoever reads a token. Where staff need a second factor, those without
// one count as readers: enough to set it up.
func (h *Handlers) standing(role spec.Role, secondFactorAt *time.Time) spec.Role {
	if h.Settings.StaffFactor && isStaff(role) && secondFactorAt == nil {
		return spec.RoleAUTHENTICATED
	}
	return role
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

// AwaitsFactor reports whether the rights of a role wait for the second factor.
func (h *Handlers) AwaitsFactor(u db.User) bool {
	return h.standing(u.Role, u.SecondFactorAt) != u.Role
}

// isStaff reports whether a role acts on the accounts of others.
func isStaff(role spec.Role) bool { return role.Rank() >= spec.RoleMANAGER.Rank() }

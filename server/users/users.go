// Package users keeps accounts: who they are, what role they hold, and who may change what about them. It is the kernel
// that other slices may import.
package users

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/fault"
)

// Handlers serves the operations tagged users.
type Handlers struct {
	DB       *pgxpool.Pool
	searches chan struct{} // a place for each that goes on
}

// New serves the operations from a pool, of which searches have a third of the connections at most.
func New(pool *pgxpool.Pool) *Handlers {
	return &Handlers{DB: pool, searches: make(chan struct{}, max(1, pool.Config().MaxConns/3))}
}

var _ api.Users = (*Handlers)(nil)

// GetUser shows any account to staff.
func (h *Handlers) GetUser(ctx context.Context, req api.GetUserRequestObject) (api.GetUserResponseObject, error) {
	u, err := db.New().GetUser(ctx, h.DB, req.UserID)
	if err != nil {
		return nil, err
	}
	return api.GetUser200JSONResponse{UserResponseJSONResponse: view(ctx, u)}, nil
}

// view shows an account to staff, with what the caller may do to it.
func view(ctx context.Context, u db.User) api.UserResponseJSONResponse {
	return api.UserResponseJSONResponse{
		Body:    Show(u, links(actor.From(ctx), u)),
		Headers: api.UserResponseResponseHeaders{ETag: etag.Version(u.Version)},
	}
}

// links are what the caller may do to an account now. They do not look for the last ADMIN in charge: whoever is offered to
// act on one is in charge too, or is the last one, and nobody is offered to act so on themselves.
func links(by actor.Actor, u db.User) spec.Links {
	l := spec.UserLinks(by.Caller, u.ID, u.Nickname)
	l.Update = l.Update.Unless(canUpdate(by, u))
	l.Delete = l.Delete.Unless(canDelete(by, u))
	l.ChangeRole = l.ChangeRole.Unless(canChangeRole(by, u))
	l.Suspend = l.Suspend.Unless(errors.Join(canSuspend(by, u), has(u, spec.UserStatusActive)))
	l.Reinstate = l.Reinstate.Unless(errors.Join(reach(by, u), has(u, spec.UserStatusSuspended)))
	l.Lock = l.Lock.Unless(CanLock(by, u))
	l.Profile = l.Profile.Unless(errors.Join(has(u, spec.UserStatusActive), isVerified(u)))
	help := CanHelp(by, u)
	l.Sessions, l.EndSessions = l.Sessions.Unless(help), l.EndSessions.Unless(help)
	l.ResetPassword = l.ResetPassword.Unless(CanReset(by, u))
	l.Unlock = l.Unlock.Unless(errors.Join(help, isLocked(u)))
	l.ResetSecondFactor = l.ResetSecondFactor.Unless(errors.Join(CanResetFactor(by, u), hasFactor(u)))
	return l
}

// Show is the account as its owner and staff see it.
func Show(u db.User, links spec.Links) spec.User {
	return spec.User{
		ID: u.ID, Email: u.Email, EmailVerifiedAt: u.EmailVerifiedAt, Nickname: u.Nickname,
		FirstName: u.FirstName, LastName: u.LastName, Bio: u.Bio, Location: u.Location, Locale: u.Locale, TimeZone: u.TimeZone,
		WebsiteURL: u.WebsiteURL, LinkedinURL: u.LinkedinURL, GithubURL: u.GithubURL, Fields: u.Fields, Professional: u.Professional,
		Role: u.Role, Status: u.Status, PendingEmail: u.PendingEmail, SecondFactor: u.SecondFactorAt != nil, LockedUntil: locked(u),
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, LastLoginAt: u.LastLoginAt,
		Links: links,
	}
}

// lock reads an account for a change and holds it to the version that the request expects.
func lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (db.User, error) {
	u, err := db.New().LockUser(ctx, tx, id)
	if err != nil {
		return u, err
	}
	return u, etag.Check(ctx, u.Version)
}

// CanHelp says who may help an account back in: those who reach it.
func CanHelp(by actor.Actor, u db.User) error { return reach(by, u) }

// CanReset says who may have the owner of an account set a new password: those who reach it, and whose token may all that the
// account may, for whoever reads the mail has it.
func CanReset(by actor.Actor, u db.User) error { return cmp.Or(reach(by, u), outdoes(by, u)) }

// CanLock says who may lock an account for a while.
func CanLock(by actor.Actor, u db.User) error {
	if by.ID == u.ID {
		return fault.New(spec.ProblemSelfLock, "")
	}
	return reach(by, u)
}

// CanResetFactor says who may remove the second factor of somebody who lost it. One's own is removed elsewhere, with it.
func CanResetFactor(by actor.Actor, u db.User) error {
	if by.ID == u.ID {
		return fault.New(spec.ProblemForbidden, "This is for the accounts of others. Remove your own second factor under your own account.")
	}
	return cmp.Or(reach(by, u), outdoes(by, u))
}

// reach refuses acts on accounts that are not below one's own.
func reach(by actor.Actor, u db.User) error {
	if !by.Reaches(u) {
		return fault.New(spec.ProblemForbidden, "The account's role is not below yours.")
	}
	return nil
}

// outdoes refuses what gives power over an account to a token that was narrowed, and may less than the account.
func outdoes(by actor.Actor, u db.User) error {
	if !by.Operator && !by.Scopes.Has(spec.RoleScopes(u.Role)) {
		return fault.New(spec.ProblemForbidden, "The account may do more than this token, which was issued for some scopes only.")
	}
	return nil
}

var errNothingToDo = errors.New("the account is not in the state for this")

func has(u db.User, status spec.UserStatus) error {
	if u.Status != status {
		return errNothingToDo
	}
	return nil
}

func isVerified(u db.User) error {
	if u.EmailVerifiedAt == nil {
		return errNothingToDo
	}
	return nil
}

func isLocked(u db.User) error {
	if locked(u) == nil {
		return errNothingToDo
	}
	return nil
}

func hasFactor(u db.User) error {
	if u.SecondFactorAt == nil {
		return errNothingToDo
	}
	return nil
}

// locked is when the account's last lock ends, if it has not.
func locked(u db.User) *time.Time {
	var end *time.Time
	for _, until := range []*time.Time{u.LockedUntil, u.StaffLockUntil} {
		if until != nil && until.After(time.Now()) && (end == nil || until.After(*end)) {
			end = until
		}
	}
	return end
}

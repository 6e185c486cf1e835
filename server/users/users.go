// Package users keeps accounts: who they are, what role they hold, and who may change what about them. It is the kernel
// that other slices may import.
package users

import (
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
	DB *pgxpool.Pool
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

func links(by actor.Actor, u db.User) spec.Links {
	l := spec.UserLinks(by.Caller, u.ID)
	l.Update = l.Update.Unless(canUpdate(by, u))
	l.Delete = l.Delete.Unless(canDelete(by, u))
	help := CanHelp(by, u)
	l.ResetPassword, l.Sessions, l.EndSessions = l.ResetPassword.Unless(help), l.Sessions.Unless(help), l.EndSessions.Unless(help)
	l.Unlock = l.Unlock.Unless(errors.Join(help, isLocked(u)))
	l.ResetSecondFactor = l.ResetSecondFactor.Unless(errors.Join(CanResetFactor(by, u), hasFactor(u)))
	return l
}

// Show is the account as its owner and staff see it.
func Show(u db.User, links spec.Links) spec.User {
	return spec.User{
		ID: u.ID, Email: u.Email, EmailVerifiedAt: u.EmailVerifiedAt, Nickname: u.Nickname,
		FirstName: u.FirstName, LastName: u.LastName, Bio: u.Bio, Location: u.Location, Locale: u.Locale, TimeZone: u.TimeZone,
		WebsiteURL: u.WebsiteURL, LinkedinURL: u.LinkedinURL, GithubURL: u.GithubURL, Professional: u.Professional,
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

// CanResetFactor says who may remove the second factor of somebody who lost it. One's own is removed elsewhere, with it.
func CanResetFactor(by actor.Actor, u db.User) error {
	if by.ID == u.ID {
		return fault.New(spec.ProblemForbidden, "This is for the accounts of others. Remove your own second factor under your own account.")
	}
	return reach(by, u)
}

// reach refuses acts on accounts that are not below one's own.
func reach(by actor.Actor, u db.User) error {
	if !by.Reaches(u) {
		return fault.New(spec.ProblemForbidden, "The account's role is not below yours.")
	}
	return nil
}

var errNothingToDo = errors.New("the account is not in the state that this ends")

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

// locked is when the account's lock ends, if it has not.
func locked(u db.User) *time.Time {
	if u.LockedUntil == nil || !u.LockedUntil.After(time.Now()) {
		return nil
	}
	return u.LockedUntil
}

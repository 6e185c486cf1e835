package auth

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// signIn is the password grant (RFC 6749 section 4.3). An unknown address costs the same hash and the same writes as a
// wrong password, and gets the same answers. Errors: invalid-credentials, account-locked, rate-limited; after the right
// password email-unverified, account-suspended, invalid-scope, and mfa-required, which is not the end.
func (h *Handlers) signIn(ctx context.Context, b *spec.TokenRequest) (session, error) {
	if err := required(map[string]*string{"username": b.Username, "password": b.Password}); err != nil {
		return session{}, err
	}
	a, err := h.attemptOn(ctx, *b.Username)
	if err != nil {
		return session{}, err
	}
	if err := h.reserve(ctx, a); err != nil {
		return session{}, err
	}
	s, err := h.try(ctx, a, b)
	if errors.Is(err, errHashChanged) { // by a sign-in beside this one that hashed the same password anew, or for another one
		if a.user, err = db.New().GetUser(ctx, h.DB, a.user.ID); err == nil {
			s, err = h.try(ctx, a, b)
		}
	}
	switch {
	case err == nil:
		return s, nil
	case fault.Is(err, spec.ProblemInvalidCredentials):
		return s, h.fail(ctx, a, spec.ProblemInvalidCredentials)
	}
	h.release(ctx, a)
	return s, h.refused(ctx, a, err)
}

// errHashChanged: the password was checked against a hash that is not the account's any more.
var errHashChanged = fault.New(spec.ProblemInvalidCredentials, "")

// try checks the password of an attempt, and starts a session if it is right.
func (h *Handlers) try(ctx context.Context, a attempt, b *spec.TokenRequest) (session, error) {
	found, err := h.check(ctx, a.user, *b.Password)
	if err != nil {
		return session{}, err
	}
	if !found.right {
		return session{}, fault.New(spec.ProblemInvalidCredentials, "")
	}
	return h.enter(actor.As(ctx, a.user), a, found, b.Scope)
}

// verdict is what checking a password led to.
type verdict struct {
	right  bool
	hash   string  // that it was checked against
	better *string // the same password hashed as it would be today, if it is not
}

// check compares a password with that of an account; the zero User costs as much.
func (h *Handlers) check(ctx context.Context, u db.User, password string) (verdict, error) {
	var v verdict
	if u.PasswordHash != nil {
		v.hash = *u.PasswordHash
	}
	var err error
	if v.right, err = h.Hasher.Verify(ctx, v.hash, password); err != nil || !v.right || !h.Hasher.NeedsRehash(v.hash) {
		return v, err
	}
	rehashed, err := h.Hasher.Hash(ctx, password)
	v.better = &rehashed
	return v, err
}

// enter starts a session after the right password, or asks for the second factor.
func (h *Handlers) enter(ctx context.Context, a attempt, found verdict, asked *string) (session, error) {
	var ticket string
	s, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (session, error) {
		u, err := db.New().LockUser(ctx, tx, a.user.ID)
		if fault.Is(err, spec.ProblemNotFound) || err == nil && (u.PasswordHash == nil || *u.PasswordHash != found.hash) {
			return session{}, errHashChanged
		}
		if err != nil {
			return session{}, err
		}
		if err := h.canEnter(ctx, tx, a, u); err != nil {
			return session{}, err
		}
		if found.better != nil {
			if err := db.New().ReplaceHash(ctx, tx, found.better, u.ID); err != nil {
				return session{}, err
			}
		}
		if u.SecondFactorAt != nil {
			if _, err := narrow(asked, spec.RoleScopes(u.Role)); err != nil {
				return session{}, err
			}
			ticket, err = issueTicket(ctx, tx, u, asked)
			if err != nil {
				return session{}, err
			}
			return session{}, outbox.Record(ctx, tx, outbox.SignInChallenged, u.ID, struct{}{})
		}
		return h.open(ctx, tx, a, u, asked, []string{methodPassword})
	})
	if err == nil && ticket != "" {
		return s, &fault.Error{Problem: spec.ProblemMfaRequired, MFAToken: ticket}
	}
	return s, err
}

// canEnter says why an account is not let in, to somebody who knows its password. Where it is concealed who has an
// account, who has just registered must not learn that it was them who made it.
func (h *Handlers) canEnter(ctx context.Context, tx pgx.Tx, a attempt, u db.User) error {
	if err := released(ctx, tx, u); err != nil {
		return err
	}
	if err := unlocked(ctx, tx, a); err != nil {
		return err
	}
	switch {
	case u.Status == spec.UserStatusSuspended:
		return fault.New(spec.ProblemAccountSuspended, "")
	case u.EmailVerifiedAt == nil && h.Settings.Conceal:
		return fault.New(spec.ProblemInvalidCredentials, "")
	case u.EmailVerifiedAt == nil:
		return fault.New(spec.ProblemEmailUnverified, "")
	}
	return nil
}

// settle does what goes with every sign-in.
func settle(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if err := db.New().RecordSignIn(ctx, tx, id); err != nil {
		return err
	}
	if err := knowNetwork(ctx, tx, id); err != nil {
		return err
	}
	return users.EndOldestSessions(ctx, tx, id)
}

// open starts a session for a user who has proved who they are, by the methods amr (RFC 8176).
func (h *Handlers) open(ctx context.Context, tx pgx.Tx, a attempt, u db.User, asked *string, amr []string) (session, error) {
	role := h.standing(u.Role, u.SecondFactorAt)
	scopes, err := narrow(asked, spec.RoleScopes(role))
	if err != nil {
		return session{}, err
	}
	if err := db.New().ClearAttempts(ctx, tx, a.subject, a.network); err != nil {
		return session{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return session{}, err
	}
	by, refresh := actor.From(ctx), h.Refresher.New(id)
	row := db.CreateSessionParams{
		ID: id, UserID: u.ID, SeedHash: refresh.SeedHash(), Device: by.Device(), Address: by.Network(), Amr: amr,
		Idle: h.Settings.IdleLifetime, Lifetime: h.Settings.Lifetime,
	}
	if asked != nil && *asked != "" {
		row.Scopes = new(scopes.String())
	}
	kept, err := db.New().CreateSession(ctx, tx, row)
	if err != nil {
		return session{}, err
	}
	if err := settle(ctx, tx, u.ID); err != nil {
		return session{}, err
	}
	return session{
		id: id, user: u.ID, role: role, scopes: scopes, refresh: refresh, authenticatedAt: kept.AuthenticatedAt, amr: amr,
	}, outbox.Emit(ctx, tx, spec.SessionStarted{UserID: u.ID, SessionID: id, Amr: amr})
}

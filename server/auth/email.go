package auth

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/users"
)

// RequestEmail notes the address that the account of by, who has proved to know its password, is to have, and has a link
// mailed there. The old one stays until the link is confirmed; links that were mailed before are void. With conceal an
// address that somebody has is no error here: MakeEmailChange tells its owner. Errors: invalid-request if the address is
// the present one, or if the password changed since it was proved; email-taken.
func RequestEmail(ctx context.Context, tx pgx.Tx, by actor.Actor, email string, conceal bool) error {
	u, err := lockProved(ctx, tx, by.User, "/password")
	if err != nil {
		return err
	}
	if users.EmailKey(email) == u.EmailKey {
		return fault.Invalid(fault.Field("/email", spec.FieldProblemInvalid, "This is the address that the account has."))
	}
	if !conceal {
		owner, err := ownerOf(ctx, tx, email)
		if err != nil {
			return err
		}
		if owner != uuid.Nil {
			return fault.New(spec.ProblemEmailTaken, "")
		}
	}
	if err := db.New().DeleteOneTimeTokens(ctx, tx, u.ID, db.TokenPurposeChangeEmail); err != nil {
		return err
	}
	if err := db.New().SetPendingEmail(ctx, tx, &email, u.ID); err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, users.EmailChangeMail{UserID: u.ID}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserEmailChangeRequested{UserID: u.ID, By: by.By()})
}

// ownerOf is whose address it is; the zero UUID if nobody has it.
func ownerOf(ctx context.Context, tx pgx.Tx, email string) (uuid.UUID, error) {
	u, err := db.New().GetUserByEmail(ctx, tx, users.EmailKey(email))
	return u.ID, unlessGone(err)
}

// MakeEmailChange makes a fresh token for the mail to an account's pending address; wanted is false if there is none, or
// if somebody has that address: they are told instead. Only the token's hash is stored.
func MakeEmailChange(ctx context.Context, tx pgx.Tx, id uuid.UUID, lifetime time.Duration) (u db.User, plain string, wanted bool, err error) {
	u, err = db.New().LockUser(ctx, tx, id)
	if err != nil || u.PendingEmail == nil {
		return u, "", false, unlessGone(err)
	}
	owner, err := ownerOf(ctx, tx, *u.PendingEmail)
	if err != nil {
		return u, "", false, err
	}
	if owner != uuid.Nil {
		return u, "", false, outbox.Enqueue(ctx, tx, users.Notice{UserID: owner, About: users.AboutRegisteredAlready})
	}
	plain, err = mint(ctx, tx, u, db.TokenPurposeChangeEmail, lifetime)
	return u, plain, true, err
}

// ConfirmEmail uses up the token that was mailed to the pending address of an account: it is the address from now on, and
// the old one is told. Links that went to the old one are void. Errors: invalid-token; email-taken if somebody got the
// address meanwhile.
func ConfirmEmail(ctx context.Context, tx pgx.Tx, id uuid.UUID, plain string) error {
	ticket, err := token.HashOneTime(plain)
	if err != nil {
		return &fault.Error{Problem: spec.ProblemInvalidToken, Cause: err}
	}
	u, err := redeem(ctx, tx, id, ticket, db.TokenPurposeChangeEmail)
	if err != nil {
		return err
	}
	if u.PendingEmail == nil {
		return fault.New(spec.ProblemInvalidToken, "")
	}
	ctx = actor.As(ctx, u)
	if _, err := db.New().TakePendingEmail(ctx, tx, db.TakePendingEmailParams{
		ID: u.ID, Email: *u.PendingEmail, EmailKey: users.EmailKey(*u.PendingEmail),
	}); err != nil {
		return err
	}
	if _, err := verify(ctx, tx, u); err != nil {
		return err
	}
	if err := db.New().ForgetTokens(ctx, tx, u.ID); err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: u.ID, About: users.AboutEmailChanged, To: u.Email}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserEmailChanged{UserID: u.ID, By: actor.From(ctx).By()})
}

// ChangeEmail asks a new address to confirm that it is the caller's.
func (h *Handlers) ChangeEmail(ctx context.Context, req api.ChangeEmailRequestObject) (api.ChangeEmailResponseObject, error) {
	by, b := actor.From(ctx), req.Body
	if err := h.prove(ctx, by.User, "/password", b.Password); err != nil {
		return nil, err
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ChangeEmailResponseObject, error) {
		return api.ChangeEmail202Response{}, RequestEmail(ctx, tx, by, b.Email, h.Settings.Conceal)
	})
}

// ConfirmEmailChange makes the pending address of an account its own.
func (h *Handlers) ConfirmEmailChange(ctx context.Context, req api.ConfirmEmailChangeRequestObject) (api.ConfirmEmailChangeResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ConfirmEmailChangeResponseObject, error) {
		return api.ConfirmEmailChange204Response{}, ConfirmEmail(ctx, tx, req.Body.UserID, req.Body.Token)
	})
}

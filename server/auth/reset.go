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

// Forgotten asks the worker to do what follows when somebody says that they forgot a password. The account may not exist.
type Forgotten struct {
	UserID uuid.UUID    `json:"user_id"`
	From   actor.Origin `json:"from"` // of who asked
}

// Kind names the job in the queue.
func (Forgotten) Kind() string { return "password-forgotten" }

// Forgot has the owner of an account mailed a link to set a new password, and says so. Nothing happens if nobody has the
// account, or if staff have suspended it.
func Forgot(ctx context.Context, tx pgx.Tx, f Forgotten) error {
	ctx = actor.With(ctx, actor.Actor{Origin: f.From})
	u, err := db.New().LockUser(ctx, tx, f.UserID)
	if err != nil {
		return unlessGone(err)
	}
	if u.Status == spec.UserStatusSuspended {
		return nil
	}
	return startReset(ctx, tx, u)
}

// StartReset has the owner of an account mailed a link to set a new password; the old one works until then. Errors:
// not-found, forbidden (a role that is not below one's own, authority that was lost meanwhile, a token that was narrowed).
func StartReset(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	u, err := users.Hold(ctx, tx, by, id)
	if err != nil {
		return err
	}
	if err := users.CanReset(by, u); err != nil {
		return err
	}
	return startReset(ctx, tx, u)
}

func startReset(ctx context.Context, tx pgx.Tx, u db.User) error {
	if err := outbox.Enqueue(ctx, tx, users.PasswordMail{UserID: u.ID}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserPasswordResetRequested{UserID: u.ID, By: actor.From(ctx).By()})
}

// MakeReset makes a fresh token for a mail to set a password; wanted is false if nobody has the account, or if it was new
// and has a password by now. Only the token's hash is stored.
func MakeReset(ctx context.Context, tx pgx.Tx, to users.PasswordMail, lifetime time.Duration) (u db.User, plain string, wanted bool, err error) {
	u, err = db.New().LockUser(ctx, tx, to.UserID)
	if err != nil || to.New && u.PasswordHash != nil {
		return u, "", false, unlessGone(err)
	}
	plain, err = mint(ctx, tx, u, db.TokenPurposeResetPassword, lifetime)
	return u, plain, true, err
}

// mint makes a token for a mail. The caller has locked the user, or the address could change before the token is there to
// be forgotten.
func mint(ctx context.Context, tx pgx.Tx, u db.User, purpose db.TokenPurpose, lifetime time.Duration) (string, error) {
	plain, hash := token.NewOneTime()
	return plain, db.New().CreateOneTimeToken(ctx, tx, db.CreateOneTimeTokenParams{
		Hash: hash, UserID: u.ID, Purpose: purpose, Lifetime: lifetime,
	})
}

// Reset uses up the token of a reset mail: the account has the password, all its sessions end, a lock is lifted, and the
// address counts as confirmed, since the mail was read. Errors: invalid-token.
func Reset(ctx context.Context, tx pgx.Tx, id uuid.UUID, ticket []byte, p NewPassword) error {
	u, err := redeem(ctx, tx, id, ticket, db.TokenPurposeResetPassword)
	if err != nil {
		return err
	}
	ctx = actor.As(ctx, u)
	if _, err := verify(ctx, tx, u); err != nil {
		return err
	}
	if err := unlock(ctx, tx, u, spec.UnlockReasonPasswordReset); err != nil {
		return err
	}
	if err := knowNetwork(ctx, tx, u.ID); err != nil { // so that nobody elsewhere can keep them from using it
		return err
	}
	return replacePassword(ctx, tx, u, p, nil, spec.PasswordChangeKindReset)
}

// redeem locks the account that a mail went to, and uses up the token of the mail. Errors: invalid-token, whatever is
// wrong with it.
func redeem(ctx context.Context, tx pgx.Tx, id uuid.UUID, ticket []byte, purpose db.TokenPurpose) (db.User, error) {
	u, err := db.New().LockUser(ctx, tx, id)
	if err != nil {
		return u, invalidIfGone(err)
	}
	used, err := db.New().UseOneTimeToken(ctx, tx, db.UseOneTimeTokenParams{Hash: ticket, UserID: id, Purpose: purpose})
	if err == nil && used == 0 {
		err = fault.New(spec.ProblemInvalidToken, "")
	}
	return u, err
}

func invalidIfGone(err error) error {
	if fault.Is(err, spec.ProblemNotFound) {
		return fault.New(spec.ProblemInvalidToken, "")
	}
	return err
}

// RequestPasswordReset has a link mailed to who forgot a password. Addresses that nobody has get a job about nobody, and
// the worker decides all else, so that neither the answer nor its time tells which are known.
func (h *Handlers) RequestPasswordReset(ctx context.Context, req api.RequestPasswordResetRequestObject) (api.RequestPasswordResetResponseObject, error) {
	id, err := db.New().GetAddressee(ctx, h.DB, users.EmailKey(req.Body.Email), uuid.New())
	if err != nil {
		return nil, err
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.RequestPasswordResetResponseObject, error) {
		return api.RequestPasswordReset202Response{}, outbox.Enqueue(ctx, tx, Forgotten{UserID: id, From: actor.From(ctx).Kept()})
	})
}

// StartPasswordReset has a link mailed on behalf of staff.
func (h *Handlers) StartPasswordReset(ctx context.Context, req api.StartPasswordResetRequestObject) (api.StartPasswordResetResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.StartPasswordResetResponseObject, error) {
		return api.StartPasswordReset202Response{}, StartReset(ctx, tx, actor.From(ctx), req.UserID)
	})
}

// ResetPassword sets a new password with a mailed token. One that the policy refuses leaves the token as it was.
func (h *Handlers) ResetPassword(ctx context.Context, req api.ResetPasswordRequestObject) (api.ResetPasswordResponseObject, error) {
	u, ticket, err := h.resettable(ctx, req.Body.UserID, req.Body.Token)
	if err != nil {
		return nil, err
	}
	next, err := h.hashNew(ctx, u, req.Body.Password)
	if err != nil {
		return nil, err
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ResetPasswordResponseObject, error) {
		return api.ResetPassword204Response{}, Reset(ctx, tx, u.ID, ticket, next)
	})
}

// resettable finds the account of a reset token, without using that up. Errors: invalid-token.
func (h *Handlers) resettable(ctx context.Context, id uuid.UUID, plain string) (u db.User, ticket []byte, err error) {
	if ticket, err = token.HashOneTime(plain); err != nil {
		return u, nil, &fault.Error{Problem: spec.ProblemInvalidToken, Cause: err}
	}
	row, err := db.New().GetOneTimeToken(ctx, h.DB, ticket, db.TokenPurposeResetPassword)
	if err == nil && row.UserID != id {
		err = fault.New(spec.ProblemInvalidToken, "")
	}
	if err == nil {
		u, err = db.New().GetUser(ctx, h.DB, id)
	}
	return u, ticket, invalidIfGone(err)
}

package auth

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// Change gives the account of by, who has proved to know its password, the one that hash was made from. All other
// sessions end. Errors: invalid-request if the password changed since it was proved.
func Change(ctx context.Context, tx pgx.Tx, by actor.Actor, p NewPassword) error {
	u, err := lockProved(ctx, tx, by.User, "/current_password")
	if err != nil {
		return err
	}
	return replacePassword(ctx, tx, u, p, &by.Session, spec.PasswordChangeKindChanged)
}

// replacePassword gives an account another password and tells the owner. Sessions end but for the one that is spared; what
// was mailed or asked for before is void, since it may have been somebody else who did.
func replacePassword(ctx context.Context, tx pgx.Tx, u db.User, p NewPassword, spared *uuid.UUID, how spec.PasswordChangeKind) error {
	ended := spec.SessionEndPasswordChanged
	if how == spec.PasswordChangeKindReset {
		ended = spec.SessionEndPasswordReset
	}
	if p.Short && u.SecondFactorAt == nil {
		return tooShort() // the second factor that would have made up for it is gone meanwhile
	}
	if err := db.New().SetPassword(ctx, tx, db.SetPasswordParams{ID: u.ID, PasswordHash: &p.Hash, Short: p.Short}); err != nil {
		return err
	}
	if err := db.New().ForgetTokens(ctx, tx, u.ID); err != nil {
		return err
	}
	if err := users.EndSessions(ctx, tx, u.ID, spared, ended); err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: u.ID, About: users.AboutPasswordChanged}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserPasswordChanged{UserID: u.ID, By: actor.From(ctx).By(), How: how})
}

// ChangePassword replaces the caller's password.
func (h *Handlers) ChangePassword(ctx context.Context, req api.ChangePasswordRequestObject) (api.ChangePasswordResponseObject, error) {
	by, b := actor.From(ctx), req.Body
	if err := h.prove(ctx, by.User, "/current_password", b.CurrentPassword); err != nil {
		return nil, err
	}
	if b.Password == b.CurrentPassword {
		return nil, fault.Invalid(fault.Field("/password", spec.FieldProblemInvalid, "This is the current password. Choose another one."))
	}
	next, err := h.hashNew(ctx, by.User, b.Password)
	if err != nil {
		return nil, err
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ChangePasswordResponseObject, error) {
		return api.ChangePassword204Response{}, Change(ctx, tx, by, next)
	})
}

// NewPassword is a password that the policy lets pass, hashed.
type NewPassword struct {
	Hash  string
	Short bool // good only beside a second factor
}

func tooShort() error {
	return fault.Invalid(fault.Field("/password", spec.FieldProblemTooShort, password.TooShort.Advice(password.MinLength)))
}

// hashNew holds a new password to the policy for an account, and hashes it. Errors: invalid-request with each reason.
func (h *Handlers) hashNew(ctx context.Context, u db.User, secret string) (NewPassword, error) {
	least := password.MinLength
	if u.SecondFactorAt != nil {
		least = password.MinLengthWithFactor
	}
	if err := users.CheckPassword(least, "/password", secret, &u.Email, &u.Nickname, u.FirstName, u.LastName); err != nil {
		return NewPassword{}, err
	}
	hash, err := h.Hasher.Hash(ctx, secret)
	return NewPassword{Hash: hash, Short: password.IsShort(secret)}, err
}

// prove checks the password of an account, of which there may be none. Errors: invalid-request, which names the field at
// pointer.
func (h *Handlers) prove(ctx context.Context, u db.User, pointer, secret string) error {
	hash := ""
	if u.PasswordHash != nil {
		hash = *u.PasswordHash
	}
	right, err := h.Hasher.Verify(ctx, hash, secret)
	if err != nil || right {
		return err
	}
	return h.disproved(ctx, u, wrong(pointer))
}

// disproved writes down that somebody who is signed in did not know what the owner knows, and returns why.
func (h *Handlers) disproved(ctx context.Context, u db.User, why error) error {
	ctx, done := regardless(ctx)
	defer done()
	if _, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (any, error) {
		return nil, outbox.Record(ctx, tx, outbox.ProofFailed, u.ID, map[string]any{"reason": fault.Of(why).Problem})
	}); err != nil {
		return err
	}
	return why
}

// lockProved locks an account whose password was proved when it was as in seen. Errors: invalid-request, which names the
// field at pointer, if the password has changed meanwhile.
func lockProved(ctx context.Context, tx pgx.Tx, seen db.User, pointer string) (db.User, error) {
	u, err := db.New().LockUser(ctx, tx, seen.ID)
	if err == nil && (u.PasswordHash == nil || seen.PasswordHash == nil || *u.PasswordHash != *seen.PasswordHash) {
		err = wrong(pointer)
	}
	return u, err
}

func wrong(pointer string) error {
	return fault.Invalid(fault.Field(pointer, spec.FieldProblemWrong, "This is not the password of the account."))
}

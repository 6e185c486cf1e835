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
	"github.com/usherhq/usher/server/users"
)

// Locking asks the worker to do what follows from a lock that failed sign-ins led to. The account may not exist.
type Locking struct {
	UserID uuid.UUID    `json:"user_id"`
	From   actor.Origin `json:"from"` // of the attempt that locked
}

// Kind names the job in the queue.
func (Locking) Kind() string { return "locking" }

// Unlocking asks the worker to say that a lock is over, at its end.
type Unlocking struct {
	UserID uuid.UUID `json:"user_id"`
}

// Kind names the job in the queue.
func (Unlocking) Kind() string { return "unlocking" }

// Locked shows a lock that failed sign-ins led to, tells the owner, and sees to it that its end is told. Nothing happens
// if nobody has the account, or if the lock was lifted meanwhile.
func Locked(ctx context.Context, tx pgx.Tx, l Locking) error {
	ctx, id := actor.With(ctx, actor.Actor{System: true, Origin: l.From}), l.UserID
	if _, err := db.New().LockUser(ctx, tx, id); err != nil {
		return unlessGone(err)
	}
	until, err := db.New().GetLockEnd(ctx, tx, id)
	if err != nil {
		return unlessGone(err)
	}
	if _, err := db.New().SetLockedUntil(ctx, tx, until, id); err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: id, About: users.AboutLocked}); err != nil {
		return err
	}
	if err := outbox.EnqueueAt(ctx, tx, until.Add(time.Second), Unlocking{UserID: id}); err != nil { // when it is over by every clock
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserLocked{UserID: id, Until: *until})
}

// LockEnded says that a lock is over, unless another has begun.
func LockEnded(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	u, err := db.New().LockUser(ctx, tx, id)
	if err != nil {
		return unlessGone(err)
	}
	if u.LockedUntil == nil {
		return nil
	}
	if _, err := db.New().GetLockEnd(ctx, tx, id); !fault.Is(err, spec.ProblemNotFound) {
		return err // nil: there is another lock
	}
	return tellUnlocked(ctx, tx, u, spec.UnlockReasonExpired)
}

// Unlock ends a lock before its time. Errors: not-found, forbidden (a role that is not below one's own).
func Unlock(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	u, err := db.New().LockUser(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := users.CanHelp(by, u); err != nil {
		return err
	}
	return unlock(ctx, tx, u, spec.UnlockReasonStaff)
}

// unlock forgets failed sign-ins, and tells the owner if they led to a lock.
func unlock(ctx context.Context, tx pgx.Tx, u db.User, why spec.UnlockReason) error {
	if err := db.New().ForgetAttempts(ctx, tx, u.ID); err != nil || u.LockedUntil == nil {
		return err
	}
	return tellUnlocked(ctx, tx, u, why)
}

func tellUnlocked(ctx context.Context, tx pgx.Tx, u db.User, why spec.UnlockReason) error {
	if _, err := db.New().SetLockedUntil(ctx, tx, nil, u.ID); err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: u.ID, About: users.AboutUnlocked}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserUnlocked{UserID: u.ID, By: actor.From(ctx).By(), Reason: why})
}

func unlessGone(err error) error {
	if fault.Is(err, spec.ProblemNotFound) {
		return nil
	}
	return err
}

// UnlockUser ends a lock on behalf of staff.
func (h *Handlers) UnlockUser(ctx context.Context, req api.UnlockUserRequestObject) (api.UnlockUserResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.UnlockUserResponseObject, error) {
		return api.UnlockUser204Response{}, Unlock(ctx, tx, actor.From(ctx), req.UserID)
	})
}

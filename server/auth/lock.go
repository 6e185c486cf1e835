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
	u, err := db.New().LockUser(ctx, tx, id)
	if err != nil {
		return unlessGone(err)
	}
	until, err := db.New().GetLockEnd(ctx, tx, id)
	if err != nil {
		return unlessGone(err)
	}
	if _, err := db.New().SetLockedUntil(ctx, tx, until, id); err != nil {
		return err
	}
	if err := outbox.EnqueueAt(ctx, tx, until.Add(time.Second), Unlocking{UserID: id}); err != nil { // when it is over by every clock
		return err
	}
	if held, err := staffLock(ctx, tx, u); err != nil || held != nil && held.After(*until) {
		return err // the owner has been told of a lock that lasts longer
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: id, About: users.AboutLocked}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserLocked{UserID: id, Until: *until})
}

// LockEnded says that a lock is over, unless there is another one, of either kind: the end of that will be told.
func LockEnded(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	u, err := db.New().LockUser(ctx, tx, id)
	if err != nil {
		return unlessGone(err)
	}
	if u.LockedUntil == nil && u.StaffLockUntil == nil {
		return nil
	}
	if held, err := staffLock(ctx, tx, u); err != nil || held != nil {
		return err
	}
	if _, err := db.New().GetLockEnd(ctx, tx, id); !fault.Is(err, spec.ProblemNotFound) {
		return err // nil: there is another lock
	}
	return tellUnlocked(ctx, tx, u, spec.UnlockReasonExpired)
}

// Unlock ends every lock before its time. Errors: not-found, forbidden (a role that is not below one's own, or authority that
// was lost meanwhile).
func Unlock(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	u, err := users.Hold(ctx, tx, by, id)
	if err != nil {
		return err
	}
	if err := users.CanHelp(by, u); err != nil {
		return err
	}
	if err := db.New().ForgetAttempts(ctx, tx, u.ID); err != nil || u.LockedUntil == nil && u.StaffLockUntil == nil {
		return err
	}
	return tellUnlocked(ctx, tx, u, spec.UnlockReasonStaff)
}

// unlock forgets failed sign-ins, and tells the owner if they led to a lock. One of the staff's stays.
func unlock(ctx context.Context, tx pgx.Tx, u db.User, why spec.UnlockReason) error {
	if err := db.New().ForgetAttempts(ctx, tx, u.ID); err != nil || u.LockedUntil == nil {
		return err
	}
	held, err := staffLock(ctx, tx, u)
	if err != nil {
		return err
	}
	if held != nil {
		_, err := db.New().SetLockedUntil(ctx, tx, nil, u.ID)
		return err
	}
	return tellUnlocked(ctx, tx, u, why)
}

// tellUnlocked notes that no lock holds an account any more, and tells the owner about the one that ended last.
func tellUnlocked(ctx context.Context, tx pgx.Tx, u db.User, why spec.UnlockReason) error {
	if err := db.New().ClearLocks(ctx, tx, u.ID); err != nil {
		return err
	}
	about := users.AboutUnlocked
	if u.StaffLockUntil != nil && (u.LockedUntil == nil || u.StaffLockUntil.After(*u.LockedUntil)) {
		about = users.AboutStaffLockEnded
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: u.ID, About: about}); err != nil {
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

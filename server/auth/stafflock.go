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

// Lock keeps everybody out of an account until a time, at most a year from now, a day if that is nil: its sessions end, the
// owner is told, and so is the end. Unlike a lock that failed sign-ins lead to, it holds wherever the owner is, and no new
// password opens it. A lock that is there already gets the new end. Errors: not-found, forbidden (a role that is not below
// one's own, or authority that was lost meanwhile), self-lock, last-admin, invalid-request.
func Lock(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID, until *time.Time, reason string) error {
	u, last, err := users.Take(ctx, tx, by, id)
	if err != nil {
		return err
	}
	if err := users.CanLock(by, u); err != nil {
		return err
	}
	end, err := lockEnd(until, time.Now())
	if err != nil {
		return err
	}
	if last {
		return fault.New(spec.ProblemLastAdmin, "")
	}
	if u, err = db.New().SetStaffLock(ctx, tx, end, id); err != nil {
		return err
	}
	if err := users.EndSessions(ctx, tx, id, nil, spec.SessionEndLocked); err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: id, About: users.AboutStaffLock}); err != nil {
		return err
	}
	if err := outbox.EnqueueAt(ctx, tx, end.Add(time.Second), Unlocking{UserID: id}); err != nil { // when it is over by every clock
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserLocked{UserID: id, By: by.By(), Until: *u.StaffLockUntil, Reason: &reason})
}

// lockEnd is when a lock is to end that was asked for until a time.
func lockEnd(until *time.Time, now time.Time) (time.Time, error) {
	const pointer = "/until"
	switch {
	case until == nil:
		return now.Add(24 * time.Hour), nil
	case !until.After(now):
		return now, fault.Invalid(fault.Field(pointer, spec.FieldProblemTooSmall, "This time is over."))
	case until.After(now.AddDate(1, 0, 0)):
		return now, fault.Invalid(fault.Field(pointer, spec.FieldProblemTooLarge, "A lock lasts a year at most. Suspend the account to keep it closed."))
	}
	return *until, nil
}

// staffLock is when the lock ends that staff put on an account, which is locked for this transaction; nil if there is none.
func staffLock(ctx context.Context, tx pgx.Tx, u db.User) (*time.Time, error) {
	if u.StaffLockUntil == nil {
		return nil, nil
	}
	until, err := db.New().GetStaffLock(ctx, tx, u.ID)
	return until, unlessGone(err)
}

// released refuses an account that staff have locked.
func released(ctx context.Context, tx pgx.Tx, u db.User) error {
	until, err := staffLock(ctx, tx, u)
	if err != nil || until == nil {
		return err
	}
	return lockedFault(*until)
}

// LockUser locks an account on behalf of staff.
func (h *Handlers) LockUser(ctx context.Context, req api.LockUserRequestObject) (api.LockUserResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.LockUserResponseObject, error) {
		return api.LockUser204Response{}, Lock(ctx, tx, actor.From(ctx), req.UserID, req.Body.Until, req.Body.Reason)
	})
}

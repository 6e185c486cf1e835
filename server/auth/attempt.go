package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"time"

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

// attempt is one try to sign in to an account, or to what might be one. Attempts are counted for the account; those from
// a network where the owner has been before are counted by themselves, so that a stranger who locks the account
// does not keep its owner out.
type attempt struct {
	user    db.User // the zero User: nobody has the address
	subject uuid.UUID
	network string
}

// attemptOn finds the account that somebody wants to sign in to.
func (h *Handlers) attemptOn(ctx context.Context, email string) (attempt, error) {
	network := actor.From(ctx).Network()
	row, err := db.New().GetSigningIn(ctx, h.DB, network, users.EmailKey(email))
	if fault.Is(err, spec.ProblemNotFound) {
		return attempt{subject: h.stranger(email)}, nil
	}
	a := attempt{user: row.User, subject: row.User.ID}
	if row.KnownThere {
		a.network = network
	}
	return a, err
}

// knowNetwork notes that the owner of an account is where the request comes from.
func knowNetwork(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	return db.New().KnowNetwork(ctx, tx, id, actor.From(ctx).Network())
}

// stranger is what attempts on an address that nobody has are counted under.
func (h *Handlers) stranger(email string) uuid.UUID {
	mac := hmac.New(sha256.New, h.SubjectKey)
	mac.Write([]byte(users.EmailKey(email)))
	return uuid.UUID(mac.Sum(nil)[:16])
}

// reserve asks to have a secret checked, before it is. Twice as many are checked as failures lock: the right password is
// answered with account-locked while there is a lock, but not for ever. Errors: rate-limited.
func (h *Handlers) reserve(ctx context.Context, a attempt) error {
	reserved, err := db.New().ReserveAttempt(ctx, h.DB, db.ReserveAttemptParams{
		Subject: a.subject, Network: a.network, Most: int32(2 * h.Settings.LockAfter),
	})
	if err != nil || reserved > 0 {
		return err
	}
	if err := unlocked(ctx, h.DB, a); err != nil {
		return &fault.Error{Problem: spec.ProblemRateLimited, RetryAfter: fault.Of(err).RetryAfter, Cause: err}
	}
	return &fault.Error{Problem: spec.ProblemRateLimited, RetryAfter: time.Second} // until some are done that are being checked
}

// release takes a reservation back that led to neither success nor failure, even if the client has gone meanwhile.
func (h *Handlers) release(ctx context.Context, a attempt) {
	ctx, done := regardless(ctx)
	defer done()
	_ = db.New().ReleaseAttempt(ctx, h.DB, a.subject, a.network) // it is forgotten after a while in any case
}

// regardless is ctx for what must be written down though the client has hung up: doing so must not save a failure.
func regardless(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
}

// fail counts a failed attempt and returns why it failed: why, or account-locked for the attempt that locks. The owner
// is told by the worker, so that it takes as long for an address that nobody has.
func (h *Handlers) fail(ctx context.Context, a attempt, why spec.Problem) error {
	ctx, done := regardless(ctx)
	defer done()
	row, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (db.FailAttemptRow, error) {
		row, err := db.New().FailAttempt(ctx, tx, db.FailAttemptParams{
			Subject: a.subject, Network: a.network, Most: int32(h.Settings.LockAfter), Lasting: h.Settings.LockFor,
		})
		if err != nil {
			return row, err
		}
		if row.Locked {
			if err := outbox.Enqueue(ctx, tx, Locking{UserID: a.subject, From: actor.From(ctx).Kept()}); err != nil {
				return row, err
			}
		}
		return row, outbox.Record(ctx, tx, outbox.SignInFailed, a.user.ID, map[string]any{"reason": why, "locked": row.Locked})
	})
	switch {
	case err != nil:
		return err
	case row.Locked:
		return lockedFault(*row.LockedUntil)
	}
	return fault.New(why, "")
}

// refused writes down that somebody who gave the right password was not let in, and returns why.
func (h *Handlers) refused(ctx context.Context, a attempt, why error) error {
	f := fault.Of(why)
	if f.Problem.Status() != http.StatusForbidden || f.Problem == spec.ProblemMfaRequired {
		return why
	}
	ctx, done := regardless(ctx)
	defer done()
	if _, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (any, error) {
		return nil, outbox.Record(ctx, tx, outbox.SignInFailed, a.user.ID, map[string]any{"reason": f.Problem, "locked": false})
	}); err != nil {
		return err
	}
	return why
}

func lockedFault(until time.Time) error {
	return &fault.Error{Problem: spec.ProblemAccountLocked, RetryAfter: max(time.Second, time.Until(until))}
}

// unlocked refuses an attempt on an account that is locked for it.
func unlocked(ctx context.Context, conn db.DBTX, a attempt) error {
	until, err := db.New().GetLock(ctx, conn, a.subject, a.network)
	if err != nil {
		return unlessGone(err)
	}
	return lockedFault(*until)
}

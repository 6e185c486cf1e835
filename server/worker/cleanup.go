package worker

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/transfers"
	"github.com/usherhq/usher/server/users"
)

// Cleanup asks for everything that has expired to be cleared away.
type Cleanup struct{}

// Kind names the job in the queue.
func (Cleanup) Kind() string { return "cleanup" }

type cleanup struct {
	river.WorkerDefaults[Cleanup]
	Options
}

// Work deletes sessions, tokens, keys, kept answers and unconfirmed accounts whose time is over.
func (w *cleanup) Work(ctx context.Context, _ *river.Job[Cleanup]) error {
	failed := []error{w.expire(ctx), transfers.SweepAll(ctx, w.DB), w.deleteExports(ctx)}
	for _, clear := range []func(context.Context, db.DBTX) (int64, error){
		db.New().DeleteExpiredSessions, db.New().DeleteOldAttempts, db.New().DeleteWholeLimits, db.New().DeleteForgottenNetworks, db.New().DeleteExpiredTokens, db.New().DeleteOldAnswers, db.New().DeleteExpiredSigningKeys,
	} {
		_, err := clear(ctx, w.DB)
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// deleteExports deletes exports whose time is over, a few at a time: their files may be large.
func (w *cleanup) deleteExports(ctx context.Context) error {
	for {
		if n, err := db.New().DeleteExpiredExports(ctx, w.DB); err != nil || n == 0 {
			return err
		}
	}
}

// expire deletes the accounts that were never confirmed, so many at a time that a job does not take long.
func (w *cleanup) expire(ctx context.Context) error {
	if w.UnconfirmedLifetime == 0 {
		return nil
	}
	ids, err := db.New().ListUnconfirmed(ctx, w.DB, w.UnconfirmedLifetime, 1000)
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		_, err := store.InTx(ctx, w.DB, func(tx pgx.Tx) (any, error) { return nil, users.Expire(ctx, tx, id) })
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

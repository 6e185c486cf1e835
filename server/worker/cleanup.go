package worker

import (
	"context"
	"errors"

	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/db"
)

// Cleanup asks for everything that has expired to be cleared away.
type Cleanup struct{}

// Kind names the job in the queue.
func (Cleanup) Kind() string { return "cleanup" }

type cleanup struct {
	river.WorkerDefaults[Cleanup]
	Options
}

// Work deletes sessions, tokens, keys and kept answers whose time is over.
func (w *cleanup) Work(ctx context.Context, _ *river.Job[Cleanup]) error {
	var failed []error
	for _, clear := range []func(context.Context, db.DBTX) (int64, error){
		db.New().DeleteExpiredSessions, db.New().DeleteOldFailedSignIns, db.New().DeleteExpiredTokens, db.New().DeleteOldAnswers, db.New().DeleteExpiredSigningKeys,
	} {
		_, err := clear(ctx, w.DB)
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

package worker

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/usherhq/usher/server/store"
)

// rule is a job that changes the database and nothing else. It is done in the transaction that does the change, so that
// no crash in between has it done twice.
type rule[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	Options
	do func(ctx context.Context, tx pgx.Tx, args T) error
}

// Work applies the rule.
func (w *rule[T]) Work(ctx context.Context, job *river.Job[T]) error {
	_, err := store.InTx(ctx, w.DB, func(tx pgx.Tx) (*river.Job[T], error) {
		if err := w.do(ctx, tx, job.Args); err != nil {
			return nil, err
		}
		return river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
	})
	return err
}

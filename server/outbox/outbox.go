// Package outbox records what happened and what is to be done about it, in the transaction that made it so. Facts are
// public and published after the commit; jobs are private work that the worker does after the commit. Taking a pgx.Tx
// rather than a pool makes it impossible to announce, or to act on, a change that then rolls back.
package outbox

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
)

// Emit records a fact: to be published, and in the audit log with who made it so.
func Emit(ctx context.Context, tx pgx.Tx, f spec.Fact) error {
	payload, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := Record(ctx, tx, f.Kind(), f.Subject(), json.RawMessage(payload)); err != nil {
		return err
	}
	return db.New().AppendFact(ctx, tx, db.AppendFactParams{Kind: f.Kind(), UserID: f.Subject(), Payload: payload})
}

// Attempts is how often a job is tried before it is given up as dead: once a minute, for about two days.
const Attempts = 3000

// Enqueue records a job. Its arguments are stored in the clear: they name what to act on and hold no secret.
func Enqueue(ctx context.Context, tx pgx.Tx, job river.JobArgs) error {
	return EnqueueAt(ctx, tx, time.Time{}, job)
}

// EnqueueOnce records a job unless the same was recorded lately.
func EnqueueOnce(ctx context.Context, tx pgx.Tx, lately time.Duration, job river.JobArgs) error {
	return insert(ctx, tx, job, river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: lately}})
}

// EnqueueAt records a job that is not done before a time.
func EnqueueAt(ctx context.Context, tx pgx.Tx, at time.Time, job river.JobArgs) error {
	return insert(ctx, tx, job, river.InsertOpts{ScheduledAt: at})
}

func insert(ctx context.Context, tx pgx.Tx, job river.JobArgs, opts river.InsertOpts) error {
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{})
	if err != nil {
		return err
	}
	opts.MaxAttempts = Attempts // the worker has no say in it
	_, err = client.InsertTx(ctx, tx, job, &opts)
	return err
}

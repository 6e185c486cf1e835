// Package worker does what requests leave for later: it mails, and it clears away what has expired. Jobs are rows in
// Postgres (River), so a job that was acknowledged survives every crash.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/fields"
	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/transfers"
)

// Options are what jobs need.
type Options struct {
	DB                   *pgxpool.Pool
	Hasher               *password.Hasher // for passwords that are imported
	Files                *token.Sealer    // hides the files of transfers at rest
	Log                  *slog.Logger
	Composer             *mail.Composer
	Sender               mail.Sender
	BaseURL              string
	VerificationLifetime time.Duration // of links to a new account
	UnconfirmedLifetime  time.Duration // of accounts whose owners never confirm the address; 0 for ever
	ResetLifetime        time.Duration // of links to set a new password or to confirm another address
}

// Worker runs jobs until it is stopped.
type Worker struct {
	client *river.Client[pgx.Tx]
	end    context.CancelFunc // of jobs that may outlast their time
}

// New prepares a worker; it does nothing before Start.
func New(o Options) (*Worker, error) {
	life, end := context.WithCancel(context.Background())
	workers := river.NewWorkers()
	if err := errors.Join(
		river.AddWorkerSafely(workers, &verification{Options: o}),
		river.AddWorkerSafely(workers, &passwordMail{Options: o}),
		river.AddWorkerSafely(workers, &emailChange{Options: o}),
		river.AddWorkerSafely(workers, &notice{Options: o}),
		river.AddWorkerSafely(workers, &rule[auth.Locking]{Options: o, do: auth.Locked}),
		river.AddWorkerSafely(workers, &rule[auth.Unlocking]{Options: o, do: func(ctx context.Context, tx pgx.Tx, job auth.Unlocking) error {
			return auth.LockEnded(ctx, tx, job.UserID)
		}}),
		river.AddWorkerSafely(workers, &rule[auth.Forgotten]{Options: o, do: auth.Forgot}),
		river.AddWorkerSafely(workers, &rule[fields.Checking]{Options: o, do: fields.CheckValues}),
		river.AddWorkerSafely(workers, &rule[fields.Clearing]{Options: o, do: fields.ClearValues}),
		river.AddWorkerSafely(workers, &cleanup{Options: o}),
		river.AddWorkerSafely(workers, &exporting{Options: o}),
		river.AddWorkerSafely(workers, &importing{Options: o, life: life, importer: &transfers.Importer{DB: o.DB, Hasher: o.Hasher, Sealer: o.Files}}),
	); err != nil {
		end()
		return nil, err
	}
	client, err := river.NewClient(riverpgxv5.New(o.DB), &river.Config{
		Logger:               o.Log,
		Workers:              workers,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}, transfers.Queue: {MaxWorkers: 2}},
		FetchPollInterval:    time.Second,
		JobTimeout:           30 * time.Second,
		RescueStuckJobsAfter: time.Minute, // a killed worker's mail must not wait for River's hour
		RetryPolicy:          backoff{},
		ErrorHandler:         failures{o.Log},
		ReindexerIndexNames:  []string{}, // rebuilding indexes takes their owner, which the service need not be
		Middleware:           []rivertype.Middleware{river.WorkerMiddlewareFunc(bySystem)},
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(time.Hour),
			func() (river.JobArgs, *river.InsertOpts) { return Cleanup{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})},
	})
	return &Worker{client, end}, err
}

// Start begins to work; ctx must live as long as the jobs may.
func (w *Worker) Start(ctx context.Context) error { return w.client.Start(ctx) }

// Stop lets running jobs finish until ctx ends; then they are cancelled and handed back.
func (w *Worker) Stop(ctx context.Context) error {
	defer w.end()
	if err := w.client.Stop(ctx); err == nil {
		return nil
	}
	w.end()
	cancelled, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer done()
	return w.client.StopAndCancel(cancelled)
}

// bySystem says on whose behalf jobs are done.
func bySystem(ctx context.Context, _ *rivertype.JobRow, work func(context.Context) error) error {
	return work(actor.With(ctx, actor.System()))
}

// backoff tries again soon at first, then every minute: what waits goes out within a minute of an outage's end.
type backoff struct{}

// NextRetry is when a job that failed is tried again.
func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	wait := min(time.Second<<min(job.Attempt-1, 6), time.Minute)
	return time.Now().Add(wait + time.Duration(rand.Int64N(int64(wait)/4)))
}

// failures writes down what went wrong with a job: never its arguments.
type failures struct{ log *slog.Logger }

// HandleError logs a failed attempt.
func (f failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	f.log.WarnContext(ctx, "job failed", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "error", err.Error())
	return nil
}

// HandlePanic logs a panic.
func (f failures) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicked any, trace string) *river.ErrorHandlerResult {
	f.log.ErrorContext(ctx, "job panicked", "job", job.ID, "kind", job.Kind, "panic", panicked, "trace", trace)
	return nil
}

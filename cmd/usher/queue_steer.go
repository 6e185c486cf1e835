package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

func queueRetryCommand() *cobra.Command {
	var kind string
	var every bool
	c := withOutput(onMigrated(&cobra.Command{
		Use: "retry ID... | --kind KIND | --all-failed", Short: "Have jobs done now that failed, were given up or wait", Args: cobra.ArbitraryArgs,
		Long: "Retry has jobs done now instead of later, those that were given up or cancelled too. With --kind or --all-failed they\n" +
			"are those that failed. Jobs that are completed are not done again.",
		Example: "  usher queue retry 4711 4712\n  usher queue retry --kind notice\n  usher queue retry --all-failed",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		ids, err := jobIDs(c.Flags().Args())
		if err != nil {
			return err
		}
		switch bulk := kind != "" || every; {
		case bulk == (len(ids) > 0):
			return errors.New("want the ids of jobs, --kind or --all-failed")
		case bulk:
			client, err := queueOf(pool)
			if err != nil {
				return err
			}
			return tellSteered(c, failedJobs(c.Context(), pool, client, kind), "Retried")
		}
		return steer(c, pool, outbox.JobRetried, ids, "Retried", retry)
	}))
	c.Flags().StringVar(&kind, "kind", "", "jobs of this kind that failed, such as notice")
	c.Flags().BoolVar(&every, "all-failed", false, "all jobs that failed")
	c.MarkFlagsMutuallyExclusive("kind", "all-failed")
	return c
}

func queueCancelCommand() *cobra.Command {
	return withOutput(onMigrated(&cobra.Command{
		Use: "cancel ID...", Short: "Have jobs never be done", Args: cobra.MinimumNArgs(1),
		Long: "Cancel takes jobs out of the queue: a mail is not sent, what was to follow does not. One that is being done is asked to\n" +
			"stop. `usher queue retry` brings them back, until they are cleared away after a day.",
		Example: "  usher queue cancel 4711",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		ids, err := jobIDs(c.Flags().Args())
		if err != nil {
			return err
		}
		return steer(c, pool, outbox.JobCancelled, ids, "Cancelled", cancel)
	}))
}

func jobIDs(args []string) ([]int64, error) {
	var out []int64
	for _, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return nil, errors.New("want the numbers of jobs: `usher queue list` shows them")
		}
		out = append(out, id)
	}
	slices.Sort(out) // the order in which all lock them
	return slices.Compact(out), nil
}

// failedStates are those of jobs whose last attempt failed: they are tried again later, or have been given up.
func failedStates() []rivertype.JobState {
	return []rivertype.JobState{rivertype.JobStateRetryable, rivertype.JobStateDiscarded}
}

// steering does something about a job in a state; nothing if it returns none.
type steering func(ctx context.Context, tx pgx.Tx, client *river.Client[pgx.Tx], id int64, state rivertype.JobState) (*rivertype.JobRow, error)

func retry(ctx context.Context, tx pgx.Tx, client *river.Client[pgx.Tx], id int64, state rivertype.JobState) (*rivertype.JobRow, error) {
	if state == rivertype.JobStateCompleted || state == rivertype.JobStateRunning {
		return nil, fmt.Errorf("job %d is %s", id, state)
	}
	return client.JobRetryTx(ctx, tx, id)
}

// retryFailed leaves alone what no longer failed when it is its turn.
func retryFailed(ctx context.Context, tx pgx.Tx, client *river.Client[pgx.Tx], id int64, state rivertype.JobState) (*rivertype.JobRow, error) {
	if !slices.Contains(failedStates(), state) {
		return nil, nil
	}
	return client.JobRetryTx(ctx, tx, id)
}

func cancel(ctx context.Context, tx pgx.Tx, client *river.Client[pgx.Tx], id int64, state rivertype.JobState) (*rivertype.JobRow, error) {
	if slices.Contains([]rivertype.JobState{rivertype.JobStateCompleted, rivertype.JobStateCancelled, rivertype.JobStateDiscarded}, state) {
		return nil, fmt.Errorf("job %d is %s", id, state)
	}
	return client.JobCancelTx(ctx, tx, id)
}

// steered is what the audit log tells of jobs that an operator steered.
type steered struct {
	Jobs []int64 `json:"jobs"`
}

// steer does it about all jobs or none, and says about which.
func steer(c *cobra.Command, pool *pgxpool.Pool, action string, ids []int64, done string, do steering) error {
	client, err := queueOf(pool)
	if err != nil {
		return err
	}
	moved, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) ([]job, error) {
		return steerAll(c.Context(), tx, client, action, ids, do)
	})
	if err != nil {
		return err
	}
	return tellSteered(c, all(moved), done)
}

func steerAll(ctx context.Context, tx pgx.Tx, client *river.Client[pgx.Tx], action string, ids []int64, do steering) ([]job, error) {
	var moved []job
	var told steered
	for _, id := range ids {
		var state rivertype.JobState
		err := tx.QueryRow(ctx, "SELECT state::text FROM river_job WHERE id = $1 FOR UPDATE", id).Scan(&state)
		if err != nil {
			return nil, ifNone(err, fmt.Errorf("there is no job %d", id))
		}
		row, err := do(ctx, tx, client, id, state)
		if err != nil {
			return nil, err
		}
		if row != nil {
			moved, told.Jobs = append(moved, showJob(row)), append(told.Jobs, id)
		}
	}
	if len(moved) == 0 {
		return nil, nil
	}
	return moved, outbox.Record(ctx, tx, action, uuid.Nil, told)
}

func tellSteered(c *cobra.Command, moved iter.Seq2[job, error], done string) error {
	if outputOf(c) == asJSON {
		return showAll(c, moved, jobColumns()...)
	}
	n := 0
	for _, err := range moved {
		if err != nil {
			return err
		}
		n++
	}
	return say(c, nil, done+" %s.\n", count(n, "job"))
}

// failedJobs retries jobs that failed, of one kind or of all, in portions of a transaction each. What fails again meanwhile
// is not tried a second time.
func failedJobs(ctx context.Context, pool *pgxpool.Pool, client *river.Client[pgx.Tx], kind string) iter.Seq2[job, error] {
	wanted := river.NewJobListParams().States(failedStates()...).OrderBy(river.JobListOrderByID, river.SortOrderAsc).First(1000)
	if kind != "" {
		wanted = wanted.Kinds(kind)
	}
	return func(yield func(job, error) bool) {
		for {
			found, err := client.JobList(ctx, wanted)
			if err != nil {
				yield(job{}, err)
				return
			}
			if len(found.Jobs) == 0 {
				return
			}
			var ids []int64
			for _, row := range found.Jobs {
				ids = append(ids, row.ID)
			}
			moved, err := store.InTx(ctx, pool, func(tx pgx.Tx) ([]job, error) {
				return steerAll(ctx, tx, client, outbox.JobRetried, ids, retryFailed)
			})
			if err != nil {
				yield(job{}, err)
				return
			}
			for _, j := range moved {
				if !yield(j, nil) {
					return
				}
			}
			wanted = wanted.After(found.LastCursor)
		}
	}
}

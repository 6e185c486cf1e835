package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"github.com/spf13/cobra"
)

func queueCommand() *cobra.Command {
	return group("queue", "Show and steer the work that `usher work` does",
		queueStatusCommand(), queueListCommand(), queueRetryCommand(), queueCancelCommand())
}

// jobCount is how many jobs of a kind are in a state.
type jobCount struct {
	Kind         string     `json:"kind"`
	State        string     `json:"state"`
	Jobs         int64      `json:"jobs"`
	WaitingSince *time.Time `json:"waiting_since"` // since when the oldest of them is due, if it is
}

// countJobs counts by kind and state. River itself only lists.
const countJobs = `
SELECT kind, state::text, count(*), min(scheduled_at) FILTER (WHERE state IN ('available', 'retryable', 'scheduled') AND scheduled_at <= now())
FROM river_job GROUP BY kind, state ORDER BY kind, state`

func queueStatusCommand() *cobra.Command {
	return withOutput(onMigrated(&cobra.Command{
		Use: "status", Short: "Count jobs by kind and state", Args: cobra.NoArgs,
		Long: "Status counts the jobs that there are: those that wait (available; scheduled for later; retryable after a failure),\n" +
			"those that are being done (running), and for a while those that are over (completed, cancelled, discarded). WAITING\n" +
			"SINCE is when the oldest was due; if that is long ago, `usher work` does not run, or cannot do it.",
		Example: "  usher queue status",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		rows, _ := pool.Query(c.Context(), countJobs) // rows hold the error too
		counts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[jobCount])
		if err != nil {
			return err
		}
		return showAll(c, all(counts),
			column[jobCount]{"KIND", func(n jobCount) string { return n.Kind }},
			column[jobCount]{"STATE", func(n jobCount) string { return n.State }},
			column[jobCount]{"JOBS", func(n jobCount) string { return strconv.FormatInt(n.Jobs, 10) }},
			column[jobCount]{"WAITING SINCE", func(n jobCount) string { return momentOr(n.WaitingSince) }})
	}))
}

// job is a job as commands show it. Its arguments may hold addresses: only the ids among them are shown.
type job struct {
	ID          int64              `json:"id"`
	Kind        string             `json:"kind"`
	State       rivertype.JobState `json:"state"`
	Attempt     int                `json:"attempt"`
	MaxAttempts int                `json:"max_attempts"`
	About       map[string]string  `json:"about"`
	CreatedAt   time.Time          `json:"created_at"`
	ScheduledAt time.Time          `json:"scheduled_at"`
	FinalizedAt *time.Time         `json:"finalized_at"`
	Error       *string            `json:"error"` // of the last attempt that failed
}

func showJob(row *rivertype.JobRow) job {
	j := job{
		ID: row.ID, Kind: row.Kind, State: row.State, Attempt: row.Attempt, MaxAttempts: row.MaxAttempts, About: idsOf(row.EncodedArgs),
		CreatedAt: row.CreatedAt, ScheduledAt: row.ScheduledAt, FinalizedAt: row.FinalizedAt,
	}
	if n := len(row.Errors); n > 0 {
		j.Error = new(mailAddress.ReplaceAllString(row.Errors[n-1].Error, "[address]")) // mail servers quote them
	}
	return j
}

var mailAddress = regexp.MustCompile(`[^\s<>"'(]+@[^\s<>"'),;]+`)

// idsOf are the members of a job's arguments that are ids.
func idsOf(args []byte) map[string]string {
	out := map[string]string{}
	var members map[string]json.RawMessage
	if json.Unmarshal(args, &members) != nil {
		return out
	}
	for name, raw := range members {
		var id uuid.UUID
		if json.Unmarshal(raw, &id) == nil {
			out[name] = id.String()
		}
	}
	return out
}

func (j job) about() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(j.About)) {
		out = append(out, strings.TrimSuffix(name, "_id")+" "+j.About[name])
	}
	return cmp.Or(strings.Join(out, " "), "-")
}

func queueListCommand() *cobra.Command {
	var kind string
	var limit int
	var state *choice
	c := withOutput(onMigrated(&cobra.Command{
		Use: "list", Short: "List jobs, newest first", Args: cobra.NoArgs,
		Long: "List shows jobs, newest first: what they are about, when they are or were due, and why they failed last. Of what a job\n" +
			"was told only ids are shown, since the rest may hold addresses.",
		Example: "  usher queue list --state retryable\n  usher queue list --kind notice --limit 1000 --output json",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		if limit < 1 {
			return errors.New("--limit: want at least 1")
		}
		client, err := queueOf(pool)
		if err != nil {
			return err
		}
		wanted := river.NewJobListParams().OrderBy(river.JobListOrderByID, river.SortOrderDesc)
		if state.chosen != "" {
			wanted = wanted.States(rivertype.JobState(state.chosen))
		}
		if kind != "" {
			wanted = wanted.Kinds(kind)
		}
		return showAll(c, jobs(c.Context(), client, wanted, limit), jobColumns()...)
	}))
	var states []string
	for _, s := range rivertype.JobStates() {
		states = append(states, string(s))
	}
	state = addChoice(c, "state", "", "jobs in this state: "+anyOf(states), states...)
	c.Flags().StringVar(&kind, "kind", "", "jobs of this kind, such as notice")
	c.Flags().IntVar(&limit, "limit", 50, "how many jobs at most")
	return c
}

func jobColumns() []column[job] {
	return []column[job]{
		{"ID", func(j job) string { return strconv.FormatInt(j.ID, 10) }},
		{"KIND", func(j job) string { return j.Kind }},
		{"STATE", func(j job) string { return string(j.State) }},
		{"ATTEMPTS", func(j job) string { return fmt.Sprintf("%d of %d", j.Attempt, j.MaxAttempts) }},
		{"CREATED", func(j job) string { return moment(j.CreatedAt) }},
		{"DUE", func(j job) string { return moment(j.ScheduledAt) }},
		{"OVER", func(j job) string { return momentOr(j.FinalizedAt) }},
		{"ABOUT", job.about},
		{"ERROR", func(j job) string { return dash(j.Error) }},
	}
}

// queueOf steers jobs and does none.
func queueOf(pool *pgxpool.Pool) (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
}

// jobs reads jobs in portions.
func jobs(ctx context.Context, client *river.Client[pgx.Tx], wanted *river.JobListParams, limit int) iter.Seq2[job, error] {
	const portion = 1000
	return func(yield func(job, error) bool) {
		for ; limit > 0; limit -= portion {
			size := min(limit, portion)
			found, err := client.JobList(ctx, wanted.First(size))
			if err != nil {
				yield(job{}, err)
				return
			}
			for _, row := range found.Jobs {
				if !yield(showJob(row), nil) {
					return
				}
			}
			if len(found.Jobs) < size {
				return
			}
			wanted = wanted.After(found.LastCursor)
		}
	}
}

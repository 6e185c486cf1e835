package main

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// TestQueue (F10.6): an operator sees what waits and why it failed, but no addresses, and has it done again or never.
func TestQueue(t *testing.T) {
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	queue := func(args ...string) ended {
		t.Helper()
		return command(t, env, "", append([]string{"queue"}, args...)...)
	}
	require.Equal(t, "KIND  STATE  JOBS  WAITING SINCE\n", queue("status").succeeds(t))
	bob := uuid.MustParse("019b76da-a800-7000-8000-00000000b0b0")
	_, err := store.InTx(t.Context(), pool, func(tx pgx.Tx) (any, error) {
		for range 3 {
			if err := outbox.Enqueue(t.Context(), tx, users.Notice{UserID: bob, About: users.AboutEmailChanged, To: "old@example.com"}); err != nil {
				return nil, err
			}
		}
		return nil, outbox.Enqueue(t.Context(), tx, users.VerificationMail{UserID: bob})
	})
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `
		UPDATE river_job SET state = CASE id WHEN 1 THEN 'retryable' WHEN 2 THEN 'discarded' ELSE state END, attempt = 1,
			finalized_at = CASE id WHEN 2 THEN now() END,
			scheduled_at = CASE id WHEN 1 THEN now() + interval '1 hour' ELSE '2026-01-02 03:04:05Z' END,
			errors = ARRAY['{"at": "2026-01-02T03:04:05Z", "attempt": 1, "error": "550 <old@example.com> who?\u001b[2J", "trace": ""}'::jsonb]
		WHERE id < 4`)
	require.NoError(t, err)

	out := queue("status").succeeds(t)
	require.Regexp(t, `(?m)^notice +available +1 +2026-01-02T03:04:05Z$`, out)
	require.Regexp(t, `(?m)^notice +retryable +1 +-$`, out)
	require.Regexp(t, `(?m)^notice +discarded +1 +-$`, out)
	require.Regexp(t, `(?m)^verification-mail +available +1 +20\S+Z$`, out)

	out = queue("list").succeeds(t)
	require.Regexp(t, `(?m)^4 +verification-mail +available +0 of 3000 +20\S+Z +20\S+Z +- +user `+bob.String()+` +-$`, out)
	require.Regexp(t, `(?m)^2 +notice +discarded +1 of 3000 +.* user `+bob.String()+` +550 <\[address\]> who\?\\u001b\[2J$`, out)
	for _, form := range []string{asText, asJSON} {
		require.NotContains(t, queue("list", "--output", form).succeeds(t), "old@example.com")
	}
	require.EqualValues(t, 2, decode[job](t, queue("list", "--state", "discarded", "--output", "json").succeeds(t)).ID)
	require.EqualValues(t, 3, decode[job](t, queue("list", "--kind", "notice", "--limit", "1", "--output", "json").succeeds(t)).ID)

	state := func(id int) (s string) {
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT state::text FROM river_job WHERE id = $1", id).Scan(&s))
		return s
	}
	require.Equal(t, "Retried 2 jobs.\n", queue("retry", "--all-failed").succeeds(t))
	require.Equal(t, []string{"available", "available"}, []string{state(1), state(2)})
	require.Equal(t, "Retried 0 jobs.\n", queue("retry", "--kind", "notice").succeeds(t))
	require.Equal(t, "Cancelled 2 jobs.\n", queue("cancel", "4", "3", "4").succeeds(t))
	require.Equal(t, []string{"cancelled", "cancelled"}, []string{state(3), state(4)})
	queue("cancel", "1", "4").fails(t, "job 4 is cancelled")
	require.Equal(t, "available", state(1), "all or none")
	require.EqualValues(t, 4, decode[job](t, queue("retry", "4", "--output", "json").succeeds(t)).ID)
	require.Equal(t, "available", state(4))
	_, err = pool.Exec(t.Context(), "UPDATE river_job SET state = 'completed', finalized_at = now() WHERE id = 1")
	require.NoError(t, err)
	queue("retry", "1").fails(t, "job 1 is completed")

	var told []string
	for line := range strings.Lines(command(t, env, "", "audit", "--output", "json").succeeds(t)) {
		e := decode[spec.AuditEntry](t, line)
		require.Equal(t, spec.AuditActorKindOperator, e.Actor.Kind)
		told = append(told, e.Action)
	}
	require.Equal(t, []string{"job.retried", "job.cancelled", "job.retried"}, told)

	for args, sentence := range map[string]string{
		"retry":                            "want the ids of jobs, --kind or --all-failed",
		"retry 1 --kind notice":            "want the ids of jobs, --kind or --all-failed",
		"retry --kind notice --all-failed": "if any flags in the group [kind all-failed] are set none of the others can be; [all-failed kind] were all set",
		"retry one":                        "want the numbers of jobs: `usher queue list` shows them",
		"cancel":                           "requires at least 1 arg(s), only received 0",
		"cancel 4711":                      "there is no job 4711",
		"list --limit 0":                   "--limit: want at least 1",
		"list --state done": `invalid argument "done" for "--state" flag: want available, cancelled, completed, discarded, pending, retryable, ` +
			`running or scheduled`,
	} {
		queue(strings.Fields(args)...).fails(t, sentence)
	}
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/outbox"
)

// golden wants what the file of that name in testdata says.
func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "rewrite with -update")
}

var (
	ada = uuid.MustParse("019b76da-a800-7000-8000-00000000ada0")
	bob = uuid.MustParse("019b76da-a800-7000-8000-00000000b0b0")
)

// log stores three entries, of the first three days of 2026.
func log(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for id, e := range map[string]db.AppendAuditEntryParams{
		"019b76da-a800-7000-8000-000000000001": {
			Action: outbox.SignInFailed, ActorKind: spec.AuditActorKindNobody, UserID: &ada, Address: new("192.0.2.0/24"),
			Device: new("Mozilla/5.0 (X11; Linux x86_64)"), RequestID: new("5f3c2b1a9d8e"), Details: []byte(`{"reason": "invalid-credentials", "locked": false}`),
		},
		"019b7c01-0400-7000-8000-000000000002": {
			Action: spec.UserUpdated{}.Kind(), ActorKind: spec.AuditActorKindUser, ActorID: new(bob.String()), UserID: &ada,
			Address: new("198.51.100.0/24"), Device: new("<curl>"), RequestID: new("6a4d3c2b1a9f"), Details: []byte(`{"fields": ["bio"]}`),
		},
		"019b8127-6000-7000-8000-000000000003": {Action: outbox.KeyRotated, ActorKind: spec.AuditActorKindOperator, Details: []byte(`{}`)},
	} {
		e.ID = uuid.MustParse(id)
		require.NoError(t, db.New().AppendAuditEntry(t.Context(), pool, e))
	}
}

func TestAudit(t *testing.T) {
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	ask := func(args ...string) string {
		t.Helper()
		return command(t, env, "", append([]string{"audit"}, args...)...).succeeds(t)
	}
	require.Equal(t, "TIME  ACTION  ACTOR  ABOUT  NETWORK  REQUEST  DETAILS\n", ask())
	log(t, pool)
	golden(t, "audit.txt", ask())
	golden(t, "audit.jsonl", ask("--output", "json"))

	found := func(args ...string) string {
		t.Helper()
		actions := ""
		for line := range strings.Lines(ask(append([]string{"--output", "json"}, args...)...)) {
			var e spec.AuditEntry
			require.NoError(t, json.Unmarshal([]byte(line), &e))
			actions += e.Action + " "
		}
		return actions
	}
	for args, want := range map[string]string{
		"--limit 2":                                           "key.rotated user.updated ",
		"--user " + ada.String():                              "user.updated sign-in.failed ",
		"--actor " + bob.String():                             "user.updated ",
		"--action sign-in.failed":                             "sign-in.failed ",
		"--from 2026-01-02":                                   "key.rotated user.updated ",
		"--to 2026-01-02":                                     "sign-in.failed ",
		"--to 2026-01-02T00:00:00.000001Z":                    "user.updated sign-in.failed ",
		"--from 2026-01-02T01:00:00+01:00 --to 2026-01-03":    "user.updated ",
		"--since 1s":                                          "",
		"--user " + bob.String() + " --actor " + bob.String(): "",
		"--action user.locked":                                "",
	} {
		require.Equal(t, want, found(strings.Fields(args)...), args)
	}

	command(t, env, "", "user", "create", "--email", "Ada@example.com", "--nickname", "ada").succeeds(t)
	var e spec.AuditEntry
	require.NoError(t, json.Unmarshal([]byte(ask("--user", "ada@EXAMPLE.com", "--since", "1d", "--output", "json")), &e))
	require.Equal(t, spec.UserCreated{}.Kind(), e.Action)
	require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindOperator}, e.Actor)
	require.WithinDuration(t, time.Now(), e.RecordedAt, time.Minute)
	require.Empty(t, found("--actor", "ada@example.com"))
}

// TestAuditReadsOn: a long list takes several queries.
func TestAuditReadsOn(t *testing.T) {
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), `
		INSERT INTO audit_entries (id, action, actor_kind)
		SELECT ('019b76da-a800-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'user.created', 'operator' FROM generate_series(1, 2500) i`)
	require.NoError(t, err)
	for limit, want := range map[string]int{"999": 999, "1000": 1000, "1001": 1001, "2000": 2000, "100000": 2500} {
		out := command(t, onDatabaseOf(pool), "", "audit", "--output", "json", "--limit", limit).succeeds(t)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		require.Len(t, lines, want)
		require.Contains(t, lines[0], "019b76da-a800-7000-8000-0000000009c4")
	}
}

func TestAuditRefuses(t *testing.T) {
	env := onDatabaseAt(dbtest.URL(t))
	for args, sentence := range map[string]string{
		"--user ada":                        "--user: nobody has this nickname now; a deleted account is found by its id",
		"--actor ada":                       "--actor: nobody has this nickname now; a deleted account is found by its id",
		"--user ada@example.com":            "--user: nobody has this e-mail address now; a deleted account is found by its id",
		"--from yesterday":                  "--from: want a day or a time, such as 2026-11-21 or 2026-11-21T09:30:00Z",
		"--to tomorrow":                     "--to: want a day or a time, such as 2026-11-21 or 2026-11-21T09:30:00Z",
		"--from 2026-01-02 --to 2026-01-01": "--to: this is before the time that the entries start at",
		"--limit 0":                         "--limit: want at least 1",
		"--output yaml":                     `invalid argument "yaml" for "--output" flag: want table or json`,
		"--since 24h --from 2026-01-01":     "if any flags in the group [since from] are set none of the others can be; [from since] were all set",
		"--since day":                       `invalid argument "day" for "--since" flag: want a time such as 90m, 24h, 7d or 2w`,
		"--action user.made":                `invalid argument "user.made" for "--action" flag: want ` + anyOf(actions()),
		"everything":                        `unknown command "everything" for "usher audit"`,
	} {
		command(t, env, "", append([]string{"audit"}, strings.Fields(args)...)...).fails(t, sentence)
	}
	command(t, onDatabaseAt(dbtest.Empty(t)), "", "audit").fails(t, unmigrated)
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/dbtest"
)

// csvFile is a file of so many people.
func csvFile(t *testing.T, people int) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("email,first_name\n")
	for i := range people {
		fmt.Fprintf(&b, "p%d@example.com,P\n", i)
	}
	return writeFile(t, b.String())
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "users.csv")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

// TestUserImport (F10.4): rows are stored, bad ones are told by line and column, and a dry run stores nobody.
func TestUserImport(t *testing.T) {
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	good := csvFile(t, 3)
	require.Equal(t, "Good: 3 of 3 rows. Nothing was stored.\n", command(t, env, "", "user", "import", good, "--dry-run").succeeds(t))
	require.Equal(t, "Imported 3 of 3 accounts.\n", command(t, env, "", "user", "import", good, "--no-mail").succeeds(t))
	bad := writeFile(t, "email,role\np0@example.com,\nx@example.com,KING\nnew@example.com,ADMIN\n")
	e := command(t, env, "", "user", "import", bad)
	require.Equal(t, 1, e.code)
	require.Equal(t, "Imported 0 of 3 accounts.\n", e.out)
	require.Equal(t, bad+":2:1: email: An account has the same.\n"+
		bad+":3:2: role: Send one of ANONYMOUS, AUTHENTICATED, AUTHOR, MODERATOR, MANAGER, ADMIN.\n"+
		"usher: Some rows are bad, so none was stored.\n", e.errs)
	e = command(t, env, "", "user", "import", bad, "--skip-bad", "--output", "json")
	require.Equal(t, "usher: rows that are bad and were left out: 2\n", e.errs)
	var told importReport
	require.NoError(t, json.Unmarshal([]byte(e.out), &told))
	require.Len(t, told.Problems, 2)
	require.EqualValues(t, 1, told.RowsStored)
	require.Equal(t, "Imported 1 of 1 accounts.\n", command(t, env, "email\npiped@example.com\n", "user", "import", "-").succeeds(t))
	require.Equal(t, 5, scalar(t, pool, "SELECT count(*) FROM users"))
	require.Equal(t, 2, scalar(t, pool, "SELECT count(*) FROM river_job WHERE kind = 'password-mail'"))
	require.Zero(t, scalar(t, pool, "SELECT count(*) FROM audit_entries WHERE actor_kind <> 'operator'"))

	many := command(t, env, "email\n"+strings.Repeat("x\n", 150), "user", "import", "-")
	require.Contains(t, many.errs, "-:101:1: email: This is not a valid email.\n... and 50 more; --output json lists up to 10,000.\n")
	command(t, env, "", "user", "import", t.TempDir()+"/none").mentions(t, "no such file")
	command(t, env, "", "user", "import", t.TempDir()).mentions(t, "is a folder")
	command(t, env, "", "user", "import", good, "--resume").fails(t, "no import of this file, as it is now, was begun here and is not over")
}

// mentions wants a command to fail and say so.
func (e ended) mentions(t *testing.T, part string) {
	t.Helper()
	require.Contains(t, e.errs, part)
	require.Equal(t, 1, e.code)
}

// ends wants a command to do its work; it may tell on stderr how far it is.
func (e ended) ends(t *testing.T) string {
	t.Helper()
	require.Zero(t, e.code, e.errs)
	return e.out
}

func scalar(t *testing.T, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

// TestUserImportKilled (F10.4): an import that was killed while it checked, and again while it stored, goes on with --resume and
// stores each row once. Without being told which, nothing is done twice.
func TestUserImportKilled(t *testing.T) {
	const people = 6500
	for _, mode := range []string{"--skip-bad", "--no-mail"} { // a transaction for each portion, and one for all
		t.Run(mode, func(t *testing.T) {
			pool := dbtest.New(t)
			env, file := onDatabaseOf(pool), csvFile(t, people)
			held := stopAt(t, pool, start(t, env, "user", "import", file, mode), "state = 'checking' AND rows_read > 0")
			require.Positive(t, held)
			command(t, env, "", "user", "import", file, mode).mentions(t, "is not over: go on with it (--resume), or begin anew (--restart)")
			held = stopAt(t, pool, start(t, env, "user", "import", file, "--resume"), "state = 'storing' AND rows_written > 0")
			require.Less(t, scalar(t, pool, "SELECT count(*) FROM users"), people)
			require.Equal(t, people, held)

			changed := csvFile(t, people+1)
			command(t, env, "", "user", "import", changed, "--resume").mentions(t, "no import of this file")
			said := fmt.Sprintf("Imported %d of %d accounts.\n", people, people)
			require.Equal(t, said, command(t, env, "", "user", "import", file, "--resume").ends(t))
			require.Equal(t, people, scalar(t, pool, "SELECT count(*) FROM users"))
			require.Equal(t, people, scalar(t, pool, "SELECT count(DISTINCT user_id) FROM outbox"))
			require.Equal(t, people, scalar(t, pool, "SELECT count(*) FROM outbox"))
			require.Zero(t, scalar(t, pool, "SELECT count(*) FROM import_rows"))
		})
	}
}

// stopAt kills a process as soon as its import has come so far, and returns how many rows it had read. The import is held
// meanwhile, so that it gets no farther.
func stopAt(t *testing.T, pool *pgxpool.Pool, p *process, far string) (read int) {
	t.Helper()
	require.Eventually(t, func() bool {
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			err := tx.QueryRow(t.Context(), "SELECT rows_read FROM imports WHERE "+far+" FOR UPDATE").Scan(&read)
			if err == nil {
				p.kill()
			}
			return err
		})
		return err == nil || p.dead()
	}, soon, tick)
	require.NotZero(t, read, "the import was over before it could be killed")
	return read
}

// TestUserImportRestart: an import that is not over can be given up, which a dry run neither asks for nor does.
func TestUserImportRestart(t *testing.T) {
	pool := dbtest.New(t)
	env, file := onDatabaseOf(pool), csvFile(t, 6500)
	stopAt(t, pool, start(t, env, "user", "import", file), "rows_read > 0")
	for _, flag := range []string{"--dry-run", "--dry-run --restart"} {
		args := append([]string{"user", "import", file}, strings.Fields(flag)...)
		require.Equal(t, "Good: 6500 of 6500 rows. Nothing was stored.\n", command(t, env, "", args...).ends(t))
		require.Equal(t, 1, scalar(t, pool, "SELECT count(*) FROM imports WHERE finished_at IS NULL AND NOT dry_run"))
	}
	require.Equal(t, "Imported 6500 of 6500 accounts.\n", command(t, env, "", "user", "import", file, "--restart").ends(t))
	require.Equal(t, 6500, scalar(t, pool, "SELECT count(*) FROM users"))
	require.Equal(t, 1, scalar(t, pool, "SELECT count(*) FROM imports WHERE state = 'cancelled'"))
}

package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/dbtest"
)

// people stores accounts that differ in everything that filters know.
func people(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		INSERT INTO profile_fields (id, name, title, schema, filterable, public) VALUES (gen_random_uuid(), 'team', 'Team', '{"type": "string"}', true, false);
		INSERT INTO users (id, email, email_key, nickname, nickname_key, role, registered_as) VALUES
			(gen_random_uuid(), 'ada@example.com', 'ada@example.com', 'ada', 'ada', 'ADMIN', 'reader'),
			(gen_random_uuid(), 'bob@example.com', 'bob@example.com', 'bob', 'bob', 'AUTHOR', 'author'),
			(gen_random_uuid(), 'cyd@example.com', 'cyd@example.com', 'cyd', 'cyd', 'AUTHENTICATED', 'reader');
		UPDATE users SET email_verified_at = now(), bio = 'likes graph theory', created_at = '2026-11-20T23:59:59.5Z' WHERE nickname = 'ada';
		UPDATE users SET status = 'suspended', last_login_at = '2026-11-21T12:00Z', created_at = '2026-11-21T12:00Z', fields = '{"team": "red"}' WHERE nickname = 'bob';
		UPDATE users SET locked_until = now() + interval '1 hour', professional = true, created_at = '2026-11-22' WHERE nickname = 'cyd'`)
	require.NoError(t, err)
}

// nicknames are who is in an exported file.
func nicknames(t *testing.T, file string) string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	require.NoError(t, err)
	var out []string
	for _, line := range lines[1:] {
		out = append(out, line[3])
	}
	return strings.Join(out, " ")
}

// TestUserExport: accounts go to a file that only the operator reads, or through a pipe, and the log says so (F10.5).
func TestUserExport(t *testing.T) {
	pool := dbtest.New(t)
	people(t, pool)
	env, folder := onDatabaseOf(pool), t.TempDir()
	file := filepath.Join(folder, "users.csv")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o644))
	require.Equal(t, "Exported 3 accounts to "+file+".\n", command(t, env, "", "user", "export", file).succeeds(t))
	exported, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "ada bob cyd", nicknames(t, string(exported)))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, left, 1)

	other := filepath.Join(folder, "other.csv")
	require.JSONEq(t, `{"file": "`+other+`", "rows": 1}`, command(t, env, "", "user", "export", other, "--role", "AUTHOR", "--output", "json").succeeds(t))

	require.Equal(t, string(exported), command(t, env, "", "user", "export").succeeds(t))
	require.Equal(t, string(exported), command(t, env, "", "user", "export", "-").succeeds(t))
	require.Equal(t, "bob", nicknames(t, command(t, env, "", "user", "export", "--role", "AUTHOR").succeeds(t)))
	var log string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT string_agg(actor_kind || ' ' || details::text, ', ' ORDER BY id)
		FROM audit_entries WHERE action = 'export.started'`).Scan(&log))
	none, authors := `operator {"filter": {}}`, `operator {"filter": {"role": "AUTHOR"}}`
	require.Equal(t, strings.Join([]string{none, authors, none, none, authors}, ", "), log)
}

// TestUserExportToPipe: what is no file is written to, not replaced by one.
func TestUserExportToPipe(t *testing.T) {
	pool := dbtest.New(t)
	people(t, pool)
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	read := make(chan []byte, 1)
	go func() {
		b, _ := os.ReadFile(pipe) // what was not read is missing
		read <- b
	}()
	command(t, onDatabaseOf(pool), "", "user", "export", pipe).succeeds(t)
	require.Equal(t, "ada bob cyd", nicknames(t, string(<-read)))
}

// TestExportIsWholeOrNotThere: an export that fails leaves the file of before, and nothing else.
func TestExportIsWholeOrNotThere(t *testing.T) {
	folder, broken := t.TempDir(), errors.New("broken")
	file, link := filepath.Join(folder, "users.csv"), filepath.Join(folder, "link.csv")
	half := func(w io.Writer) error { return errors.Join(broken, write(w, "half")) }
	require.ErrorIs(t, create(file, half), broken)
	require.NoFileExists(t, file)
	require.NoError(t, create(file, func(w io.Writer) error { return write(w, "whole") }))
	require.NoError(t, os.Symlink(file, link))
	require.ErrorIs(t, create(link, half), broken)
	require.NoError(t, create(link, func(w io.Writer) error { return write(w, "new") }))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal([]byte("new"), content))
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, left, 2)
	require.Error(t, create(folder, half))
	require.Error(t, create(filepath.Join(folder, "none", "users.csv"), half))
}

func write(w io.Writer, s string) error {
	_, err := io.WriteString(w, s)
	return err
}

// TestFilterFlags: each flag asks for what its name says, and what makes no sense is refused by the name of the flag.
func TestFilterFlags(t *testing.T) {
	pool := dbtest.New(t)
	people(t, pool)
	env := onDatabaseOf(pool)
	for flags, want := range map[string]string{
		"":                                       "ada bob cyd",
		"--q CYD":                                "cyd",
		"--text theory":                          "ada",
		"--role AUTHOR":                          "bob",
		"--status suspended":                     "bob",
		"--verified":                             "ada",
		"--verified=false":                       "bob cyd",
		"--locked":                               "cyd",
		"--locked=false":                         "ada bob",
		"--professional":                         "cyd",
		"--registered-from 2026-11-21T12:00:00Z": "bob cyd",
		"--registered-to 2026-11-21":             "ada bob",
		"--registered-to 2026-11-20":             "ada",
		"--last-login-after 2026-11-21":          "bob",
		"--last-login-before 2026-11-21":         "",
		"--field team:red":                       "bob",
		"--verified=false --professional":        "cyd",
	} {
		args := append([]string{"user", "export"}, strings.Fields(flags)...)
		require.Equal(t, want, nicknames(t, command(t, env, "", args...).succeeds(t)), flags)
	}
	for _, flags := range []string{"--role KING", "--status gone", "--registered-from yesterday", "--field shoe:44", "--q ", "--q " + strings.Repeat("x", 101), "--text !!!",
		"--registered-from 2026-11-22 --registered-to 2026-11-20"} {
		refused := command(t, env, "", append([]string{"user", "export"}, strings.Split(flags, " ")...)...)
		require.Equal(t, 1, refused.code, flags)
		require.Empty(t, refused.out)
		require.Contains(t, refused.errs, strings.Fields(flags)[0][2:], flags)
	}
	var exports int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM audit_entries WHERE action = 'export.started'").Scan(&exports))
	require.Equal(t, 17, exports)
}

//go:build unix

package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const (
	keep = "CREATE DATABASE kept"
	kept = "SELECT datname::text FROM pg_database WHERE datname = 'kept'"
)

// home is a folder for a cluster that is hard to use: its path is longer than a socket's may be, has spaces in it, and
// leads through a folder that is closed to all other users.
func home(t *testing.T) string {
	t.Helper()
	closed := filepath.Join(t.TempDir(), strings.Repeat("far away ", 12))
	require.NoError(t, os.Mkdir(closed, 0o700))
	return filepath.Join(closed, "postgres")
}

func start(t *testing.T, dir string, opts PostgresOptions) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), dir, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop()) })
	return p
}

func query(t *testing.T, p *Postgres, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), sql)
	require.NoError(t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(out, " ")
}

func TestDataOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := home(t)
	first := start(t, dir, PostgresOptions{})
	query(t, first, keep)
	require.NoError(t, first.Stop())
	require.NoError(t, first.Stop())
	require.ErrorIs(t, first.process.Signal(syscall.Signal(0)), os.ErrProcessDone)

	require.Equal(t, "kept", query(t, start(t, dir, PostgresOptions{}), kept))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	p := start(t, home(t), PostgresOptions{Throwaway: true})
	for sql, want := range map[string]string{
		"SELECT current_database()":    "usher",
		"SHOW server_encoding":         "UTF8",
		"SHOW listen_addresses":        "127.0.0.1",
		"SHOW unix_socket_directories": "",
		"SHOW TimeZone":                "UTC",
		"SELECT lower('ÄÖÜ')":          "äöü",
		"SHOW fsync":                   "off",
		"SHOW password_encryption":     "scram-sha-256",
	} {
		require.Equal(t, want, query(t, p, sql), sql)
	}
	group, err := syscall.Getpgid(p.process.Pid)
	require.NoError(t, err)
	require.Equal(t, p.process.Pid, group, "Ctrl-C must not reach the server")
}

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	dir := home(t)
	start(t, dir, PostgresOptions{Throwaway: true})
	_, err := StartPostgres(t.Context(), dir, PostgresOptions{})
	require.ErrorContains(t, err, "another usher dev uses the database")
}

// A process that is killed cannot stop its server; all that happens is that the lock is free.
func TestLeftoverIsStopped(t *testing.T) {
	t.Parallel()
	dir := home(t)
	left := start(t, dir, PostgresOptions{Throwaway: true, Detached: true})
	query(t, left, keep)
	left.folder.close()

	next := start(t, dir, PostgresOptions{Throwaway: true})
	require.Equal(t, "kept", query(t, next, kept))
	select {
	case <-left.exited:
	default:
		t.Fatal("the leftover still runs")
	}
}

// The test's own binary plays the process that is killed.
func TestServerEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	dir := home(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "USHER_DEV_TEST_FOLDER="+dir)
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	said := make([]byte, 3)
	_, err = io.ReadFull(out, said)
	require.NoError(t, err)
	require.Equal(t, "up\n", string(said))
	note := filepath.Join(dir, "data", "postmaster.pid")
	require.FileExists(t, note)

	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	require.Eventually(t, func() bool {
		_, err := os.Stat(note)
		return errors.Is(err, os.ErrNotExist)
	}, 20*time.Second, 10*time.Millisecond)
}

func TestMain(m *testing.M) {
	dir := os.Getenv("USHER_DEV_TEST_FOLDER")
	if dir == "" {
		os.Exit(m.Run())
	}
	if _, err := StartPostgres(context.Background(), dir, PostgresOptions{Throwaway: true}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("up")
	_, _ = io.ReadAll(os.Stdin) // ends with the parent at the latest
}

func TestNumberOfALeftoverMayBelongToSomebodyElse(t *testing.T) {
	t.Parallel()
	dir := home(t)
	p := start(t, dir, PostgresOptions{Throwaway: true})
	note := filepath.Join(dir, "data", "postmaster.pid")
	text, err := os.ReadFile(note)
	require.NoError(t, err)
	require.NoError(t, p.Stop())

	innocent := exec.Command("sleep", "1000")
	require.NoError(t, innocent.Start())
	t.Cleanup(func() {
		require.NoError(t, innocent.Process.Kill())
		require.Error(t, innocent.Wait())
	})
	_, rest, _ := strings.Cut(string(text), "\n")
	require.NoError(t, os.WriteFile(note, []byte(strconv.Itoa(innocent.Process.Pid)+"\n"+rest), 0o644))

	start(t, dir, PostgresOptions{Throwaway: true})
	require.NoError(t, innocent.Process.Signal(syscall.Signal(0)))
}

func TestFailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	dir := home(t)
	data := filepath.Join(dir, "data")
	fails := func(opts PostgresOptions, want string) {
		t.Helper()
		_, err := StartPostgres(t.Context(), dir, opts)
		require.ErrorContains(t, err, want)
	}

	nowhere := []string{filepath.Join(t.TempDir(), "*")}
	_, err := StartPostgres(t.Context(), dir, PostgresOptions{Installed: true, places: nowhere})
	require.ErrorIs(t, err, ErrNotInstalled)

	require.NoError(t, os.Mkdir(data, 0o700))
	fails(PostgresOptions{}, "is not the data of a Postgres 10 or newer: move it away")

	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("14\n"), 0o600))
	fails(PostgresOptions{}, "was made by Postgres 14, but this machine has")
	fails(PostgresOptions{places: nowhere}, "was made by Postgres 14, which is not installed: install it, or move")

	require.NoError(t, os.RemoveAll(data))
	require.NoError(t, start(t, dir, PostgresOptions{Throwaway: true}).Stop())
	conf := filepath.Join(data, "postgresql.conf")
	require.NoError(t, os.WriteFile(conf, []byte("shared_bufers = 1GB\n"), 0o600))
	fails(PostgresOptions{}, `unrecognized configuration parameter "shared_bufers"`)

	require.NoError(t, os.Remove(filepath.Join(dir, "password")))
	fails(PostgresOptions{}, "is lost")
}

func TestFolderMustBeUsable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := StartPostgres(t.Context(), filepath.Join(file, "postgres"), PostgresOptions{})
	require.ErrorContains(t, err, "make the folder yours to write to, or choose another one")
}

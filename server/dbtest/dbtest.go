//go:build unix

// Package dbtest gives tests real Postgres databases of their own. The server is the one that TEST_DATABASE_URL names, or
// else a private one that all packages of a go test run share and that is gone when the run is, or else a container.
// Without any of them the tests fail and say what to install.
package dbtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/store"
)

// within bounds what a test waits for its database, and for the end of it.
const within = 5 * time.Minute

// New returns a pool, like the service's, on a fresh database with all migrations applied. The database is dropped when t
// ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, URL(t), 8)
}

// Tx returns a transaction on a migrated database that no other test uses meanwhile. It is rolled back when t ends, so it
// costs much less than New: use it for rules, which never commit on their own.
func Tx(t testing.TB) pgx.Tx {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	s, err := connect(ctx)
	require.NoError(t, err)
	t.Cleanup(s.close) // and with it goes the claim
	name, err := s.claim(ctx)
	require.NoError(t, err)
	tx, err := open(t, s.url(name), 1).Begin(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { tx.Rollback(context.Background()) })
	return tx
}

// URL returns the URL of a fresh database with all migrations applied, for tests that start processes. The database is
// dropped when t ends, with whoever is still connected.
func URL(t testing.TB) string {
	t.Helper()
	return fresh(t, (*server).template)
}

// Empty returns the URL of a fresh database without any table, dropped when t ends.
func Empty(t testing.TB) string {
	t.Helper()
	return fresh(t, func(*server, context.Context) (string, error) { return "template0", nil })
}

func fresh(t testing.TB, template func(*server, context.Context) (string, error)) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	s, err := connect(ctx)
	require.NoError(t, err)
	defer s.close()
	from, err := template(s, ctx)
	require.NoError(t, err)
	name := unique()
	require.NoError(t, s.create(ctx, name, from))
	t.Cleanup(func() { drop(t, name) })
	return s.url(name)
}

func drop(t testing.TB, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	s, err := connect(ctx)
	if err == nil {
		defer s.close()
		err = s.drop(ctx, name)
	}
	if err != nil {
		t.Errorf("drop the test's database: %v", err)
	}
}

func open(t testing.TB, url string, conns int32) *pgxpool.Pool {
	t.Helper()
	pool, err := store.Open(context.Background(), url, store.Limits{
		MaxConns:         conns,
		StatementTimeout: 30 * time.Second,
		LockTimeout:      10 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(func() { shut(t, pool) })
	return pool
}

// shut closes the pool, which waits for its connections to be given back, but not for ever.
func shut(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	closed := make(chan struct{})
	go func() {
		pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the test ended but still holds a connection: rows that were not closed, or a transaction?")
	}
}

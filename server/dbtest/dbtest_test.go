//go:build unix

package dbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/schema"
)

func admin(t *testing.T) *server {
	t.Helper()
	s, err := connect(t.Context())
	require.NoError(t, err)
	t.Cleanup(s.close)
	return s
}

func database(t *testing.T, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}) (name string) {
	t.Helper()
	require.NoError(t, q.QueryRow(t.Context(), "SELECT current_database()").Scan(&name))
	return name
}

func TestNewIsMigratedAndItsOwn(t *testing.T) {
	var a, b *pgxpool.Pool
	t.Run("while the test runs", func(t *testing.T) {
		a, b = New(t), New(t)
		pending, err := schema.Pending(t.Context(), a)
		require.NoError(t, err)
		require.False(t, pending)
		_, err = a.Exec(t.Context(), "CREATE TABLE mine ()")
		require.NoError(t, err)
		_, err = b.Exec(t.Context(), "CREATE TABLE mine ()")
		require.NoError(t, err)
	})
	names, err := admin(t).list(t.Context())
	require.NoError(t, err)
	require.NotContains(t, names, a.Config().ConnConfig.Database)
	require.NotContains(t, names, b.Config().ConnConfig.Database)
}

func TestTxIsRolledBack(t *testing.T) {
	var first string
	t.Run("one", func(t *testing.T) {
		tx := Tx(t)
		first = database(t, tx)
		_, err := tx.Exec(t.Context(), "CREATE TABLE mine ()")
		require.NoError(t, err)
		require.NotEqual(t, first, database(t, Tx(t)), "tests must not wait for each other's rows")
	})
	s, err := dial(t.Context(), admin(t).url(first))
	require.NoError(t, err)
	defer s.close()
	var left *string
	require.NoError(t, s.conn.QueryRow(t.Context(), "SELECT to_regclass('mine')::text").Scan(&left))
	require.Nil(t, left)
}

func TestEmptyHasNoTables(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), Empty(t))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var tables int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables))
	require.Zero(t, tables)
}

func TestGivenServerMustBeForTests(t *testing.T) {
	s := admin(t)
	somebodys := "somebodys_" + unique()
	require.NoError(t, s.exec(t.Context(), "CREATE DATABASE "+somebodys))
	t.Cleanup(func() {
		require.NoError(t, s.exec(context.Background(), "DROP DATABASE "+somebodys+" WITH (FORCE)"))
	})
	given, err := connectGiven(t.Context(), s.url(somebodys))
	require.NoError(t, err, "an empty database is as good as any")
	require.NoError(t, given.exec(t.Context(), "CREATE EXTENSION pg_trgm; CREATE TABLE customers ()"))
	given.close()

	_, err = connectGiven(t.Context(), s.url(somebodys))
	require.ErrorContains(t, err, "where somebody keeps 1 tables: name one on a server for tests that is empty")
	_, err = connectGiven(t.Context(), s.url("no_such_database"))
	require.ErrorContains(t, err, "TEST_DATABASE_URL does not lead to a Postgres")
	require.Error(t, s.drop(t.Context(), somebodys), "only what tests made may be dropped")

	t.Setenv("TEST_DATABASE_URL", s.url("postgres"))
	require.NotEmpty(t, database(t, New(t)))
}

func TestSweepTakesOnlyWhatIsAbandoned(t *testing.T) {
	s := admin(t)
	young, aged := unique(), fmt.Sprintf("%s%x_abandoned", mark, time.Now().Add(-2*abandoned).Unix())
	for _, name := range []string{young, aged} {
		require.NoError(t, s.create(t.Context(), name, "template0"))
	}
	t.Cleanup(func() { drop(t, young) })
	require.NoError(t, s.sweep(t.Context()))
	names, err := s.list(t.Context())
	require.NoError(t, err)
	require.Contains(t, names, young)
	require.NotContains(t, names, aged)
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		pool, err := pgxpool.New(b.Context(), URL(b))
		require.NoError(b, err)
		require.NoError(b, pool.Ping(b.Context()))
		pool.Close()
	}
}

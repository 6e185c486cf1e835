package schema_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/usherhq/usher/schema"
	"github.com/usherhq/usher/server/dbtest"
)

// empty is a pool with settings that would break a migration if it kept to them.
func empty(t *testing.T) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig(dbtest.Empty(t))
	require.NoError(t, err)
	c.MaxConns = 1
	c.ConnConfig.RuntimeParams["statement_timeout"] = "1s"
	c.ConnConfig.RuntimeParams["timezone"] = "Asia/Tokyo"
	pool, err := pgxpool.NewWithConfig(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// things are what is in the schema public, but for what extensions brought.
func things(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT name FROM (
			SELECT oid, relname::text AS name, relnamespace AS place FROM pg_class
			UNION ALL SELECT oid, typname::text, typnamespace FROM pg_type
			UNION ALL SELECT oid, proname::text, pronamespace FROM pg_proc) AS things
		WHERE place = 'public'::regnamespace
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = things.oid AND d.deptype = 'e')
		ORDER BY name`)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return names
}

func pending(t *testing.T, pool *pgxpool.Pool) bool {
	t.Helper()
	is, err := schema.Pending(t.Context(), pool)
	require.NoError(t, err)
	return is
}

func TestUpAndReset(t *testing.T) {
	pool := empty(t)
	require.True(t, pending(t, pool))
	require.Empty(t, things(t, pool), "asking must change nothing")

	require.NoError(t, schema.Up(t.Context(), pool))
	require.False(t, pending(t, pool))
	made := things(t, pool)
	require.Subset(t, made, []string{"users", "river_job", "goose_db_version"})
	require.NoError(t, schema.Up(t.Context(), pool), "there is nothing left to do")

	require.NoError(t, schema.Reset(t.Context(), pool))
	require.Empty(t, things(t, pool))
	require.NoError(t, schema.Up(t.Context(), pool))
	require.Equal(t, made, things(t, pool))
}

func TestDownUndoesOneStepAtATime(t *testing.T) {
	pool := empty(t)
	require.NoError(t, schema.Up(t.Context(), pool))
	all, err := schema.Status(t.Context(), pool)
	require.NoError(t, err)
	for range all {
		require.NoError(t, schema.Down(t.Context(), pool))
		require.True(t, pending(t, pool))
	}
	left := things(t, pool)
	require.NotContains(t, left, "users")
	require.NotContains(t, left, "river_job")
	require.NoError(t, schema.Down(t.Context(), pool), "there is nothing left to undo")
}

func TestStatusSaysWhen(t *testing.T) {
	pool := empty(t)
	before, err := schema.Status(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, schema.Migration{Number: 1, Name: "users"}, before[0])

	require.NoError(t, schema.Up(t.Context(), pool))
	after, err := schema.Status(t.Context(), pool)
	require.NoError(t, err)
	require.Len(t, after, len(before))
	for _, m := range after {
		require.NotNil(t, m.AppliedAt, m.Name)
		require.WithinDuration(t, time.Now(), *m.AppliedAt, time.Minute, m.Name)
	}
}

func TestProcessesThatMigrateAtOnceTakeTurns(t *testing.T) {
	url := dbtest.Empty(t)
	var all errgroup.Group
	for range 4 {
		all.Go(func() error {
			pool, err := pgxpool.New(t.Context(), url)
			if err != nil {
				return err
			}
			defer pool.Close()
			return schema.Up(t.Context(), pool)
		})
	}
	require.NoError(t, all.Wait())
}

// A replica of the release before may start again while the database is ahead of it.
func TestANewerDatabaseIsLeftAlone(t *testing.T) {
	pool := empty(t)
	require.NoError(t, schema.Up(t.Context(), pool))
	_, err := pool.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, true)")
	require.NoError(t, err)
	require.False(t, pending(t, pool))
	require.NoError(t, schema.Up(t.Context(), pool))
}

// When this fails, River was updated and wants another migration: see river.go.
func TestRiverIsUpToDate(t *testing.T) {
	pool := empty(t)
	require.NoError(t, schema.Up(t.Context(), pool))
	river, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	require.NoError(t, err)
	result, err := river.Validate(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, result.OK, result.Messages)
}

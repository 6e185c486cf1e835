package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/store"
)

// TestPlanned: what runs by way of Planned is never a prepared statement, which alone can get one plan for all values.
func TestPlanned(t *testing.T) {
	t.Parallel()
	c := dbtest.New(t).Config()
	c.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), c)
	require.NoError(t, err)
	defer pool.Close()
	const often = 12
	prepared := func(conn db.DBTX, sql string) (statements, plansForAll int) {
		for range often {
			_, err := conn.Exec(t.Context(), sql, "a", nil)
			require.NoError(t, err)
		}
		require.NoError(t, pool.QueryRow(t.Context(), `
			SELECT count(*), coalesce(sum(generic_plans), 0) FROM pg_prepared_statements WHERE statement = $1`, sql).Scan(&statements, &plansForAll))
		return statements, plansForAll
	}
	statements, plansForAll := prepared(pool, "SELECT 1 WHERE $1::text = 'a' OR $2::uuid IS NULL")
	require.Equal(t, 1, statements)
	require.Equal(t, often-5, plansForAll, "this is what goes wrong otherwise")
	statements, _ = prepared(store.Planned(pool), "SELECT 2 WHERE $1::text = 'a' OR $2::uuid IS NULL")
	require.Zero(t, statements)
}

// TestPlannedTypes: values of every type that queries take arrive as they are.
func TestPlannedTypes(t *testing.T) {
	t.Parallel()
	conn := store.Planned(dbtest.New(t))
	const sql = `SELECT @id::uuid AS id, @none::uuid AS none, @role::user_role AS role, @at::timestamptz AS at, @names::text[] AS names,
		@wait::interval AS wait, @raw::jsonb AS raw, @size::int AS size, @hash::bytea AS hash`
	type values struct {
		ID    uuid.UUID
		None  *uuid.UUID
		Role  spec.Role
		At    time.Time
		Names []string
		Wait  time.Duration
		Raw   []byte
		Size  int32
		Hash  []byte
	}
	want := values{
		uuid.Must(uuid.NewV7()), nil, spec.RoleADMIN, time.Now().UTC().Truncate(time.Microsecond), []string{"a", "b, c"},
		time.Minute, []byte(`{"a": 1}`), 7, []byte{0, 255},
	}
	for range 2 {
		rows, err := conn.Query(t.Context(), sql, pgx.StrictNamedArgs{
			"id": want.ID, "none": want.None, "role": want.Role, "at": want.At, "names": want.Names, "wait": want.Wait, "raw": want.Raw,
			"size": want.Size, "hash": want.Hash,
		})
		require.NoError(t, err)
		got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[values])
		require.NoError(t, err)
		got.At = got.At.UTC()
		require.Equal(t, want, got)
	}
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT $1::int", 3).Scan(&n))
	require.Equal(t, 3, n)
}

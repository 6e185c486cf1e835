package server_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
)

// TestConstraintsAreProblems: a constraint that a client can trip is named after the problem it becomes.
func TestConstraintsAreProblems(t *testing.T) {
	t.Parallel()
	rows, err := dbtest.New(t).Query(t.Context(), `
		SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indisunique AND NOT i.indisprimary AND c.relnamespace = 'public'::regnamespace
		  AND c.relname NOT LIKE 'river%' AND c.relname NOT LIKE 'goose%'
		UNION SELECT conname FROM pg_constraint JOIN pg_class r ON r.oid = conrelid
		WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND r.relname NOT LIKE 'river%'
		  AND conname <> 'imports_are_of_somebody' -- which is about mistakes of ours`)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, n := range names {
		require.True(t, spec.Problem(strings.ReplaceAll(n, "_", "-")).Valid(), n)
	}
}

// TestEnumsAgree: the database and the contract know the same values.
func TestEnumsAgree(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for name, valid := range map[string]func(string) bool{
		"user_role":         func(s string) bool { return spec.Role(s).Valid() },
		"user_status":       func(s string) bool { return spec.UserStatus(s).Valid() },
		"import_state":      func(s string) bool { return spec.ImportState(s).Valid() },
		"export_state":      func(s string) bool { return spec.ExportState(s).Valid() },
		"registration_kind": func(s string) bool { return spec.RegistrationKind(s).Valid() },
	} {
		rows, err := pool.Query(t.Context(), "SELECT unnest(enum_range(NULL::"+name+"))::text")
		require.NoError(t, err)
		labels, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, l := range labels {
			require.True(t, valid(l), "%s %s", name, l)
		}
	}
	for _, r := range spec.Roles() {
		var known bool
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT $1::text = ANY (enum_range(NULL::user_role)::text[])", string(r)).Scan(&known))
		require.True(t, known, r)
	}
}

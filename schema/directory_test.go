package schema_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/schema"
	"github.com/usherhq/usher/server/dbtest"
)

// TestDirectoryOfOld: accounts from before there was a directory are found in it, and of nicknames that look the same the oldest
// is held against those to come. A migration that was interrupted is done by running it again.
func TestDirectoryOfOld(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	down := func(times int) { // River's tables are the first to go
		for range times {
			require.NoError(t, schema.Down(t.Context(), pool))
		}
	}
	down(4)
	_, err := pool.Exec(t.Context(), `
		INSERT INTO users (id, email, email_key, nickname, nickname_key, first_name, last_name, role)
		SELECT (lpad(to_hex(i), 12, '0') || '70008000000000000000')::uuid, i || '@example.com', i || '@example.com', nickname, lower(nickname), 'Zoë', 'Núñez', 'AUTHOR'
		FROM unnest(ARRAY['Merlin', 'rnerlin', 'ann_lee', 'Ann-Lee'] || ARRAY(SELECT 'reader-' || n FROM generate_series(2, 2500) n)) WITH ORDINALITY AS u (nickname, i)`)
	require.NoError(t, err)
	require.NoError(t, schema.Up(t.Context(), pool))
	down(2)
	_, err = pool.Exec(t.Context(), "CREATE INDEX users_by_role ON users (id)") // as if it had not come to its end
	require.NoError(t, err)
	require.NoError(t, schema.Up(t.Context(), pool))

	found := func(where string) []string {
		rows, err := pool.Query(t.Context(), "SELECT nickname FROM users WHERE "+where+" ORDER BY id LIMIT 10")
		require.NoError(t, err)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return names
	}
	require.Equal(t, []string{"rnerlin", "Ann-Lee"}, found("nickname_skeleton IS NULL"))
	require.Empty(t, found("search_key = ''"))
	require.Equal(t, []string{"reader-2500"}, found("search_part(search_key, '-2500')"))
	require.Equal(t, "Merlin", found("search_part(search_key, 'zoe nunez')")[0])
}

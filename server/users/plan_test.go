package users_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// crowd stores 100,000 accounts, ten minutes between two: three ADMINs, few who are suspended, locked or professional, one
// in twenty not confirmed, bios of a third. What an account has follows from its number, and not from what else it has.
const crowd = `
	INSERT INTO users (id, email, email_key, email_verified_at, nickname, nickname_key, first_name, last_name, bio, professional, role, status,
		last_login_at, locked_until, staff_lock_until, fields, created_at, updated_at)
	SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
		md5(i::text) || '@example.com', md5(i::text) || '@example.com', CASE WHEN r[1] % 20 > 0 THEN at END,
		'nick-' || md5('n' || i), 'nick-' || md5('n' || i), (ARRAY['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'José', 'Zoë', 'Wei'])[1 + r[2] % 8],
		CASE WHEN r[3] % 10 > 0 THEN (ARRAY['Lovelace', 'Hopper', 'Turing', 'Dijkstra', 'Liskov', 'García', 'Müller', 'Zhang'])[1 + r[4] % 8] || ' ' || r[5] % 977 END,
		CASE WHEN r[6] % 3 = 0 THEN 'Writes about ' || md5('b' || r[7] % 5000) || ' and ships' END, r[8] % 300 = 0,
		CASE WHEN i % 33333 = 9 THEN 'ADMIN' WHEN r[9] % 20 = 0 THEN 'ANONYMOUS' WHEN r[9] % 100 = 1 THEN 'AUTHOR' WHEN r[9] % 10000 = 7 THEN 'MANAGER'
			ELSE 'AUTHENTICATED' END::user_role,
		CASE WHEN r[10] % 500 = 0 THEN 'suspended' ELSE 'active' END::user_status, CASE WHEN r[11] % 4 > 0 THEN $1::timestamptz + r[12] % 100000 * interval '10 minutes' END,
		CASE WHEN r[13] % 1000 = 0 THEN now() + interval '1 day' WHEN r[13] % 500 = 1 THEN now() - interval '1 day' END,
		CASE WHEN r[14] % 5000 = 0 THEN now() + interval '1 year' END,
		CASE WHEN r[15] % 50 = 0 THEN jsonb_build_object('team', (ARRAY['red', 'green', 'blue'])[1 + r[16] % 3], 'level', r[17] % 100) ELSE '{}' END,
		at, $1::timestamptz + r[18] % 100000 * interval '10 minutes'
	FROM generate_series(1, 100000) i, LATERAL (SELECT $1::timestamptz + i * interval '10 minutes', ARRAY(
		SELECT hashint8extended(i, k) & 2147483647 FROM generate_series(1, 18) k)) n(at, r)`

// fill stores the crowd. Indexes for searches are built afterwards, which takes half the time.
func fill(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	var build []string
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT array_agg(indexdef) FROM pg_indexes WHERE tablename = 'users' AND indexdef LIKE '% gin %'").Scan(&build))
	require.NotEmpty(t, build)
	_, err := pool.Exec(t.Context(), `DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT indexname FROM pg_indexes WHERE tablename = 'users' AND indexdef LIKE '% gin %' LOOP EXECUTE 'DROP INDEX ' || name; END LOOP;
	END $$`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), crowd, epoch)
	require.NoError(t, err)
	for _, sql := range append(build, "ANALYZE users") {
		_, err = pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
}

// narrowings are filters, one at a time.
func narrowings() []users.Filter {
	at := func(i int) *time.Time { return new(epoch.Add(time.Duration(i) * 10 * time.Minute)) }
	out := []users.Filter{
		{}, {RegisteredFrom: at(40_000), RegisteredTo: at(50_000)}, {RegisteredFrom: at(30_000), RegisteredTo: at(30_100)}, {RegisteredTo: at(10_000)},
		{RegisteredFrom: at(90_000)}, {RegisteredFrom: at(200_000)}, {LastLoginAfter: at(30_000), LastLoginBefore: at(30_100)},
		{LastLoginBefore: at(10_000)}, {LastLoginAfter: at(90_000)}, {LastLoginAfter: at(200_000)},
	}
	for _, r := range spec.Roles() {
		out = append(out, users.Filter{Role: &r})
	}
	for _, s := range []spec.UserStatus{spec.UserStatusActive, spec.UserStatusSuspended} {
		out = append(out, users.Filter{Status: &s})
	}
	for _, b := range []bool{true, false} {
		out = append(out, users.Filter{Verified: &b}, users.Filter{Locked: &b}, users.Filter{Professional: &b})
	}
	for _, fields := range []string{`{"team":"red"}`, `{"team":"none"}`, `{"level":3}`, `{"nope":3}`} {
		out = append(out, users.Filter{Fields: fields})
	}
	// Everywhere, often, rarely and nowhere; what has trigrams and what has none.
	for _, part := range []string{"e", "z", "q", "%", "_", "'", "zh", "qx", "--", "%%%", "a.c", "example", "lovelace 5", "def4", "zzzz", "josé", "wei zhang 100"} {
		out = append(out, users.Filter{Part: part})
	}
	for _, words := range []string{"ships", "ada", "ada lovelace", "nothing", `"wei zhang" 100`, "-ships", "ada -ships", "ada or wei"} {
		out = append(out, users.Filter{Words: words})
	}
	return out
}

// TestPlans (NEVER18): no list reads all accounts to show a page of them, in whatever order and however deep, and however
// many pass the filter. An account is in a block of the table, of which there are some 12,000.
func TestPlans(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	fill(t, pool)
	e := dbtest.Explain(t, store.Planned(pool))
	rows, err := db.New().ListUsers(t.Context(), pool, db.ListUsersParams{Key: epoch.Add(50_000 * 10 * time.Minute).Format(time.RFC3339), Size: 1})
	require.NoError(t, err)
	deep := rows[0]
	read := func(f users.Filter, order spec.UserOrder, after users.Place, most int) {
		said, err := json.Marshal(f)
		require.NoError(t, err)
		_, err = users.List(t.Context(), e, f, order, after, 21)
		require.NoError(t, err)
		told := fmt.Sprintf("%s %s %v\n%s", said, order, after, e.Text)
		require.True(t, e.Plan.ByIndex(), told)
		require.LessOrEqual(t, e.Plan.Buffers(), most, told)
	}
	all := narrowings()
	for i, f := range all {
		for _, order := range orders {
			most := 8000
			if strings.HasSuffix(string(order), "last_name") && (f.Part != "" || f.Words != "") {
				most = 100_000 // who is looked for by last name stands together in that order, which the planner cannot know
			}
			read(f, order, users.Place{}, most)
			read(f, order, users.PlaceOf(deep, order), most)
		}
		for _, also := range all[i+1:] {
			read(both(t, f, also), spec.UserOrderMinusCreatedAt, users.Place{}, 20_000)
		}
	}
	for _, order := range []spec.UserOrder{spec.UserOrderCreatedAt, spec.UserOrderMinusCreatedAt} {
		read(users.Filter{}, order, users.Place{}, 100)
		read(users.Filter{}, order, users.PlaceOf(deep, order), 100)
	}
}

// both is a filter with what another one wants too, as far as that says something else.
func both(t *testing.T, f, also users.Filter) users.Filter {
	t.Helper()
	for _, set := range []users.Filter{also, f} {
		said, err := json.Marshal(set)
		require.NoError(t, err)
		var given map[string]any
		require.NoError(t, json.Unmarshal(said, &given))
		for name, value := range given {
			if value == nil || value == "" {
				delete(given, name)
			}
		}
		said, err = json.Marshal(given)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(said, &also))
	}
	return also
}

// TestHotList: the list that is read most gets one plan, which is not made anew each time.
func TestHotList(t *testing.T) {
	t.Parallel()
	c := dbtest.New(t).Config()
	c.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), c)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), `
		INSERT INTO users (id, email, email_key, nickname, nickname_key, role, created_at)
		SELECT gen_random_uuid(), i, i, i, i, 'AUTHOR', $1::timestamptz + i * interval '1 hour' FROM generate_series(1, 5000) i`, epoch)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "ANALYZE users")
	require.NoError(t, err)
	for _, order := range []spec.UserOrder{spec.UserOrderCreatedAt, spec.UserOrderMinusCreatedAt} {
		after := users.Place{}
		for range 10 {
			page, err := users.List(t.Context(), pool, users.Filter{}, order, after, 51)
			require.NoError(t, err)
			require.Len(t, page, 51)
			after = users.PlaceOf(page[50], order)
		}
	}
	var generic int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%page%LIMIT%'").Scan(&generic))
	require.Greater(t, generic, 8)
}

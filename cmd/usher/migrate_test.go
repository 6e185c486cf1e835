package main

import (
	"context"
	"crypto/rand"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/dbtest"
)

const unmigrated = "the database lacks migrations: run `usher migrate up`"

// ours counts what is in the schema public, but for what extensions brought.
func ours(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	require.NoError(t, conn.QueryRow(t.Context(), `
		SELECT count(*) FROM (
			SELECT oid, relnamespace AS place FROM pg_class
			UNION ALL SELECT oid, typnamespace FROM pg_type
			UNION ALL SELECT oid, pronamespace FROM pg_proc) AS things
		WHERE place = 'public'::regnamespace
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = things.oid AND d.deptype = 'e')`).Scan(&n))
	return n
}

// unapplied counts the migrations that the database lacks, according to the table that migrate prints.
func unapplied(t *testing.T, table string) int {
	t.Helper()
	require.Regexp(t, `^NUMBER +NAME +APPLIED\n1 +users +`, table)
	return len(regexp.MustCompile(`(?m) -$`).FindAllString(table, -1))
}

func TestMigrate(t *testing.T) {
	env := variables{"DATABASE_URL": dbtest.Empty(t)}
	migrate := func(args ...string) string {
		t.Helper()
		return command(t, env, "", append([]string{"migrate"}, args...)...).succeeds(t)
	}
	all := unapplied(t, migrate("status"))
	require.Greater(t, all, 1)
	require.Zero(t, ours(t, env["DATABASE_URL"]), "asking changes nothing")

	require.Zero(t, unapplied(t, migrate("up")))
	require.Zero(t, unapplied(t, migrate("up")))
	require.Zero(t, unapplied(t, migrate("status")))
	made := ours(t, env["DATABASE_URL"])
	require.Equal(t, 1, unapplied(t, migrate("down")))
	require.Zero(t, unapplied(t, migrate("up")))

	for range 2 {
		require.Equal(t, "Everything is gone.\n", migrate("reset", "--yes"))
		require.Zero(t, ours(t, env["DATABASE_URL"]))
	}
	require.Zero(t, unapplied(t, migrate("up")))
	require.Equal(t, made, ours(t, env["DATABASE_URL"]))
}

func TestResetAsks(t *testing.T) {
	env := variables{"DATABASE_URL": dbtest.URL(t)}
	made := ours(t, env["DATABASE_URL"])
	for _, answer := range []string{"", "\n", "y\n", "yes\n", "RESET\n", "reset it\n"} {
		e := command(t, env, answer, "migrate", "reset")
		require.Empty(t, e.out)
		require.Regexp(t, `^This deletes all accounts in the database "usher_test_\w+"\. Type reset to go on: \nusher: nothing was changed(; where nobody can type, add --yes)?\n$`, e.errs)
		require.Equal(t, 1, e.code)
	}
	require.Equal(t, made, ours(t, env["DATABASE_URL"]))

	require.Equal(t, "Everything is gone.\n", command(t, env, "reset\n", "migrate", "reset").out)
	require.Zero(t, ours(t, env["DATABASE_URL"]))
}

func TestUnmigratedDatabaseIsRefused(t *testing.T) {
	env := complete().with(variables{"DATABASE_URL": dbtest.Empty(t), "USHER_LISTEN": "127.0.0.1:0"})
	for _, args := range [][]string{{"serve"}, {"serve", "--work"}, {"work"}, {"user", "create", "--email", "ada@example.com"}, {"migrate", "grant", "usher_app"}} {
		command(t, env, "", args...).fails(t, unmigrated)
	}
}

// TestMigrateGrant: the service runs as a role that owns nothing; what it may do is for package schema to test.
func TestMigrateGrant(t *testing.T) {
	owner := dbtest.New(t)
	env := onDatabaseOf(owner)
	role := "usher_test_" + strings.ToLower(rand.Text()[:12])
	command(t, env, "", "migrate", "grant", role).fails(t, `migrate: there is no role "`+role+`": make it first, with CREATE ROLE "`+role+`" LOGIN PASSWORD '...'`)
	_, err := owner.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN PASSWORD 'hunter2'")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := owner.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		require.NoError(t, err)
	})
	for range 2 {
		require.Equal(t, role+" may serve and work. It may add to the audit log, not change it.\n", command(t, env, "", "migrate", "grant", role).succeeds(t))
	}
	at, err := url.Parse(env["DATABASE_URL"])
	require.NoError(t, err)
	at.User = url.UserPassword(role, "hunter2")
	p, nobody := serving(t, env.with(variables{"DATABASE_URL": at.String()}), "--work")
	nobody.register("ada@example.com")
	p.stops()
	command(t, env, "", "migrate", "grant").fails(t, "accepts 1 arg(s), received 0")
}

// TestMigrateAsOwner: the role that migrates owns the database and is no superuser, whether somebody else installed the
// extension or not.
func TestMigrateAsOwner(t *testing.T) {
	for name, prepare := range map[string]string{
		"it makes the extension":  "",
		"the extension was there": "CREATE EXTENSION pg_trgm",
	} {
		t.Run(name, func(t *testing.T) {
			url := dbtest.Empty(t)
			env := variables{"DATABASE_URL": ownedBy(t, url, prepare)}
			service, before := newRole(t, url), ours(t, url)
			require.Zero(t, unapplied(t, command(t, env, "", "migrate", "up").succeeds(t)))
			command(t, env, "", "migrate", "grant", service).succeeds(t)
			for range 2 {
				require.Equal(t, "Everything is gone.\n", command(t, env, "", "migrate", "reset", "--yes").succeeds(t))
				require.Equal(t, before, ours(t, url))
				require.Zero(t, unapplied(t, command(t, env, "", "migrate", "up").succeeds(t)))
			}
		})
	}
}

// ownedBy gives a database to a new role, after some SQL, and returns its address for that role.
func ownedBy(t *testing.T, at, prepare string) string {
	t.Helper()
	role := newRole(t, at)
	u, err := url.Parse(at)
	require.NoError(t, err)
	asSuperuser(t, at, prepare+"; ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER TO "+role)
	t.Cleanup(func() { asSuperuser(t, at, "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER TO CURRENT_USER") })
	u.User = url.UserPassword(role, "hunter2")
	return u.String()
}

// newRole makes a role that may sign in, and takes it away when t ends.
func newRole(t *testing.T, at string) string {
	t.Helper()
	role := "usher_test_" + strings.ToLower(rand.Text()[:12])
	asSuperuser(t, at, "CREATE ROLE "+role+" LOGIN PASSWORD 'hunter2'")
	t.Cleanup(func() { asSuperuser(t, at, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	return role
}

func asSuperuser(t *testing.T, at, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), at)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(context.Background(), sql)
	require.NoError(t, err)
}

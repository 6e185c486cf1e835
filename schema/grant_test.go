package schema_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/schema"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/store"
)

const insufficientPrivilege = "42501"

// newRole makes a role, whose name has to be quoted, with a password that is its name. It goes when t ends, with all that
// it was given.
func newRole(t *testing.T, owner *pgxpool.Pool, attributes string) string {
	t.Helper()
	role := `usher test "` + rand.Text()[:12] + `"`
	quoted := pgx.Identifier{role}.Sanitize()
	_, err := owner.Exec(t.Context(), "CREATE ROLE "+quoted+" LOGIN PASSWORD '"+role+"' "+attributes)
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, end := range []string{"DROP OWNED BY ", "DROP ROLE "} {
			_, err := owner.Exec(context.Background(), end+quoted)
			require.NoError(t, err)
		}
	})
	return role
}

// as is a pool like the service's, of another role on the database of owner.
func as(t *testing.T, owner *pgxpool.Pool, role string) *pgxpool.Pool {
	t.Helper()
	u, err := url.Parse(owner.Config().ConnString())
	require.NoError(t, err)
	u.User = url.UserPassword(role, role)
	pool, err := store.Open(t.Context(), u.String(), store.Limits{MaxConns: 8, StatementTimeout: 8 * time.Second, LockTimeout: 4 * time.Second})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// refuses wants a statement to fail for want of a right.
func refuses(t *testing.T, conn interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
}, sql string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql)
	var pg *pgconn.PgError
	require.ErrorAs(t, err, &pg, sql)
	require.Equal(t, insufficientPrivilege, pg.Code, "%s: %s", sql, pg.Message)
}

// story runs what people do, with the worker, and wants it all in the audit log.
func story(t *testing.T, srv *apitest.Server) {
	t.Helper()
	smtp := srv.Work()
	const email = "ann@example.com"
	u := apitest.Do[spec.User](srv.Nobody(), "POST", spec.RegisterUserPath(), map[string]string{"email": email, "password": apitest.Password}, 201)
	links := smtp.Wait(t, email).Links()
	_, fragment, _ := strings.Cut(links[len(links)-1], "#")
	values, err := url.ParseQuery(fragment)
	require.NoError(t, err)
	apitest.Do[spec.Verified](srv.Nobody(), "POST", spec.ConfirmVerificationPath(), spec.VerificationConfirmation{UserID: u.ID, Token: values.Get("token")}, 200)
	for range 5 {
		srv.Nobody().Send("POST", spec.IssueTokenPath(), map[string]string{"grant_type": "password", "username": email, "password": "wrong"})
	}
	smtp.Wait(t, email) // that the account is locked
	admin := srv.Role(spec.RoleADMIN)
	require.Equal(t, 204, admin.Send("POST", spec.UnlockUserPath(u.ID), nil).Status)
	signIn := map[string]string{"grant_type": "password", "username": email, "password": apitest.Password}
	token := apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), signIn, 200)
	refresh := map[string]string{"grant_type": "refresh_token", "refresh_token": token.RefreshToken}
	token = apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), refresh, 200)
	own := srv.Bearer(token.AccessToken)
	apitest.Do[spec.User](own.With("Idempotency-Key", uuid.NewString()), "PATCH", spec.UpdateMePath(), `{"bio":"Likes ships."}`, 200)
	require.NotEmpty(t, apitest.Do[spec.AuditPage](own, "GET", spec.ListOwnAuditEntriesPath(), nil, 200).Items)
	require.Equal(t, 204, admin.Send("DELETE", spec.DeleteUserPath(u.ID), nil).Status)
	require.Len(t, apitest.Do[spec.AuditPage](admin, "GET", spec.ListAuditEntriesPath(), nil, 200).Items, 12)
	require.Eventually(t, func() bool {
		var open int
		require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE kind = 'cleanup' AND state <> 'completed'").Scan(&open))
		return open == 0
	}, 20*time.Second, 20*time.Millisecond)
}

// TestGrantedRole (F4.3): the whole service runs as a role that can do no more than that; the audit log, least of all.
func TestGrantedRole(t *testing.T) {
	t.Parallel()
	owner := dbtest.New(t)
	role := newRole(t, owner, "")
	require.NoError(t, schema.Grant(t.Context(), owner, role))
	require.NoError(t, schema.Grant(t.Context(), owner, role), "once more changes nothing")
	pool := as(t, owner, role)
	require.False(t, pending(t, pool))
	story(t, apitest.On(t, pool))

	for _, sql := range []string{
		"UPDATE audit_entries SET action = 'nothing.happened'",
		"UPDATE audit_entries SET details = '{}' WHERE false",
		"DELETE FROM audit_entries",
		"TRUNCATE audit_entries",
		"INSERT INTO audit_entries (id, action, actor_kind) SELECT id, action, actor_kind FROM audit_entries ON CONFLICT (id) DO UPDATE SET action = 'nothing.happened'",
		"SELECT * FROM audit_entries FOR UPDATE",
		"DROP TABLE audit_entries",
		"ALTER TABLE audit_entries ADD COLUMN more text",
		"ALTER TABLE audit_entries OWNER TO CURRENT_USER",
		"ALTER TABLE audit_entries DISABLE TRIGGER append_only",
		"DROP TRIGGER append_only ON audit_entries",
		"CREATE TRIGGER mine BEFORE INSERT ON audit_entries EXECUTE FUNCTION refuse_change()",
		"CREATE RULE mine AS ON INSERT TO audit_entries DO INSTEAD NOTHING",
		"CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
		"SET session_replication_role = replica",
		"SET ROLE " + pgx.Identifier{owner.Config().ConnConfig.User}.Sanitize(),
		"UPDATE goose_db_version SET is_applied = false",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, true)",
		"TRUNCATE users CASCADE",
		"DROP TABLE users",
		"CREATE TABLE mine ()",
		"CREATE INDEX mine ON users (bio)",
		"ALTER TYPE user_role ADD VALUE 'GOD'",
	} {
		refuses(t, pool, sql)
	}
}

// TestAppendOnly (F4.3): not even the owner of the log changes it by accident.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	owner := dbtest.New(t)
	_, err := owner.Exec(t.Context(), "INSERT INTO audit_entries (id, action, actor_kind) VALUES ($1, 'user.created', 'operator')", uuid.Must(uuid.NewV7()))
	require.NoError(t, err)
	for _, role := range []string{"origin", "replica", "local"} {
		tx, err := owner.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "SET LOCAL session_replication_role = "+role)
		require.NoError(t, err)
		for _, sql := range []string{
			"UPDATE audit_entries SET action = 'nothing.happened'",
			"DELETE FROM audit_entries",
			"TRUNCATE audit_entries",
			"INSERT INTO audit_entries (id, action, actor_kind) SELECT id, action, actor_kind FROM audit_entries ON CONFLICT (id) DO UPDATE SET action = 'nothing.happened'",
		} {
			nested, err := tx.Begin(t.Context())
			require.NoError(t, err)
			refuses(t, nested, sql)
			require.NoError(t, nested.Rollback(t.Context()))
		}
		require.NoError(t, tx.Rollback(t.Context()))
	}
}

// TestGrantLasts: what later migrations make is the role's as well, and what they make anew is as safe as before.
func TestGrantLasts(t *testing.T) {
	t.Parallel()
	owner := dbtest.New(t)
	role := newRole(t, owner, "")
	_, err := owner.Exec(t.Context(), "GRANT ALL ON ALL TABLES IN SCHEMA public TO "+pgx.Identifier{role}.Sanitize())
	require.NoError(t, err)
	require.NoError(t, schema.Grant(t.Context(), owner, role))
	may := func(rights, table string) (yes bool) {
		t.Helper()
		require.NoError(t, owner.QueryRow(t.Context(), "SELECT has_table_privilege($1, $2, $3)", role, table, rights).Scan(&yes))
		return yes
	}
	holds := func() {
		t.Helper()
		require.True(t, may("INSERT", "audit_entries") && may("SELECT", "audit_entries"))
		require.False(t, may("UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES", "audit_entries"))
		require.True(t, may("SELECT", "goose_db_version"))
		require.False(t, may("INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES", "goose_db_version"))
		rows, err := owner.Query(t.Context(), `
			SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('audit_entries', 'goose_db_version')`)
		require.NoError(t, err)
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Subset(t, tables, []string{"users", "river_job", "rate_limits", "profile_fields", "profile_field_violations", "imports", "exports"})
		for _, table := range tables {
			require.True(t, may("INSERT", table) && may("SELECT", table) && may("UPDATE", table) && may("DELETE", table), table)
			require.False(t, may("TRUNCATE, TRIGGER, REFERENCES", table), table)
		}
	}
	holds()
	all, err := schema.Status(t.Context(), owner)
	require.NoError(t, err)
	for range all {
		require.NoError(t, schema.Down(t.Context(), owner))
	}
	require.NoError(t, schema.Up(t.Context(), owner))
	holds()
	require.NoError(t, schema.Reset(t.Context(), owner))
	require.NoError(t, schema.Up(t.Context(), owner))
	holds()
	story(t, apitest.On(t, as(t, owner, role)))
}

// TestGrantRefuses: a role that could change the log all the same gets nothing.
func TestGrantRefuses(t *testing.T) {
	t.Parallel()
	owner := dbtest.New(t)
	require.ErrorContains(t, schema.Grant(t.Context(), owner, `no "such" role`),
		`there is no role "no ""such"" role": make it first, with CREATE ROLE "no ""such"" role" LOGIN PASSWORD '...'`)
	insider := newRole(t, owner, "")
	_, err := owner.Exec(t.Context(), "GRANT DELETE ON audit_entries TO "+pgx.Identifier{insider}.Sanitize())
	require.NoError(t, err)
	me := owner.Config().ConnConfig.User
	for why, role := range map[string]string{
		"owns the tables":       me,
		"is a superuser":        newRole(t, owner, "SUPERUSER"),
		"may make roles":        newRole(t, owner, "CREATEROLE"),
		"belongs to the owner":  newRole(t, owner, "IN ROLE "+pgx.Identifier{me}.Sanitize()),
		"may become the owner":  newRole(t, owner, "NOINHERIT IN ROLE "+pgx.Identifier{me}.Sanitize()),
		"may write whatever is": newRole(t, owner, "IN ROLE pg_write_all_data"),
	} {
		require.ErrorContains(t, schema.Grant(t.Context(), owner, role), "could change the audit log all the same", why)
		var defaults int
		require.NoError(t, owner.QueryRow(t.Context(), "SELECT count(*) FROM pg_default_acl").Scan(&defaults))
		require.Zero(t, defaults, why)
	}
	require.NoError(t, schema.Grant(t.Context(), owner, newRole(t, owner, "IN ROLE "+pgx.Identifier{insider}.Sanitize())), "what others had on the log is gone")
}

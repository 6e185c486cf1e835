package users_test

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// holding lists the tables with rows that have the text in any column, of whatever type.
func holding(t *testing.T, srv *apitest.Server, text string) []string {
	t.Helper()
	rows, err := srv.DB.Query(t.Context(), "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname")
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(tables), 15)
	return slices.DeleteFunc(tables, func(table string) bool {
		var found bool
		sql := fmt.Sprintf("SELECT EXISTS (SELECT FROM %s t WHERE strpos(lower(t::text), lower($1)) > 0 OR strpos(t::text, $2) > 0)", pgx.Identifier{table}.Sanitize())
		require.NoError(t, srv.DB.QueryRow(t.Context(), sql, text, hex.EncodeToString([]byte(text))).Scan(&found))
		return !found
	})
}

// done waits until the worker has nothing left to do now.
func done(t *testing.T, srv *apitest.Server) {
	t.Helper()
	require.Eventually(t, func() bool {
		var busy bool
		err := srv.DB.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable'))").Scan(&busy)
		return err == nil && !busy
	}, 20*time.Second, 20*time.Millisecond)
}

// wait records jobs that nobody has done when the account goes: one is for later, one is being done.
func wait(t *testing.T, srv *apitest.Server, id uuid.UUID, address string) {
	t.Helper()
	for _, state := range []string{"scheduled", "running"} {
		_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (any, error) {
			letter := users.Notice{UserID: id, About: users.AboutEmailChanged, To: state + "." + address, Reason: "Is that Zebu, who quacks?"}
			return nil, outbox.EnqueueAt(t.Context(), tx, time.Now().Add(time.Hour), letter)
		})
		require.NoError(t, err)
		alter(t, srv, "UPDATE river_job SET state = $1, attempted_at = now() WHERE args->>'to' = $2", state, state+"."+address)
	}
}

// TestErasure: an account on which everything hangs that can is deleted, and nothing in the database tells who that was.
// Facts and the audit log stay, about an id (USER1, NEVER21).
func TestErasure(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	boss := srv.User(spec.RoleADMIN)
	admin := srv.As(boss)
	const first, second, third = "zebulon@example.com", "zeb.quack@example.com", "third.zeb@example.com"

	register := draft(first, fmt.Sprintf(`"password":%q`, apitest.Password), `"nickname":"Zebu-One"`, `"first_name":"Zebulon"`, `"last_name":"Quackenbush"`)
	u := apitest.Do[spec.User](srv.Nobody().With("Idempotency-Key", "registration"), "POST", "/auth/register", register, 201)
	at := spec.GetUserPath(u.ID)
	link := regexp.MustCompile(`/verify#(\S+)`).FindStringSubmatch(smtp.Wait(t, first).Text)
	require.NotEmpty(t, link)
	alter(t, srv, "UPDATE users SET email_verified_at = now(), role = 'AUTHENTICATED' WHERE id = $1", u.ID)
	require.Equal(t, 200, admin.Send("PUT", spec.ChangeRolePath(u.ID), `{"role":"MANAGER","reason":"Helps out."}`).Status)

	grant := map[string]string{"grant_type": "password", "username": first, "password": apitest.Password}
	token := apitest.Do[spec.Token](srv.Nobody(), "POST", "/auth/token", grant, 200)
	me := srv.Bearer(token.AccessToken)
	give(t, srv, stored(t, srv, u), "motto", "Zebulon was here", true)
	alter(t, srv, "INSERT INTO profile_field_violations SELECT id, $1, 'not one of those' FROM profile_fields", u.ID)
	require.Equal(t, 200, me.Send("PATCH", "/me", `{"nickname":"Zebu-Two","bio":"Zebulon!","location":"Zebulon, NC","website_url":"https://zebulon.example"}`).Status)
	require.Equal(t, 201, me.With("Idempotency-Key", "theirs").Send("POST", "/users", draft("friend@example.org")).Status)
	require.Equal(t, 202, me.With("Content-Type", "text/csv").Send("POST", "/imports?dry_run=true", "email,first_name\nfriend@example.net,Kim\n").Status)
	require.Equal(t, 202, me.Send("POST", "/me/email", map[string]string{"email": second, "password": apitest.Password}).Status)
	require.Contains(t, smtp.Wait(t, second).Text, "/confirm-email#")
	require.Equal(t, 202, srv.Nobody().Send("POST", "/auth/password/forgot", map[string]string{"email": first}).Status)
	enrolment := apitest.Do[map[string]any](me, "POST", spec.EnrolSecondFactorPath(), nil, 200)
	code, err := totp.GenerateCode(enrolment["secret"].(string), time.Now())
	require.NoError(t, err)
	codes := apitest.Do[spec.RecoveryCodes](me, "POST", spec.ConfirmSecondFactorPath(), map[string]string{"otp": code}, 200)

	for range 6 {
		grant["password"] = "wrong, and wrong again"
		srv.Nobody().Send("POST", "/auth/token", grant)
	}
	require.Equal(t, 204, admin.Send("POST", spec.LockUserPath(u.ID), `{"reason":"Odd sign-ins."}`).Status)
	require.Equal(t, 204, admin.Send("POST", spec.UnlockUserPath(u.ID), nil).Status)
	require.Equal(t, 200, admin.Send("PATCH", at, fmt.Sprintf(`{"email":%q}`, third)).Status)
	require.Equal(t, 200, admin.Send("PUT", spec.SuspendUserPath(u.ID), `{"reason":"Spam."}`).Status)
	srv.As(stored(t, srv, u))
	alter(t, srv, "INSERT INTO known_networks (user_id, network) VALUES ($1, '192.0.2.0/24') ON CONFLICT DO NOTHING", u.ID)
	done(t, srv)
	wait(t, srv, u.ID, third)

	now := stored(t, srv, u)
	secrets := []string{"zebu", "quack", first, second, third, *now.PasswordHash, codes.RecoveryCodes[0], enrolment["secret"].(string), link[1]}
	require.Subset(t, holding(t, srv, "zebu"), []string{"users", "idempotent_answers"})
	require.Subset(t, holding(t, srv, third), []string{"users", "river_job"})
	require.Subset(t, holding(t, srv, first), []string{"idempotent_answers", "river_job"}, "the letter to the old address, which has gone")
	require.Subset(t, holding(t, srv, u.ID.String()), []string{"sessions", "one_time_tokens", "second_factors", "known_networks", "profile_field_violations"})

	require.Equal(t, 204, admin.Send("DELETE", at, nil).Status)
	apitest.Refused(admin, "GET", at, nil, spec.ProblemNotFound)
	for _, secret := range secrets {
		require.Empty(t, holding(t, srv, secret), secret)
	}
	require.Equal(t, []string{"audit_entries", "imports", "outbox", "river_job"}, holding(t, srv, u.ID.String()))
	var left string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT string_agg(state::text, ' ') FROM river_job WHERE args->>'user_id' = $1", u.ID.String()).Scan(&left))
	require.Equal(t, "running", left)

	told := apitest.Do[spec.AuditPage](admin, "GET", "/audit?limit=100&user_id="+u.ID.String(), nil, 200)
	require.Greater(t, len(told.Items), 8)
	require.Equal(t, "user.deleted", told.Items[0].Action)
	apitest.Do[spec.User](srv.Nobody(), "POST", "/auth/register", register, 201)
}

// TestWhatHangsOnUsers: whatever refers to an account goes with it, or lets go of it; nothing keeps it from being deleted.
func TestWhatHangsOnUsers(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	rows, err := srv.DB.Query(t.Context(), `
		SELECT conrelid::regclass || '.' || conname, confdeltype::text FROM pg_constraint WHERE contype = 'f' AND confrelid = 'users'::regclass`)
	require.NoError(t, err)
	var name, deletion string
	found := 0
	_, err = pgx.ForEachRow(rows, []any{&name, &deletion}, func() error {
		found++
		require.Contains(t, []string{"c", "n"}, deletion, "%s should say ON DELETE CASCADE or SET NULL", name)
		return nil
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, found, 5)
}

package auth_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/mail/smtptest"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const confirm = "/auth/verification/confirm"

// mailed reads the id and the token from the link of a verification mail.
func mailed(t *testing.T, srv *apitest.Server, m smtptest.Message) spec.VerificationConfirmation {
	t.Helper()
	links := m.Links()
	i := len(links) - 1
	for ; i >= 0 && !strings.Contains(links[i], "/verify#"); i-- {
	}
	require.GreaterOrEqual(t, i, 0, "%v", links)
	require.True(t, strings.HasPrefix(links[i], srv.URL+"/verify#"), links[i])
	_, fragment, _ := strings.Cut(links[i], "#")
	values, err := url.ParseQuery(fragment)
	require.NoError(t, err)
	return spec.VerificationConfirmation{UserID: uuid.MustParse(values.Get("user_id")), Token: values.Get("token")}
}

func TestVerification(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	for kind, role := range map[string]spec.Role{"reader": spec.RoleAUTHENTICATED, "author": spec.RoleAUTHOR} {
		email := kind + "@example.com"
		u := apitest.Do[spec.User](srv.Nobody(), "POST", register,
			fmt.Sprintf(`{"email":%q,"password":"tall ships sail at noon","kind":%q,"first_name":"Kim"}`, email, kind), 201)
		letter := smtp.Wait(t, email)
		require.Contains(t, letter.Text, "Kim")
		c := mailed(t, srv, letter)
		require.Equal(t, u.ID, c.UserID)

		var stored int
		require.NoError(t, srv.DB.QueryRow(t.Context(),
			"SELECT (SELECT count(*) FROM one_time_tokens WHERE encode(hash, 'escape') LIKE '%' || $1 || '%') + (SELECT count(*) FROM river_job WHERE args::text LIKE '%' || $1 || '%')",
			c.Token).Scan(&stored))
		require.Zero(t, stored, "the token itself is stored nowhere")

		apitest.Refused(srv.Nobody(), "POST", confirm, spec.VerificationConfirmation{UserID: c.UserID, Token: "wrong"}, spec.ProblemInvalidToken)
		apitest.Refused(srv.Nobody(), "POST", confirm, spec.VerificationConfirmation{UserID: uuid.New(), Token: c.Token}, spec.ProblemInvalidToken)
		v := apitest.Do[spec.Verified](srv.Nobody(), "POST", confirm, c, 200)
		require.Equal(t, role, v.Role)
		require.Equal(t, []string{"token"}, apitest.Rels(v.Links))
		apitest.Refused(srv.Nobody(), "POST", confirm, c, spec.ProblemInvalidToken)
	}
	require.ElementsMatch(t, []string{"user.registered", "user.verified", "user.registered", "user.verified"}, srv.Facts())
}

// TestConfirmAtOnce: of many confirmations of one token, one succeeds.
func TestConfirmAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("ann@example.com"), 201)
	c := mailed(t, srv, smtp.Wait(t, "ann@example.com"))
	require.Equal(t, map[int]int{200: 1, 400: 31}, race(32, func(int) int { return srv.Nobody().Send("POST", confirm, c).Status }))
}

func TestExpiredToken(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("ann@example.com"), 201)
	c := mailed(t, srv, smtp.Wait(t, "ann@example.com"))
	_, err := srv.DB.Exec(t.Context(), "UPDATE one_time_tokens SET expires_at = now() - interval '1 second'")
	require.NoError(t, err)
	apitest.Refused(srv.Nobody(), "POST", confirm, c, spec.ProblemInvalidToken)
}

// TestAdminStaysAdmin: confirming never takes a role away.
func TestAdminStaysAdmin(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	for _, role := range []spec.Role{spec.RoleMODERATOR, spec.RoleADMIN} {
		u := srv.User(role, func(d *users.Draft) { d.Verified = false })
		v := apitest.Do[spec.Verified](srv.Nobody(), "POST", confirm, mailed(t, srv, smtp.Wait(t, u.Email)), 200)
		require.Equal(t, role, v.Role)
	}
}

func TestAskAgain(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("Ann@example.com"), 201)
	first := mailed(t, srv, smtp.Wait(t, "Ann@example.com"))
	verified := srv.User(spec.RoleAUTHENTICATED)

	for _, email := range []string{"nobody@example.com", verified.Email, "ann@EXAMPLE.com"} {
		a := srv.Nobody().Send("POST", "/auth/verification", spec.VerificationRequest{Email: email})
		require.Equal(t, 202, a.Status)
		require.Empty(t, a.Body)
	}
	second := mailed(t, srv, smtp.Wait(t, "Ann@example.com"))
	require.NotEqual(t, first.Token, second.Token)
	apitest.Do[spec.Verified](srv.Nobody(), "POST", confirm, second, 200)
	apitest.Refused(srv.Nobody(), "POST", confirm, first, spec.ProblemInvalidToken)
	require.Len(t, smtp.Messages(), 2, "nobody else got one")
}

// TestAnotherAddress: a link that went to the old address does not confirm the new one.
func TestAnotherAddress(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("old@example.com"), 201)
	old := mailed(t, srv, smtp.Wait(t, "old@example.com"))
	apitest.Do[spec.User](srv.Role(spec.RoleMANAGER), "PATCH", spec.UpdateUserPath(u.ID), `{"email":"new@example.com"}`, 200)
	fresh := mailed(t, srv, smtp.Wait(t, "new@example.com"))
	apitest.Refused(srv.Nobody(), "POST", confirm, old, spec.ProblemInvalidToken)
	apitest.Do[spec.Verified](srv.Nobody(), "POST", confirm, fresh, 200)
}

// TestMailServerDown: registration answers as ever, and the mail goes out when the server is back.
func TestMailServerDown(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	smtp.Stop()
	u := apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("ann@example.com"), 201)
	require.Eventually(t, func() bool {
		var failed int
		require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE state = 'retryable' OR attempt > 1").Scan(&failed))
		return failed > 0
	}, waitFor, tick)
	var attempts int
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT max_attempts FROM river_job WHERE kind = 'verification-mail'").Scan(&attempts))
	require.Equal(t, outbox.Attempts, attempts, "an outage of hours is waited for")
	smtp.Restart()
	require.Equal(t, u.ID, mailed(t, srv, smtp.Wait(t, "ann@example.com")).UserID)
	stored, err := db.New().GetUser(t.Context(), srv.DB, u.ID)
	require.NoError(t, err)
	require.Nil(t, stored.EmailVerifiedAt)
}

// TestAnotherAddressMeanwhile: a mail that is being written while the address changes goes to the new one, so that no
// link in the old mailbox confirms it.
func TestAnotherAddressMeanwhile(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleANONYMOUS, func(d *users.Draft) { d.Verified = false })
	change, err := srv.DB.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = change.Rollback(t.Context()) }()
	patch := spec.UserPatch{Email: new("new@example.com")}
	_, err = users.Update(t.Context(), change, actor.Operator(), u.ID, patch)
	require.NoError(t, err)

	written := make(chan string, 1)
	go func() {
		email, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (string, error) {
			u, _, _, err := auth.MakeVerification(t.Context(), tx, u.ID, time.Hour)
			return u.Email, err
		})
		written <- fmt.Sprint(email, err)
	}()
	require.Eventually(t, func() bool {
		var waiting bool
		err := srv.DB.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waiting)
		return err == nil && waiting || len(written) > 0
	}, waitFor, tick)
	require.Empty(t, written, "it waits for the change")
	require.NoError(t, change.Commit(t.Context()))
	require.Equal(t, "new@example.com<nil>", <-written)
}

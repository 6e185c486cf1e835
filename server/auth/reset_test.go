package auth_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/mail/smtptest"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const (
	forgot = "/auth/password/forgot"
	reset  = "/auth/password/reset"

	fresh = "small boats drift at dawn" // a password that nobody has yet
)

// linked reads the id and the token from the link of a mail, which must lead to a page.
func linked(t testing.TB, srv *apitest.Server, m smtptest.Message, page string) spec.PasswordReset {
	t.Helper()
	var fragment string
	for _, link := range m.Links() {
		if rest, ok := strings.CutPrefix(link, srv.URL+page+"#"); ok {
			fragment = rest
		}
	}
	values, err := url.ParseQuery(fragment)
	require.NoError(t, err)
	require.NotEmpty(t, values.Get("token"), m.Text)
	return spec.PasswordReset{UserID: uuid.MustParse(values.Get("user_id")), Token: values.Get("token"), Password: fresh}
}

// forgotten asks for a reset mail, and reads it.
func forgotten(t testing.TB, srv *apitest.Server, smtp *smtptest.Server, email string) spec.PasswordReset {
	t.Helper()
	require.Equal(t, 202, srv.Nobody().Send("POST", forgot, spec.PasswordResetRequest{Email: email}).Status)
	return linked(t, srv, smtp.Wait(t, email), "/reset-password")
}

// idle waits until the worker has nothing left to do now.
func idle(t testing.TB, srv *apitest.Server) {
	t.Helper()
	require.Eventually(t, func() bool {
		var busy bool
		err := srv.DB.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable'))").Scan(&busy)
		return err == nil && !busy
	}, waitFor, tick)
}

// actors lists who did what, according to the audit log.
func actors(t testing.TB, srv *apitest.Server, user uuid.UUID, action string) []string {
	t.Helper()
	rows, err := srv.DB.Query(t.Context(), "SELECT actor_kind || coalesce(' ' || actor_id, '') FROM audit_entries WHERE user_id = $1 AND action = $2 ORDER BY id", user, action)
	require.NoError(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var who string
		require.NoError(t, rows.Scan(&who))
		out = append(out, who)
	}
	require.NoError(t, rows.Err())
	return out
}

func withPassword(srv *apitest.Server, email, secret string) apitest.Answer {
	return grant(srv, "grant_type", "password", "username", email, "password", secret)
}

func readUser(t testing.TB, srv *apitest.Server, id uuid.UUID) db.User {
	t.Helper()
	u, err := db.New().GetUser(t.Context(), srv.DB, id)
	require.NoError(t, err)
	return u
}

// TestResetPassword is SIGN9.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.FirstName = new("Kim") })
	phone, laptop := signIn(t, srv, u.Email), signIn(t, srv, u.Email)

	require.Equal(t, 202, srv.Nobody().Send("POST", forgot, spec.PasswordResetRequest{Email: strings.ToUpper(u.Email)}).Status)
	letter := smtp.Wait(t, u.Email)
	require.Contains(t, letter.Text, "Hello Kim")
	require.Contains(t, letter.Text, "1 hour")
	r := linked(t, srv, letter, "/reset-password")
	require.Equal(t, u.ID, r.UserID)
	var stored int
	require.NoError(t, srv.DB.QueryRow(t.Context(),
		"SELECT (SELECT count(*) FROM one_time_tokens WHERE encode(hash, 'escape') LIKE '%' || $1 || '%') + (SELECT count(*) FROM river_job WHERE args::text LIKE '%' || $1 || '%')",
		r.Token).Scan(&stored))
	require.Zero(t, stored, "the token itself is stored nowhere")
	apitest.Do[spec.User](srv.Bearer(phone.AccessToken), "GET", "/me", nil, 200)

	for _, wrong := range []spec.PasswordReset{
		{UserID: u.ID, Token: "wrong", Password: fresh}, {UserID: uuid.New(), Token: r.Token, Password: fresh},
		{UserID: srv.User(spec.RoleADMIN).ID, Token: r.Token, Password: fresh}, {UserID: u.ID, Token: phone.RefreshToken, Password: fresh},
	} {
		apitest.Refused(srv.Nobody(), "POST", reset, wrong, spec.ProblemInvalidToken)
	}
	for weak, field := range map[string]string{
		"fourteen chars": "/password too-short", u.Nickname + " " + u.Nickname: "/password own-data", "correct horse battery staple": "/password common",
	} {
		p := apitest.Refused(srv.Nobody(), "POST", reset, spec.PasswordReset{UserID: u.ID, Token: r.Token, Password: weak}, spec.ProblemInvalidRequest)
		require.Contains(t, apitest.Pointers(p), field, "and the token is as it was")
	}
	require.Equal(t, 204, srv.Nobody().Send("POST", reset, r).Status)
	apitest.Refused(srv.Nobody(), "POST", reset, r, spec.ProblemInvalidToken)

	for _, tok := range []spec.Token{phone, laptop} {
		apitest.Refused(srv.Bearer(tok.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
		require.Equal(t, 400, refresh(srv, tok.RefreshToken).Status)
	}
	require.Equal(t, 401, withPassword(srv, u.Email, apitest.Password).Status)
	require.Equal(t, 200, withPassword(srv, u.Email, fresh).Status)
	require.Equal(t, "Your Usher password was changed", smtp.Wait(t, u.Email).Subject)
	require.Equal(t, []string{
		"session.started", "session.started", "user.password-reset-requested", "session.ended", "session.ended", "user.password-changed", "session.started",
	}, srv.Facts())
	require.Equal(t, []string{"nobody"}, actors(t, srv, u.ID, "user.password-reset-requested"))
	var from string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT address FROM audit_entries WHERE action = 'user.password-reset-requested'").Scan(&from))
	require.Equal(t, "127.0.0.0/24", from, "though the worker wrote it down")
	require.Equal(t, []string{"user " + u.ID.String()}, actors(t, srv, u.ID, "user.password-changed"))
}

// TestForgotTellsNothing: every address gets the same answer and costs the same work; a mail goes to those who may have it.
func TestForgotTellsNothing(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	known, suspended := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleAUTHENTICATED)
	unverified := srv.User(spec.RoleANONYMOUS, func(d *users.Draft) { d.Verified, d.Email = false, "unverified@example.com" })
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET status = 'suspended' WHERE id = $1", suspended.ID)
	require.NoError(t, err)
	var header []string
	for _, email := range []string{known.Email, "nobody@example.com", suspended.Email, unverified.Email} {
		a := srv.Nobody().Send("POST", forgot, spec.PasswordResetRequest{Email: email})
		require.Equal(t, 202, a.Status)
		require.Empty(t, a.Body)
		var names []string
		for name := range a.Header {
			names = append(names, name)
		}
		if header == nil {
			header = names
		}
		require.ElementsMatch(t, header, names)
	}
	var jobs, kinds int
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT kind) FROM river_job WHERE kind <> 'verification-mail'").Scan(&jobs, &kinds))
	require.Equal(t, []int{4, 1}, []int{jobs, kinds})
	require.Empty(t, srv.Facts())

	smtp := srv.Work()
	linked(t, srv, smtp.Wait(t, known.Email), "/reset-password")
	idle(t, srv)
	got := map[string]int{}
	for _, m := range smtp.Messages() {
		got[m.To.Address]++
	}
	require.Equal(t, map[string]int{known.Email: 1, unverified.Email: 2}, got, "the unverified one was also asked to confirm")
	require.Equal(t, []string{"user.password-reset-requested", "user.password-reset-requested"}, srv.Facts())
}

// TestForgottenWhileMailIsDown: the mail is tried until it goes out, and that it was asked for is told once.
func TestForgottenWhileMailIsDown(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	smtp.Stop()
	u := srv.User(spec.RoleAUTHENTICATED)
	require.Equal(t, 202, srv.Nobody().Send("POST", forgot, spec.PasswordResetRequest{Email: u.Email}).Status)
	require.Eventually(t, func() bool {
		var tokens int
		err := srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM one_time_tokens WHERE user_id = $1", u.ID).Scan(&tokens)
		return err == nil && tokens > 1
	}, waitFor, tick)
	smtp.Restart()
	require.Equal(t, 204, srv.Nobody().Send("POST", reset, linked(t, srv, smtp.Wait(t, u.Email), "/reset-password")).Status)
	require.Equal(t, []string{"user.password-reset-requested", "user.password-changed"}, srv.Facts())
}

func TestResetExpires(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	r := forgotten(t, srv, smtp, srv.User(spec.RoleAUTHENTICATED).Email)
	_, err := srv.DB.Exec(t.Context(), "UPDATE one_time_tokens SET expires_at = now() - interval '1 second'")
	require.NoError(t, err)
	apitest.Refused(srv.Nobody(), "POST", reset, r, spec.ProblemInvalidToken)
}

// TestOnePurpose: a token works for what it was mailed for, and for nothing else.
func TestOnePurpose(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleANONYMOUS, func(d *users.Draft) { d.Verified = false })
	v := mailed(t, srv, smtp.Wait(t, u.Email))
	apitest.Refused(srv.Nobody(), "POST", reset, spec.PasswordReset{UserID: v.UserID, Token: v.Token, Password: fresh}, spec.ProblemInvalidToken)
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, v, spec.ProblemInvalidToken)
	r := forgotten(t, srv, smtp, u.Email)
	for _, path := range []string{confirm, confirmEmail} {
		apitest.Refused(srv.Nobody(), "POST", path, spec.VerificationConfirmation{UserID: r.UserID, Token: r.Token}, spec.ProblemInvalidToken)
	}
	apitest.Do[spec.Verified](srv.Nobody(), "POST", confirm, v, 200)
	require.Equal(t, 204, srv.Nobody().Send("POST", reset, r).Status, "none of them was used up by the tries")
}

// TestResetAtOnce: of many resets with one token, one succeeds, and its password is the one that counts.
func TestResetAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	r := forgotten(t, srv, smtp, u.Email)
	won := make(chan string, 32)
	require.Equal(t, map[int]int{204: 1, 400: 31}, race(32, func(i int) int {
		mine := spec.PasswordReset{UserID: r.UserID, Token: r.Token, Password: fmt.Sprintf("%s %d", fresh, i)}
		status := srv.Nobody().Send("POST", reset, mine).Status
		if status == 204 {
			won <- mine.Password
		}
		return status
	}))
	require.Equal(t, 200, withPassword(srv, u.Email, <-won).Status)
	require.Len(t, actors(t, srv, u.ID, "user.password-changed"), 1)
}

// TestResetUnlocks: a mailed token lets the owner of a locked account in at once.
func TestResetUnlocks(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	for range 5 {
		require.NotEqual(t, 200, withPassword(srv, u.Email, "not the password").Status)
	}
	locked := smtp.Wait(t, u.Email)
	require.Contains(t, locked.Text, "closed for 15 minutes")
	require.Contains(t, locked.Links(), srv.URL+"/forgot-password")
	require.Equal(t, spec.ProblemAccountLocked, decode[spec.OAuthError](t, withPassword(srv, u.Email, apitest.Password).Body).Code)

	require.Equal(t, 204, srv.Nobody().Send("POST", reset, forgotten(t, srv, smtp, u.Email)).Status)
	require.Equal(t, 200, withPassword(srv, u.Email, fresh).Status)
	require.Nil(t, readUser(t, srv, u.ID).LockedUntil)
	require.Equal(t, []string{"user.locked", "user.password-reset-requested", "user.unlocked", "user.password-changed", "session.started"}, srv.Facts())
	var reason string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT payload->>'reason' FROM outbox WHERE kind = 'user.unlocked'").Scan(&reason))
	require.Equal(t, string(spec.UnlockReasonPasswordReset), reason)
	require.Equal(t, []string{"system"}, actors(t, srv, u.ID, "user.locked"))
	subjects := []string{smtp.Wait(t, u.Email).Subject, smtp.Wait(t, u.Email).Subject}
	require.ElementsMatch(t, []string{"You can sign in to Usher again", "Your Usher password was changed"}, subjects)
}

// TestHijackedInAdvance: somebody registers with the address of a stranger, who then takes the account by mail. Nothing
// that the first one has or left behind opens it.
func TestHijackedInAdvance(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("owner@example.com"), 201)
	asked := mailed(t, srv, smtp.Wait(t, "owner@example.com"))
	attacker := srv.As(readUser(t, srv, u.ID)) // as if they had found a way in
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET pending_email = 'attacker@example.com' WHERE id = $1", u.ID)
	require.NoError(t, err)

	require.Equal(t, 204, srv.Nobody().Send("POST", reset, forgotten(t, srv, smtp, "owner@example.com")).Status)
	require.Equal(t, 401, withPassword(srv, "owner@example.com", apitest.Password).Status)
	apitest.Refused(attacker, "GET", "/me", nil, spec.ProblemUnauthenticated)
	apitest.Refused(srv.Nobody(), "POST", confirm, asked, spec.ProblemInvalidToken)
	tok := decode[spec.Token](t, withPassword(srv, "owner@example.com", fresh).Body)
	me := apitest.Do[spec.User](srv.Bearer(tok.AccessToken), "GET", "/me", nil, 200)
	require.NotNil(t, me.EmailVerifiedAt)
	require.Equal(t, spec.RoleAUTHENTICATED, me.Role)
	require.Nil(t, me.PendingEmail)
	require.Contains(t, srv.Facts(), "user.verified")
	require.Equal(t, []string{"user " + u.ID.String()}, actors(t, srv, u.ID, "user.verified"))
}

// TestResetVoidsOthers: one reset makes the links of other mails and half-finished sign-ins void.
func TestResetVoidsOthers(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	first, second := forgotten(t, srv, smtp, u.Email), forgotten(t, srv, smtp, u.Email)
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET second_factor_at = now() WHERE id = $1", u.ID)
	require.NoError(t, err)
	half := decode[spec.OAuthError](t, withPassword(srv, u.Email, apitest.Password).Body)
	require.NotNil(t, half.MfaToken)

	second.Password = "kettleox" // 8 characters do with a second factor
	require.Equal(t, 204, srv.Nobody().Send("POST", reset, second).Status)
	apitest.Refused(srv.Nobody(), "POST", reset, first, spec.ProblemInvalidToken)
	a := grant(srv, "grant_type", "urn:usher:grant-type:mfa", "mfa_token", *half.MfaToken, "otp", "123456")
	require.Equal(t, spec.ProblemInvalidGrant, decode[spec.OAuthError](t, a.Body).Code)
	require.NotNil(t, readUser(t, srv, u.ID).SecondFactorAt, "a mailbox alone does not take the second factor off")
	require.Equal(t, spec.ProblemMfaRequired, decode[spec.OAuthError](t, withPassword(srv, u.Email, "kettleox").Body).Code)
}

func TestStartPasswordReset(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	boss, manager, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleMANAGER), srv.User(spec.RoleAUTHOR)
	by := srv.As(manager)
	tok := signIn(t, srv, u.Email)

	a := by.Send("POST", spec.StartPasswordResetPath(u.ID), nil)
	require.Equal(t, 202, a.Status, string(a.Body))
	r := linked(t, srv, smtp.Wait(t, u.Email), "/reset-password")
	apitest.Do[spec.User](srv.Bearer(tok.AccessToken), "GET", "/me", nil, 200)
	require.Equal(t, 200, withPassword(srv, u.Email, apitest.Password).Status, "the old password works until the link is used")
	require.Equal(t, 204, srv.Nobody().Send("POST", reset, r).Status)
	require.Equal(t, 401, withPassword(srv, u.Email, apitest.Password).Status)
	require.Equal(t, []string{"user " + manager.ID.String()}, actors(t, srv, u.ID, "user.password-reset-requested"), "told once")

	apitest.Refused(by, "POST", spec.StartPasswordResetPath(boss.ID), nil, spec.ProblemForbidden)
	apitest.Refused(by, "POST", spec.StartPasswordResetPath(uuid.New()), nil, spec.ProblemNotFound)
	apitest.Refused(srv.As(u), "POST", spec.StartPasswordResetPath(u.ID), nil, spec.ProblemForbidden)
	require.Equal(t, 202, srv.As(boss).Send("POST", spec.StartPasswordResetPath(manager.ID), nil).Status)
	linked(t, srv, smtp.Wait(t, manager.Email), "/reset-password")
}

// TestAccountReady: who gets an account from staff chooses the password, which confirms the address.
func TestAccountReady(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := apitest.Do[spec.User](srv.Role(spec.RoleMANAGER), "POST", "/users", `{"email":"bob@example.com","first_name":"Bob"}`, 201)
	require.Equal(t, 401, withPassword(srv, u.Email, apitest.Password).Status)
	letter := smtp.Wait(t, u.Email)
	require.Equal(t, "Your Usher account is ready", letter.Subject)
	require.Contains(t, letter.Text, "Hello Bob")
	require.Equal(t, 204, srv.Nobody().Send("POST", reset, linked(t, srv, letter, "/reset-password")).Status)
	tok := decode[spec.Token](t, withPassword(srv, u.Email, fresh).Body)
	me := apitest.Do[spec.User](srv.Bearer(tok.AccessToken), "GET", "/me", nil, 200)
	require.NotNil(t, me.EmailVerifiedAt)
	require.Equal(t, spec.RoleAUTHENTICATED, me.Role)
	require.Equal(t, []string{"user.created", "user.verified", "user.password-changed", "session.started"}, srv.Facts())
	_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (struct{}, error) {
		return struct{}{}, enqueue(t, tx, users.PasswordMail{UserID: u.ID, New: true})
	})
	require.NoError(t, err)
	idle(t, srv)
	require.Len(t, smtp.Messages(), 2, "a letter that comes late is not sent: there is no step left")
}

package auth_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/mail/smtptest"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const (
	meEmail      = "/me/email"
	confirmEmail = "/auth/email/confirm"
)

func enqueue(t testing.TB, tx pgx.Tx, job river.JobArgs) error {
	t.Helper()
	return outbox.Enqueue(t.Context(), tx, job)
}

// askEmail asks for another address, and reads the mail that goes there.
func askEmail(t testing.TB, srv *apitest.Server, smtp *smtptest.Server, me *apitest.Client, email string) spec.EmailChangeConfirmation {
	t.Helper()
	a := me.Send("POST", meEmail, spec.EmailChange{Email: email, Password: apitest.Password})
	require.Equal(t, 202, a.Status, string(a.Body))
	r := linked(t, srv, smtp.Wait(t, email), "/confirm-email")
	return spec.EmailChangeConfirmation{UserID: r.UserID, Token: r.Token}
}

// TestChangeEmail is SIGN11.
func TestChangeEmail(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.Email, d.FirstName, d.LastName = "old@example.com", new("Kim"), new("Lee") })
	me := srv.Bearer(signIn(t, srv, u.Email).AccessToken)

	p := apitest.Refused(me, "POST", meEmail, spec.EmailChange{Email: "new@example.com", Password: "not the password"}, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/password wrong"}, apitest.Pointers(p))
	p = apitest.Refused(me, "POST", meEmail, spec.EmailChange{Email: "OLD@example.com", Password: apitest.Password}, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/email invalid"}, apitest.Pointers(p))
	p = apitest.Refused(me, "POST", meEmail, `{"email":"new","password":"tall ships sail at noon"}`, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/email format"}, apitest.Pointers(p))

	before := forgotten(t, srv, smtp, "old@example.com")
	require.Equal(t, 202, me.Send("POST", meEmail, spec.EmailChange{Email: "Neu@example.com", Password: apitest.Password}).Status)
	letter := smtp.Wait(t, "Neu@example.com")
	for _, name := range []string{"Kim", "Lee", "old@example.com", u.Nickname} {
		require.NotContains(t, letter.Raw, name, "a mistyped address is a stranger's")
	}
	r := linked(t, srv, letter, "/confirm-email")
	c := spec.EmailChangeConfirmation{UserID: r.UserID, Token: r.Token}
	shown := apitest.Do[spec.User](me, "GET", "/me", nil, 200)
	require.Equal(t, []string{"old@example.com", "Neu@example.com"}, []string{shown.Email, *shown.PendingEmail})
	signIn(t, srv, "old@example.com")
	require.Equal(t, 401, withPassword(srv, "neu@example.com", apitest.Password).Status)

	apitest.Refused(srv.Nobody(), "POST", confirmEmail, spec.EmailChangeConfirmation{UserID: u.ID, Token: "wrong"}, spec.ProblemInvalidToken)
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, spec.EmailChangeConfirmation{UserID: srv.User(spec.RoleADMIN).ID, Token: c.Token}, spec.ProblemInvalidToken)
	require.Equal(t, 204, srv.Nobody().Send("POST", confirmEmail, c).Status)
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, c, spec.ProblemInvalidToken)

	shown = apitest.Do[spec.User](me, "GET", "/me", nil, 200)
	require.Equal(t, "Neu@example.com", shown.Email)
	require.Nil(t, shown.PendingEmail)
	require.NotNil(t, shown.EmailVerifiedAt)
	signIn(t, srv, "neu@example.com")
	require.Equal(t, 401, withPassword(srv, "old@example.com", apitest.Password).Status)
	apitest.Refused(srv.Nobody(), "POST", reset, before, spec.ProblemInvalidToken)

	told := smtp.Wait(t, "old@example.com")
	require.Equal(t, "Your Usher account has a new e-mail address", told.Subject)
	require.Contains(t, told.Text, "N***@example. com")
	require.NotContains(t, told.Raw, "Neu@")
	require.Equal(t, []string{"user " + u.ID.String()}, actors(t, srv, u.ID, "user.email-change-requested"))
	require.Equal(t, []string{"user " + u.ID.String()}, actors(t, srv, u.ID, "user.email-changed"))
	var quoted int
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM outbox WHERE payload::text LIKE '%@%'").Scan(&quoted))
	require.Zero(t, quoted, "facts hold no addresses")
}

// TestChangeEmailAgain: asking again replaces the link, and it is the address of the last one that counts.
func TestChangeEmailAgain(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	first, second := askEmail(t, srv, smtp, me, "first@example.com"), askEmail(t, srv, smtp, me, "second@example.com")
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, first, spec.ProblemInvalidToken)
	require.Equal(t, map[int]int{204: 1, 400: 15}, race(16, func(int) int { return srv.Nobody().Send("POST", confirmEmail, second).Status }))
	require.Equal(t, "second@example.com", readUser(t, srv, u.ID).Email)
}

// TestStaffCorrectEmail: an address that staff set is not undone by a link that was mailed before.
func TestStaffCorrectEmail(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	c := askEmail(t, srv, smtp, srv.As(u), "intruder@example.com")
	apitest.Do[spec.User](srv.Role(spec.RoleMANAGER), "PATCH", spec.UpdateUserPath(u.ID), `{"email":"owner@example.com"}`, 200)
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, c, spec.ProblemInvalidToken)
	require.Equal(t, "owner@example.com", readUser(t, srv, u.ID).Email)
}

// TestChangeEmailExpires: the link works for a while, by the database's clock.
func TestChangeEmailExpires(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	c := askEmail(t, srv, smtp, srv.Role(spec.RoleAUTHENTICATED), "new@example.com")
	_, err := srv.DB.Exec(t.Context(), "UPDATE one_time_tokens SET expires_at = now() - interval '1 second'")
	require.NoError(t, err)
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, c, spec.ProblemInvalidToken)
}

// TestChangeToTakenEmail: an address is refused if somebody has it, and if somebody got it meanwhile.
func TestChangeToTakenEmail(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	other := srv.User(spec.RoleAUTHENTICATED)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	apitest.Refused(me, "POST", meEmail, spec.EmailChange{Email: strings.ToUpper(other.Email), Password: apitest.Password}, spec.ProblemEmailTaken)
	require.Empty(t, srv.Facts())

	c := askEmail(t, srv, smtp, me, "wanted@example.com")
	apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("wanted@example.com"), 201)
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, c, spec.ProblemEmailTaken)
	require.Equal(t, u.Email, readUser(t, srv, u.ID).Email)
}

// TestConcealedChange: where it is concealed who has an account, a taken address looks like any other to who asks; its
// owner is told.
func TestConcealedChange(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.Conceal = true }))
	smtp := srv.Work()
	other := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.FirstName = new("Olga") })
	var seen []string
	for _, email := range []string{other.Email, "free@example.com"} {
		me := srv.As(srv.User(spec.RoleAUTHENTICATED))
		a := me.Send("POST", meEmail, spec.EmailChange{Email: email, Password: apitest.Password})
		require.Equal(t, 202, a.Status)
		require.Equal(t, email, *apitest.Do[spec.User](me, "GET", "/me", nil, 200).PendingEmail)
		seen = append(seen, string(a.Body))
	}
	require.Equal(t, seen[0], seen[1])
	letter := smtp.Wait(t, other.Email)
	require.Equal(t, "You are registered at Usher already", letter.Subject)
	require.Contains(t, letter.Text, "Hello Olga")
	linked(t, srv, smtp.Wait(t, "free@example.com"), "/confirm-email")
	idle(t, srv)
	require.Len(t, smtp.Messages(), 2)
	require.Equal(t, []string{"user.email-change-requested", "user.email-change-requested"}, srv.Facts())
}

// TestProvedBefore: a password that was right when it was checked, but is not any more, changes nothing. An intruder's
// request that is under way while the owner resets the password comes too late.
func TestProvedBefore(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	intruder := actor.Actor{Caller: spec.Caller{ID: u.ID}, User: u}
	require.Equal(t, 204, srv.Nobody().Send("POST", reset, forgotten(t, srv, smtp, u.Email)).Status)
	for pointer, late := range map[string]func(tx pgx.Tx) error{
		"/password":         func(tx pgx.Tx) error { return auth.RequestEmail(t.Context(), tx, intruder, "x@example.com", false) },
		"/current_password": func(tx pgx.Tx) error { return auth.Change(t.Context(), tx, intruder, auth.NewPassword{Hash: "hash"}) },
	} {
		_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (struct{}, error) { return struct{}{}, late(tx) })
		require.ErrorContains(t, err, string(spec.ProblemInvalidRequest), pointer)
	}
	require.Nil(t, readUser(t, srv, u.ID).PendingEmail)
}

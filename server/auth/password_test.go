package auth_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const mePassword = "/me/password"

func change(current, next string) spec.PasswordChange {
	return spec.PasswordChange{CurrentPassword: current, Password: next}
}

// TestChangePassword is SIGN10.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	here, there := signIn(t, srv, u.Email), signIn(t, srv, u.Email)
	me := srv.Bearer(here.AccessToken)
	mailed := forgotten(t, srv, smtp, u.Email)

	p := apitest.Refused(me, "POST", mePassword, change("not the password", fresh), spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/current_password wrong"}, apitest.Pointers(p))
	for next, field := range map[string]string{
		apitest.Password: "/password invalid", "fourteen chars": "/password too-short", u.Nickname + u.Nickname: "/password own-data",
	} {
		p := apitest.Refused(me, "POST", mePassword, change(apitest.Password, next), spec.ProblemInvalidRequest)
		require.Contains(t, apitest.Pointers(p), field)
	}
	require.Equal(t, 200, withPassword(srv, u.Email, apitest.Password).Status, "a refusal changes nothing")

	require.Equal(t, 204, me.Send("POST", mePassword, change(apitest.Password, fresh)).Status)
	apitest.Do[spec.User](me, "GET", "/me", nil, 200)
	require.Equal(t, 200, refresh(srv, here.RefreshToken).Status)
	apitest.Refused(srv.Bearer(there.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Equal(t, 401, withPassword(srv, u.Email, apitest.Password).Status)
	require.Equal(t, 200, withPassword(srv, u.Email, fresh).Status)
	apitest.Refused(srv.Nobody(), "POST", reset, mailed, spec.ProblemInvalidToken)

	require.Equal(t, "Your Usher password was changed", smtp.Wait(t, u.Email).Subject)
	require.Equal(t, []string{"user " + u.ID.String()}, actors(t, srv, u.ID, "user.password-changed"))
	var told string
	require.NoError(t, srv.DB.QueryRow(t.Context(), `SELECT string_agg(DISTINCT payload->>'reason', ',') || ' ' || count(*) FROM outbox WHERE kind = 'session.ended'`).Scan(&told))
	require.Equal(t, "password-changed 2", told)
}

// TestChangePasswordAtOnce: of many changes from one password, one succeeds.
func TestChangePasswordAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	me := srv.Role(spec.RoleAUTHENTICATED)
	require.Equal(t, map[int]int{204: 1, 422: 15}, race(16, func(i int) int {
		return me.Send("POST", mePassword, change(apitest.Password, fmt.Sprintf("%s %d", fresh, i))).Status
	}))
}

// TestNoPasswordToChange: who has none does not know it.
func TestNoPasswordToChange(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	me := srv.As(srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.PasswordHash = nil }))
	p := apitest.Refused(me, "POST", mePassword, change(apitest.Password, fresh), spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/current_password wrong"}, apitest.Pointers(p))
	p = apitest.Refused(me, "POST", meEmail, spec.EmailChange{Email: "new@example.com", Password: apitest.Password}, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/password wrong"}, apitest.Pointers(p))
	require.Empty(t, srv.Facts())
}

// TestChangeEndsEmailChange: who fears that somebody knew the password ends with it what they may have asked for.
func TestChangeEndsEmailChange(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	c := askEmail(t, srv, smtp, me, "intruder@example.com")
	require.Equal(t, 204, me.Send("POST", mePassword, change(apitest.Password, fresh)).Status)
	apitest.Refused(srv.Nobody(), "POST", confirmEmail, c, spec.ProblemInvalidToken)
	require.Nil(t, apitest.Do[spec.User](me, "GET", "/me", nil, 200).PendingEmail)

	// A mail that was queued before goes nowhere.
	_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (struct{}, error) {
		return struct{}{}, enqueue(t, tx, users.EmailChangeMail{UserID: u.ID})
	})
	require.NoError(t, err)
	smtp.Wait(t, u.Email)
	idle(t, srv)
	require.Len(t, smtp.Messages(), 2)
}

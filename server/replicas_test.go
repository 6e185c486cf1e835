package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
)

// TestReplicas (SIGN6): what happens at one replica holds at the other from the very next request.
func TestReplicas(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	here, there := apitest.On(t, pool), apitest.On(t, pool)
	signIn := func(srv *apitest.Server, email, password string) apitest.Answer {
		return srv.Nobody().Send("POST", "/auth/token", map[string]string{"grant_type": "password", "username": email, "password": password})
	}
	enter := func(t *testing.T, email string) (token string, at *apitest.Client) {
		t.Helper()
		a := signIn(here, email, apitest.Password)
		require.Equal(t, 200, a.Status, string(a.Body))
		token = decode[spec.Token](t, a.Body).AccessToken
		require.Equal(t, 200, there.Bearer(token).Send("GET", "/me", nil).Status)
		return token, there.Bearer(token)
	}
	t.Run("signing out", func(t *testing.T) {
		token, at := enter(t, here.User(spec.RoleAUTHENTICATED).Email)
		require.Equal(t, 204, here.Bearer(token).Send("POST", "/auth/logout", nil).Status)
		apitest.Refused(at, "GET", "/me", nil, spec.ProblemUnauthenticated)
	})
	t.Run("deletion", func(t *testing.T) {
		u := here.User(spec.RoleAUTHENTICATED)
		_, at := enter(t, u.Email)
		require.Equal(t, 204, here.Role(spec.RoleADMIN).Send("DELETE", spec.DeleteUserPath(u.ID), nil).Status)
		apitest.Refused(at, "GET", "/me", nil, spec.ProblemUnauthenticated)
	})
	t.Run("suspension", func(t *testing.T) {
		u := here.User(spec.RoleAUTHENTICATED)
		_, at := enter(t, u.Email)
		_, err := pool.Exec(t.Context(), "UPDATE users SET status = 'suspended' WHERE id = $1", u.ID)
		require.NoError(t, err)
		apitest.Refused(at, "GET", "/me", nil, spec.ProblemUnauthenticated)
	})
	t.Run("a role changed in the database", func(t *testing.T) {
		u := here.User(spec.RoleMANAGER)
		_, at := enter(t, u.Email)
		apitest.Do[spec.UserPage](at, "GET", "/users", nil, 200)
		_, err := pool.Exec(t.Context(), "UPDATE users SET role = 'AUTHOR' WHERE id = $1", u.ID)
		require.NoError(t, err)
		apitest.Refused(at, "GET", "/users", nil, spec.ProblemForbidden)
	})
	t.Run("a changed password", func(t *testing.T) {
		u := here.User(spec.RoleAUTHENTICATED)
		_, at := enter(t, u.Email)
		token, _ := enter(t, u.Email)
		change := map[string]string{"current_password": apitest.Password, "password": "small boats drift at dawn"}
		require.Equal(t, 204, here.Bearer(token).Send("POST", "/me/password", change).Status)
		apitest.Refused(at, "GET", "/me", nil, spec.ProblemUnauthenticated)
	})
	t.Run("a lock", func(t *testing.T) {
		u := here.User(spec.RoleAUTHENTICATED)
		for i := range 5 {
			signIn([]*apitest.Server{here, there}[i%2], u.Email, "not this one at all")
		}
		for _, srv := range []*apitest.Server{here, there} {
			a := signIn(srv, u.Email, apitest.Password)
			require.Equal(t, spec.ProblemAccountLocked, decode[spec.OAuthError](t, a.Body).Code)
		}
	})
	t.Run("a limit", func(t *testing.T) {
		here, there := apitest.On(t, pool, limited(t)), apitest.On(t, pool, limited(t))
		ask := func(srv *apitest.Server) int {
			return srv.Nobody().Send("POST", "/auth/password/forgot", `{"email":"ann@example.com"}`).Status
		}
		for range 5 {
			require.Equal(t, http.StatusAccepted, ask(here))
		}
		require.Equal(t, http.StatusTooManyRequests, ask(there))
	})
}

package auth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
)

func refresh(srv *apitest.Server, token string) apitest.Answer {
	return grant(srv, "grant_type", "refresh_token", "refresh_token", token)
}

// TestRefreshAtOnce: of many refreshes with one token all get the same successor, and it works.
func TestRefreshAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	tok := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	successors := race(32, func(int) string {
		a := refresh(srv, tok.RefreshToken)
		if a.Status != 200 {
			return string(a.Body)
		}
		return decode[spec.Token](t, a.Body).RefreshToken
	})
	require.Len(t, successors, 1)
	for next := range successors {
		require.Equal(t, 200, refresh(srv, next).Status)
	}
}

// TestReuse: a token that was used before, and not just now, ends the session for whoever holds it.
func TestReuse(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	stolen := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	second := decode[spec.Token](t, refresh(srv, stolen.RefreshToken).Body)
	third := decode[spec.Token](t, refresh(srv, second.RefreshToken).Body)
	apitest.Do[spec.User](srv.Bearer(third.AccessToken), "GET", "/me", nil, 200)

	a := refresh(srv, stolen.RefreshToken)
	require.Equal(t, 400, a.Status)
	require.Equal(t, spec.ProblemInvalidGrant, decode[spec.OAuthError](t, a.Body).Code)
	require.Equal(t, 400, refresh(srv, third.RefreshToken).Status)
	for _, access := range []string{stolen.AccessToken, second.AccessToken, third.AccessToken} {
		apitest.Refused(srv.Bearer(access), "GET", "/me", nil, spec.ProblemUnauthenticated)
	}
	require.Equal(t, []string{"session.started", "session.ended"}, srv.Facts())
}

func TestGraceEnds(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.RefreshGrace = 0 }))
	tok := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	next := decode[spec.Token](t, refresh(srv, tok.RefreshToken).Body)
	require.Equal(t, 400, refresh(srv, tok.RefreshToken).Status)
	require.Equal(t, 400, refresh(srv, next.RefreshToken).Status, "reuse ended the session")
}

// TestSessionsEnd: refreshing pushes the end of an idle session on, but never past the session's lifetime.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.IdleLifetime, s.Lifetime = time.Hour, 90*time.Minute }))
	tok := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	_, err := srv.DB.Exec(t.Context(), `UPDATE sessions SET created_at = created_at - interval '50 minutes',
		expires_at = expires_at - interval '50 minutes', ends_at = ends_at - interval '50 minutes'`)
	require.NoError(t, err)
	tok = decode[spec.Token](t, refresh(srv, tok.RefreshToken).Body)
	var left time.Duration
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT expires_at - now() FROM sessions").Scan(&left))
	require.InDelta(t, 40, left.Minutes(), 1)
	_, err = srv.DB.Exec(t.Context(), "UPDATE sessions SET expires_at = now()")
	require.NoError(t, err)
	require.Equal(t, 400, refresh(srv, tok.RefreshToken).Status)
}

// TestRefreshOfTheSuspended: an account that may not sign in may not refresh.
func TestRefreshOfTheSuspended(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	tok := signIn(t, srv, u.Email)
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET status = 'suspended' WHERE id = $1", u.ID)
	require.NoError(t, err)
	require.Equal(t, 400, refresh(srv, tok.RefreshToken).Status)
}

// TestRefreshWithAScope: asking for what cannot be had uses nothing up.
func TestRefreshWithAScope(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.RefreshGrace = 0 }))
	tok := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	for _, scope := range []string{"users:delete", "made:up"} {
		a := grant(srv, "grant_type", "refresh_token", "refresh_token", tok.RefreshToken, "scope", scope)
		require.Equal(t, "invalid_scope", decode[spec.OAuthError](t, a.Body).Error)
	}
	a := grant(srv, "grant_type", "refresh_token", "refresh_token", tok.RefreshToken, "scope", "users:read:own")
	require.Equal(t, 200, a.Status)
	require.Equal(t, spec.RoleScopes(spec.RoleAUTHENTICATED).String(), decode[spec.Token](t, a.Body).Scope, "the answer says what the token has")
}

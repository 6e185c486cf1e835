package auth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/token"
)

// revokeToken sends a revocation request; fields come in pairs.
func revokeToken(srv *apitest.Server, fields ...string) apitest.Answer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return srv.Nobody().With("Content-Type", "application/x-www-form-urlencoded").Send("POST", spec.RevokeTokenPath(), form.Encode())
}

// TestRevokeToken (SIGN14, RFC 7009): whoever has a token, of whichever kind, ends its session with it.
func TestRevokeToken(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	access := func(tok, _ spec.Token) string { return tok.AccessToken }
	current := func(tok, _ spec.Token) string { return tok.RefreshToken }
	used := func(_, first spec.Token) string { return first.RefreshToken }
	for name, tt := range map[string]struct {
		sent   func(tok, first spec.Token) string
		fields []string
	}{
		"an access token":               {access, nil},
		"a refresh token":               {current, nil},
		"a refresh token that was used": {used, nil},
		"an access token by its hint":   {access, []string{"token_type_hint", "access_token"}},
		"a refresh token by its hint":   {current, []string{"token_type_hint", "refresh_token"}},
		"a wrong hint":                  {current, []string{"token_type_hint", "access_token"}},
		"an unknown hint":               {access, []string{"token_type_hint", "urn:saml2"}},
		"an empty hint":                 {access, []string{"token_type_hint", ""}},
		"a client and an extension":     {current, []string{"client_id", "app", "client_secret", "x", "made-up", "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			u := srv.User(spec.RoleAUTHENTICATED)
			first, other := signIn(t, srv, u.Email), signIn(t, srv, u.Email)
			tok := decode[spec.Token](t, refresh(srv, first.RefreshToken).Body)
			a := revokeToken(srv, append(tt.fields, "token", tt.sent(tok, first))...)
			require.Equal(t, 200, a.Status, string(a.Body))
			require.Empty(t, a.Body)
			over(t, srv, tok)
			over(t, srv, first)
			apitest.Do[spec.User](srv.Bearer(other.AccessToken), "GET", "/me", nil, 200)

			var why, kind, by string
			require.NoError(t, srv.DB.QueryRow(t.Context(), `SELECT details->>'reason', actor_kind, actor_id FROM audit_entries
				WHERE action = 'session.ended' AND user_id = $1`, u.ID).Scan(&why, &kind, &by))
			require.Equal(t, []string{string(spec.SessionEndRevoked), string(spec.AuditActorKindUser), u.ID.String()}, []string{why, kind, by})
		})
	}
}

// TestRevokeNothing: what is no token, or none that works, is answered alike, and ends nothing.
func TestRevokeNothing(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	tok, gone := signIn(t, srv, u.Email), signIn(t, srv, u.Email)
	id := read(t, tok.AccessToken).Session
	require.Equal(t, 204, srv.Bearer(gone.AccessToken).Send("POST", "/auth/logout", nil).Status)
	foreign, err := token.NewSecret([]byte("the secret of another service, long enough too"))
	require.NoError(t, err)
	now := time.Now()
	expired, err := srv.Auth.Keys.Current().Sign(token.Claims{
		Subject: u.ID, Session: id, Role: string(u.Role), ExpiresAt: now.Add(1), // tokens count in whole seconds
	}, now)
	require.NoError(t, err)
	parts := strings.Split(tok.AccessToken, ".")
	for name, sent := range map[string]string{
		"garbage":                            "garbage",
		"the session's id":                   id.String(),
		"an access token that was changed":   parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"an access token without signature":  parts[0] + "." + parts[1] + ".",
		"an access token that is over":       expired,
		"a refresh token of another service": token.NewRefresher(foreign).New(id).Token(),
		"a refresh token of another seed":    srv.Auth.Refresher.New(id).Token(),
		"a refresh token of no session":      srv.Auth.Refresher.New(uuid.New()).Token(),
		"a token of a session that is over":  gone.AccessToken,
		"its refresh token":                  gone.RefreshToken,
		"8192 characters":                    strings.Repeat("x", 8192),
	} {
		t.Run(name, func(t *testing.T) {
			a := revokeToken(srv, "token", sent)
			require.Equal(t, 200, a.Status, string(a.Body))
			require.Empty(t, a.Body)
		})
	}
	apitest.Do[spec.User](srv.Bearer(tok.AccessToken), "GET", "/me", nil, 200)
	require.Equal(t, 200, refresh(srv, tok.RefreshToken).Status)
	require.Equal(t, []string{"signed-out"}, endings(t, srv))
}

// TestRevokeWithoutAToken: only a request that lacks what it needs fails (RFC 7009 section 2.2.1).
func TestRevokeWithoutAToken(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	for _, fields := range [][]string{nil, {"token", ""}, {"token_type_hint", "access_token"}} {
		a := revokeToken(srv, fields...)
		require.Equal(t, 400, a.Status)
		require.Equal(t, "invalid_request", decode[spec.OAuthError](t, a.Body).Error)
	}
	require.Equal(t, 415, srv.Nobody().Send("POST", spec.RevokeTokenPath(), map[string]string{"token": "x"}).Status)
}

// TestRevokeAtOnce: of many who revoke tokens of one session, one ends it, and all are told that it is over.
func TestRevokeAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	tok := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	got := race(32, func(i int) int {
		return revokeToken(srv, "token", []string{tok.AccessToken, tok.RefreshToken}[i%2]).Status
	})
	require.Equal(t, map[int]int{200: 32}, got)
	require.Equal(t, []string{"revoked"}, endings(t, srv))
}

// TestRevokeOfTheSuspended: an account that may not sign in may still make sure that its tokens are dead for good.
func TestRevokeOfTheSuspended(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	tok := signIn(t, srv, u.Email)
	suspend := func(status spec.UserStatus) {
		_, err := srv.DB.Exec(t.Context(), "UPDATE users SET status = $1 WHERE id = $2", status, u.ID)
		require.NoError(t, err)
	}
	suspend(spec.UserStatusSuspended)
	require.Equal(t, 200, revokeToken(srv, "token", tok.RefreshToken).Status)
	suspend(spec.UserStatusActive)
	over(t, srv, tok)
}

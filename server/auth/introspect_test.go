package auth_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/token"
)

const inactive = `{"active":false}`

// told asks about a token that counts.
func (c credentials) told(t testing.TB, srv *apitest.Server, raw string) spec.Introspection {
	t.Helper()
	a := c.introspect(srv, raw)
	require.Equal(t, 200, a.Status, string(a.Body))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	told := decode[spec.Introspection](t, a.Body)
	require.True(t, told.Active, string(a.Body))
	return told
}

// TestIntrospectAccess (SIGN14): the answer says of an access token what the token says (RFC 7662 section 2.2).
func TestIntrospectAccess(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	blog := newClient(t, srv, "blog")
	u := srv.User(spec.RoleAUTHOR)
	tok := signIn(t, srv, u.Email)
	a := blog.introspect(srv, tok.AccessToken)
	require.Equal(t, 200, a.Status, string(a.Body))

	parsed, err := jwt.ParseInsecure([]byte(tok.AccessToken))
	require.NoError(t, err)
	text, err := json.Marshal(parsed)
	require.NoError(t, err)
	claims := decode[map[string]any](t, text)
	claims["aud"] = parsed.Audience()[0] // jwx writes a list
	claims["active"], claims["token_type"] = true, "Bearer"
	require.Equal(t, claims, decode[map[string]any](t, a.Body))
	require.Equal(t, u.ID, *blog.told(t, srv, tok.AccessToken).Sub)

	for _, hint := range []string{"access_token", "refresh_token", "something else"} {
		require.Equal(t, a.Body, blog.introspect(srv, tok.AccessToken, "token_type_hint", hint, "resource", "ignored").Body)
	}
}

// TestIntrospectRefresh (SIGN14): of the refresh tokens of a session the one that is good now counts.
func TestIntrospectRefresh(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	blog := newClient(t, srv, "blog")
	u := srv.User(spec.RoleAUTHENTICATED)
	tok := signIn(t, srv, u.Email)
	told := blog.told(t, srv, tok.RefreshToken)
	require.Equal(t, []any{"refresh_token", u.ID, spec.RoleAUTHENTICATED, tok.Scope, "usher", []string{"pwd"}},
		[]any{*told.TokenType, *told.Sub, *told.Role, *told.Scope, *told.ClientID, *told.Amr})
	require.Equal(t, *blog.told(t, srv, tok.AccessToken).Sid, *told.Sid)
	require.Nil(t, told.Jti)
	require.WithinDuration(t, time.Now(), time.Unix(*told.Iat, 0), time.Minute)
	require.WithinDuration(t, time.Now().Add(time.Hour), time.Unix(*told.Exp, 0), time.Minute, "when the session ends")

	next := decode[spec.Token](t, refresh(srv, tok.RefreshToken).Body)
	require.JSONEq(t, inactive, string(blog.introspect(srv, tok.RefreshToken).Body), "it was used")
	blog.told(t, srv, next.RefreshToken)
	blog.told(t, srv, tok.AccessToken)
	require.Equal(t, 200, refresh(srv, next.RefreshToken).Status, "asking uses nothing up")
}

// TestIntrospectNow (SIGN6): what an account may do counts as it is now, not as it was when the token was made.
func TestIntrospectNow(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.StaffFactor = true }))
	blog := newClient(t, srv, "blog")
	u := srv.User(spec.RoleAUTHENTICATED)
	tok := signIn(t, srv, u.Email)
	narrow := decode[spec.Token](t, grant(srv, "grant_type", "password", "username", u.Email, "password", apitest.Password, "scope", "users:read:own").Body)
	change := func(sql string, args ...any) {
		t.Helper()
		_, err := srv.DB.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	says := func(role spec.Role, scope string) {
		t.Helper()
		for _, raw := range []string{tok.AccessToken, tok.RefreshToken} {
			told := blog.told(t, srv, raw)
			require.Equal(t, role, *told.Role)
			require.Equal(t, scope, *told.Scope)
		}
		require.Equal(t, role, *blog.told(t, srv, narrow.AccessToken).Role)
		require.Equal(t, "users:read:own", *blog.told(t, srv, narrow.AccessToken).Scope)
	}
	says(spec.RoleAUTHENTICATED, spec.RoleScopes(spec.RoleAUTHENTICATED).String())
	change("UPDATE users SET role = $1 WHERE id = $2", spec.RoleADMIN, u.ID)
	says(spec.RoleAUTHENTICATED, spec.RoleScopes(spec.RoleAUTHENTICATED).String()) // until there is a second factor
	change("UPDATE users SET second_factor_at = now() WHERE id = $1", u.ID)
	says(spec.RoleADMIN, spec.RoleScopes(spec.RoleADMIN).String())

	change("UPDATE sessions SET amr = '{pwd,otp,mfa}', authenticated_at = now() - interval '1 hour'")
	told := blog.told(t, srv, tok.AccessToken)
	require.Equal(t, []string{"pwd", "otp", "mfa"}, *told.Amr)
	require.WithinDuration(t, time.Now().Add(-time.Hour), time.Unix(*told.AuthTime, 0), time.Minute)
}

// TestIntrospectInactive (SIGN14): of whatever does not count nothing is told, not even why.
func TestIntrospectInactive(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	blog := newClient(t, srv, "blog")
	for name, sql := range map[string]string{
		"a suspended account": "UPDATE users SET status = 'suspended' WHERE id = $1",
		"a deleted account":   "DELETE FROM users WHERE id = $1",
		"an ended session":    "UPDATE sessions SET revoked_at = now() WHERE user_id = $1",
		"an idle session":     "UPDATE sessions SET expires_at = now() WHERE user_id = $1",
	} {
		t.Run(name, func(t *testing.T) {
			u := srv.User(spec.RoleADMIN)
			tok := signIn(t, srv, u.Email)
			blog.told(t, srv, tok.AccessToken)
			_, err := srv.DB.Exec(t.Context(), sql, u.ID)
			require.NoError(t, err)
			for _, raw := range []string{tok.AccessToken, tok.RefreshToken} {
				a := blog.introspect(srv, raw)
				require.Equal(t, 200, a.Status)
				require.JSONEq(t, inactive, string(a.Body))
			}
		})
	}

	u := srv.User(spec.RoleADMIN)
	tok := signIn(t, srv, u.Email)
	session := *blog.told(t, srv, tok.AccessToken).Sid
	keys := keysOf(t, srv, token.EdDSA)
	keys.age(time.Hour)
	claims := token.Claims{Subject: u.ID, Session: session, Role: "ADMIN", ExpiresAt: time.Now().Add(-time.Minute)}
	expired, err := keys.keep().Sign(claims, time.Now().Add(-time.Hour/2))
	require.NoError(t, err)
	claims.ExpiresAt, claims.Subject = time.Now().Add(time.Hour), srv.User(spec.RoleADMIN).ID
	mismatched, err := srv.Auth.Keys.Current().Sign(claims, time.Now())
	require.NoError(t, err)
	elsewhere := apitest.New(t)
	foreign := signIn(t, elsewhere, elsewhere.User(spec.RoleADMIN).Email)
	mailed, _ := token.NewOneTime()
	for name, raw := range map[string]string{
		"expired": expired, "of another user": mismatched, "signed elsewhere": foreign.AccessToken, "refreshes elsewhere": foreign.RefreshToken,
		"changed": tok.AccessToken + "A", "changed, to refresh": tok.RefreshToken[:50] + foreign.RefreshToken[50:], "a word": "token", "mailed": mailed,
	} {
		t.Run(name, func(t *testing.T) {
			a := blog.introspect(srv, raw)
			require.Equal(t, 200, a.Status, string(a.Body))
			require.JSONEq(t, inactive, string(a.Body))
		})
	}
	require.Equal(t, 400, blog.introspect(srv, "").Status, "no token at all")
	require.Equal(t, 401, srv.Bearer(tok.AccessToken).Send("POST", "/auth/introspect", nil).Status, "users may not ask")
}

// TestIntrospectWritesNothing: to be asked about is not to be used.
func TestIntrospectWritesNothing(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	blog := newClient(t, srv, "blog")
	tok := signIn(t, srv, srv.User(spec.RoleADMIN).Email)
	_, err := srv.DB.Exec(t.Context(), "UPDATE sessions SET last_used_at = now() - interval '1 day'")
	require.NoError(t, err)
	stored := func() (rows []string) {
		for _, table := range []string{"sessions", "users", "audit_entries", "service_clients", "outbox", "one_time_tokens"} {
			result, err := srv.DB.Query(t.Context(), "SELECT xmin::text || to_jsonb(r)::text FROM "+table+" r ORDER BY 1")
			require.NoError(t, err)
			found, err := pgx.CollectRows(result, pgx.RowTo[string])
			require.NoError(t, err)
			rows = append(rows, found...)
		}
		return rows
	}
	before := stored()
	for _, raw := range []string{tok.AccessToken, tok.RefreshToken, "garbage"} {
		require.Equal(t, 200, blog.introspect(srv, raw).Status)
	}
	require.Equal(t, before, stored())
}

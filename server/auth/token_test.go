package auth_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/users"
)

const (
	tokenPath = "/auth/token"
	waitFor   = 20 * time.Second
	tick      = 20 * time.Millisecond
)

func grant(srv *apitest.Server, fields ...string) apitest.Answer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return srv.Nobody().With("Content-Type", "application/x-www-form-urlencoded").Send("POST", tokenPath, form.Encode())
}

func signIn(t testing.TB, srv *apitest.Server, email string) spec.Token {
	t.Helper()
	a := grant(srv, "grant_type", "password", "username", email, "password", apitest.Password)
	require.Equal(t, 200, a.Status, string(a.Body))
	return decode[spec.Token](t, a.Body)
}

func decode[T any](t testing.TB, body []byte) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(body, &v), string(body))
	return v
}

// TestOAuthClient: an unmodified OAuth 2.0 client signs in, calls, and refreshes by itself.
func TestOAuthClient(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHOR)
	config := oauth2.Config{ClientID: "any", Endpoint: oauth2.Endpoint{TokenURL: srv.URL + spec.IssueTokenPath()}}
	tok, err := config.PasswordCredentialsToken(t.Context(), u.Email, apitest.Password)
	require.NoError(t, err)
	require.Equal(t, "Bearer", tok.TokenType)
	require.WithinDuration(t, time.Now().Add(15*time.Minute), tok.Expiry, time.Minute)
	require.Equal(t, spec.RoleScopes(spec.RoleAUTHOR).String(), tok.Extra("scope"))

	tok.Expiry = time.Now().Add(-time.Minute)
	source := config.TokenSource(t.Context(), tok)
	next, err := source.Token()
	require.NoError(t, err)
	require.NotEqual(t, tok.AccessToken, next.AccessToken)
	require.NotEqual(t, tok.RefreshToken, next.RefreshToken)
	require.Equal(t, u.ID, apitest.Do[spec.User](srv.Bearer(next.AccessToken), "GET", "/me", nil, 200).ID)

	_, err = config.PasswordCredentialsToken(t.Context(), u.Email, "wrong")
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "invalid_grant", refused.ErrorCode)
}

func TestSignInFailures(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	unverified := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.Verified = false })
	anonymous := srv.User(spec.RoleANONYMOUS, func(d *users.Draft) { d.Verified = false })
	suspended := srv.User(spec.RoleAUTHENTICATED)
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET status = 'suspended' WHERE id = $1", suspended.ID)
	require.NoError(t, err)

	unknown := grant(srv, "grant_type", "password", "username", "nobody@example.com", "password", apitest.Password)
	wrong := grant(srv, "grant_type", "password", "username", u.Email, "password", "not this one at all")
	for _, a := range []apitest.Answer{unknown, wrong} {
		require.Equal(t, 401, a.Status)
		require.NotEmpty(t, a.Header.Get("WWW-Authenticate"))
	}
	same := func(a apitest.Answer) spec.OAuthError {
		e := decode[spec.OAuthError](t, a.Body)
		e.Instance = ""
		return e
	}
	require.Equal(t, same(unknown), same(wrong), "the words do not tell which")

	for name, tt := range map[string]struct {
		fields []string
		status int
		oauth  string
		code   spec.Problem
	}{
		"unverified, right password": {[]string{"grant_type", "password", "username", unverified.Email, "password", apitest.Password}, 403, "invalid_grant", spec.ProblemEmailUnverified},
		"unverified, with a scope":   {[]string{"grant_type", "password", "username", anonymous.Email, "password", apitest.Password, "scope", "users:read:own"}, 403, "invalid_grant", spec.ProblemEmailUnverified},
		"unverified, wrong password": {[]string{"grant_type", "password", "username", unverified.Email, "password", "wrong"}, 401, "invalid_grant", spec.ProblemInvalidCredentials},
		"suspended, right password":  {[]string{"grant_type", "password", "username", suspended.Email, "password", apitest.Password}, 403, "invalid_grant", spec.ProblemAccountSuspended},
		"suspended, wrong password":  {[]string{"grant_type", "password", "username", suspended.Email, "password", "wrong"}, 401, "invalid_grant", spec.ProblemInvalidCredentials},
		"no grant type":              {[]string{"username", u.Email}, 400, "invalid_request", spec.ProblemInvalidRequest},
		"another grant type":         {[]string{"grant_type", "magic"}, 400, "unsupported_grant_type", spec.ProblemUnsupportedGrantType},
		"no password":                {[]string{"grant_type", "password", "username", u.Email}, 400, "invalid_request", spec.ProblemInvalidRequest},
		"a scope beyond the role":    {[]string{"grant_type", "password", "username", u.Email, "password", apitest.Password, "scope", "users:delete"}, 400, "invalid_scope", spec.ProblemInvalidScope},
		"garbage to refresh with":    {[]string{"grant_type", "refresh_token", "refresh_token", "garbage"}, 400, "invalid_grant", spec.ProblemInvalidGrant},
	} {
		t.Run(name, func(t *testing.T) {
			a := grant(srv, tt.fields...)
			e := decode[spec.OAuthError](t, a.Body)
			require.Equal(t, []any{tt.status, tt.oauth, tt.code}, []any{a.Status, e.Error, e.Code})
		})
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleMANAGER, func(d *users.Draft) { d.Email = "Ann@Example.com" })
	grant(srv, "grant_type", "password", "username", u.Email, "password", "wrong")
	failures := func() (n int) {
		require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT coalesce(sum(failures), 0) FROM sign_in_attempts").Scan(&n))
		return n
	}
	grant(srv, "grant_type", "password", "username", "ANN@example.com", "password", "wrong again")
	require.Equal(t, 2, failures())
	tok := decode[spec.Token](t, srv.Nobody().Send("POST", tokenPath,
		map[string]string{"grant_type": "password", "username": "ANN@example.com", "password": apitest.Password, "client_id": "ignored"}).Body)
	require.Zero(t, failures(), "a success resets the counter")
	me := apitest.Do[spec.User](srv.Bearer(tok.AccessToken), "GET", "/me", nil, 200)
	require.WithinDuration(t, time.Now(), *me.LastLoginAt, time.Minute)

	t.Run("narrowed by scope", func(t *testing.T) {
		a := grant(srv, "grant_type", "password", "username", u.Email, "password", apitest.Password, "scope", "users:read:own")
		narrow := decode[spec.Token](t, a.Body)
		require.Equal(t, "users:read:own", narrow.Scope)
		apitest.Do[spec.User](srv.Bearer(narrow.AccessToken), "GET", "/me", nil, 200)
		apitest.Refused(srv.Bearer(narrow.AccessToken), "GET", "/users", nil, spec.ProblemForbidden)
	})
	t.Run("a hash of other parameters is replaced", func(t *testing.T) {
		stronger, err := password.NewHasher(password.Params{MemoryKiB: 128, Iterations: 2, Parallelism: 1}, 1, 1)
		require.NoError(t, err)
		old, err := stronger.Hash(t.Context(), apitest.Password)
		require.NoError(t, err)
		_, err = srv.DB.Exec(t.Context(), "UPDATE users SET password_hash = $1 WHERE id = $2", old, u.ID)
		require.NoError(t, err)
		signIn(t, srv, u.Email)
		signIn(t, srv, u.Email)
		var now string
		require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT password_hash FROM users WHERE id = $1", u.ID).Scan(&now))
		require.Contains(t, now, "m=64,t=1")
	})
	t.Run("a password in another Unicode form", func(t *testing.T) {
		apitest.Do[spec.User](srv.Nobody(), "POST", register, `{"email":"bo@example.com","password":"grüne Wälder im März"}`, 201)
		_, err := srv.DB.Exec(t.Context(), "UPDATE users SET email_verified_at = now() WHERE email = 'bo@example.com'")
		require.NoError(t, err)
		require.Equal(t, 200, grant(srv, "grant_type", "password", "username", "bo@example.com", "password", "gru\u0308ne Wa\u0308lder im Ma\u0308rz").Status)
	})
}

// TestTokensVerify: an access token can be checked with the published keys alone (RFC 9068, RFC 7517).
func TestTokensVerify(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleMODERATOR)
	tok := signIn(t, srv, u.Email)
	keys, err := jwk.Fetch(t.Context(), srv.URL+"/.well-known/jwks.json")
	require.NoError(t, err)
	parsed, err := jwt.ParseString(tok.AccessToken, jwt.WithKeySet(keys), jwt.WithIssuer("http://usher.test"), jwt.WithAudience("http://usher.test"))
	require.NoError(t, err)
	require.Equal(t, u.ID.String(), parsed.Subject())
	require.NotEmpty(t, parsed.JwtID())
	require.WithinDuration(t, time.Now().Add(15*time.Minute), parsed.Expiration(), time.Minute)
	role, _ := parsed.Get("role")
	require.Equal(t, "MODERATOR", role)
	scope, _ := parsed.Get("scope")
	require.Equal(t, tok.Scope, scope)
	sid, _ := parsed.Get("sid")
	require.NotEmpty(t, sid)
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	tok, other := signIn(t, srv, u.Email), signIn(t, srv, u.Email)
	require.Equal(t, 204, srv.Bearer(tok.AccessToken).Send("POST", "/auth/logout", nil).Status)
	apitest.Refused(srv.Bearer(tok.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Equal(t, 400, grant(srv, "grant_type", "refresh_token", "refresh_token", tok.RefreshToken).Status)
	apitest.Do[spec.User](srv.Bearer(other.AccessToken), "GET", "/me", nil, 200)
	require.Contains(t, srv.Facts(), "session.ended")
}

// TestAtOnce: what ends or changes a right counts from the very next request, on every replica.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	replica := apitest.On(t, srv.DB, apitest.Settings(func(*auth.Settings) {}))
	for name, tt := range map[string]struct {
		sql  string
		want int
	}{
		"suspension":          {"UPDATE users SET status = 'suspended' WHERE id = $1", 401},
		"deletion":            {"DELETE FROM users WHERE id = $1", 401},
		"demotion":            {"UPDATE users SET role = 'AUTHOR' WHERE id = $1", 403},
		"end of the session":  {"UPDATE sessions SET revoked_at = now() WHERE user_id = $1", 401},
		"an idle session":     {"UPDATE sessions SET expires_at = now() WHERE user_id = $1", 401},
		"nothing in between":  {"SELECT $1::uuid", 200},
		"promotion to admin":  {"UPDATE users SET role = 'ADMIN' WHERE id = $1", 200},
		"a role in its place": {"UPDATE users SET role = 'MANAGER' WHERE id = $1", 200},
	} {
		t.Run(name, func(t *testing.T) {
			u := srv.User(spec.RoleMANAGER)
			tok := signIn(t, srv, u.Email)
			require.Equal(t, 200, replica.Bearer(tok.AccessToken).Send("GET", "/users", nil).Status)
			_, err := srv.DB.Exec(t.Context(), tt.sql, u.ID)
			require.NoError(t, err)
			require.Equal(t, tt.want, replica.Bearer(tok.AccessToken).Send("GET", "/users", nil).Status)
			require.Equal(t, tt.want, srv.Bearer(tok.AccessToken).Send("GET", "/users", nil).Status)
		})
	}
}

package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
)

// bearer is somebody who has one good token of every kind.
type bearer struct {
	srv    *apitest.Server
	user   db.User
	client string // the id of a service client
	tokens map[string]string
}

// oneTime are the kinds of tokens that are used once, by their purpose in the database.
var oneTime = map[string]db.TokenPurpose{
	"verification": db.TokenPurposeVerifyEmail, "password reset": db.TokenPurposeResetPassword,
	"e-mail change": db.TokenPurposeChangeEmail, "mfa token": db.TokenPurposeSecondFactor,
}

func newBearer(t *testing.T, srv *apitest.Server) bearer {
	t.Helper()
	ctx := t.Context()
	b := bearer{srv: srv, user: srv.User(spec.RoleADMIN), tokens: map[string]string{}}
	a := srv.Nobody().Send("POST", "/auth/token", map[string]string{"grant_type": "password", "username": b.user.Email, "password": apitest.Password})
	session := decode[spec.Token](t, a.Body)
	b.tokens["access"], b.tokens["refresh"] = session.AccessToken, session.RefreshToken
	next, err := url.Parse(apitest.Do[spec.UserPage](srv.Bearer(session.AccessToken), "GET", "/users?limit=1", nil, 200).Links.Next.Href)
	require.NoError(t, err)
	b.tokens["cursor"] = next.Query().Get("cursor")
	keep := func(plain string, hash []byte, purpose db.TokenPurpose) string {
		require.NoError(t, db.New().CreateOneTimeToken(ctx, srv.DB, db.CreateOneTimeTokenParams{
			Hash: hash, UserID: b.user.ID, Purpose: purpose, Lifetime: time.Hour,
		}))
		return plain
	}
	for kind, purpose := range oneTime {
		plain, hash := token.NewOneTime()
		b.tokens[kind] = keep(plain, hash, purpose)
	}
	plain, hash := token.NewRecoveryCode()
	b.tokens["recovery code"] = keep(plain, hash, db.TokenPurposeRecoveryCode)
	_, err = store.InTx(ctx, srv.DB, func(tx pgx.Tx) (_ any, err error) {
		b.client, b.tokens["client secret"], err = auth.CreateClient(ctx, tx, "blog")
		return nil, err
	})
	require.NoError(t, err)
	_, err = srv.DB.Exec(ctx, "UPDATE users SET second_factor_at = now(), pending_email = $2 WHERE id = $1", b.user.ID, uuid.NewString()+"@example.com")
	require.NoError(t, err)
	return b
}

// doors are the places that take a token, each with the kinds that it opens to.
var doors = map[string]struct {
	opens []string
	open  func(b bearer, token string) bool
}{
	"bearer": {[]string{"access"}, func(b bearer, token string) bool {
		return b.srv.Bearer(token).Send("GET", "/me", nil).Status == 200
	}},
	"refresh": {[]string{"refresh"}, func(b bearer, token string) bool {
		return b.post("/auth/token", map[string]string{"grant_type": "refresh_token", "refresh_token": token}) == 200
	}},
	"second step": {[]string{"mfa token"}, func(b bearer, token string) bool {
		return b.post("/auth/token", map[string]string{"grant_type": "urn:usher:grant-type:mfa", "mfa_token": token, "recovery_code": b.tokens["recovery code"]}) == 200
	}},
	"code of the second step": {[]string{"recovery code"}, func(b bearer, token string) bool {
		return b.post("/auth/token", map[string]string{"grant_type": "urn:usher:grant-type:mfa", "mfa_token": b.tokens["mfa token"], "recovery_code": token}) == 200
	}},
	"confirming an address": {[]string{"verification"}, func(b bearer, token string) bool {
		return b.post("/auth/verification/confirm", map[string]string{"user_id": b.user.ID.String(), "token": token}) == 200
	}},
	"resetting a password": {[]string{"password reset"}, func(b bearer, token string) bool {
		return b.post("/auth/password/reset", map[string]string{"user_id": b.user.ID.String(), "token": token, "password": "small boats drift at dawn"}) == 204
	}},
	"changing an address": {[]string{"e-mail change"}, func(b bearer, token string) bool {
		return b.post("/auth/email/confirm", map[string]string{"user_id": b.user.ID.String(), "token": token}) == 204
	}},
	"introspection": {[]string{"access", "refresh"}, func(b bearer, token string) bool {
		a := b.form(b.client, b.tokens["client secret"], "/auth/introspect", token)
		return a.Status == 200 && strings.Contains(string(a.Body), `"active":true`)
	}},
	"being a client": {[]string{"client secret"}, func(b bearer, token string) bool {
		return b.form(b.client, token, "/auth/introspect", b.tokens["access"]).Status == 200
	}},
	"revocation": {[]string{"access", "refresh"}, func(b bearer, token string) bool {
		b.form("", "", "/auth/revoke", token)
		return b.srv.Bearer(b.tokens["access"]).Send("GET", "/me", nil).Status == 401
	}},
	"paging": {[]string{"cursor"}, func(b bearer, token string) bool {
		return b.srv.Bearer(b.tokens["access"]).Send("GET", "/users?limit=1&cursor="+url.QueryEscape(token), nil).Status == 200
	}},
}

func (b bearer) post(path string, body any) int {
	return b.srv.Nobody().Send("POST", path, body).Status
}

func (b bearer) form(client, secret, path, token string) apitest.Answer {
	c := b.srv.Nobody().With("Content-Type", "application/x-www-form-urlencoded")
	if client != "" {
		c = c.Basic(client, secret)
	}
	return c.Send("POST", path, url.Values{"token": {token}}.Encode())
}

// TestEveryTokenAtEveryDoor: a token of one kind opens nothing that is meant for another.
func TestEveryTokenAtEveryDoor(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.User(spec.RoleAUTHENTICATED) // so that there is a next page
	tried := 0
	for door, d := range doors {
		for kind := range newBearer(t, srv).tokens {
			b := newBearer(t, srv)
			require.Equal(t, slices.Contains(d.opens, kind), d.open(b, b.tokens[kind]), "%s at %s", kind, door)
			tried++
		}
	}
	require.Equal(t, len(doors)*9, tried)
}

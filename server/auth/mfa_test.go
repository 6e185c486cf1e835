package auth_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const mfaGrant = "urn:usher:grant-type:mfa"

// ticket gives the right password, and returns the mfa_token that it is answered with.
func ticket(t testing.TB, srv *apitest.Server, email string) string {
	t.Helper()
	a := grant(srv, "grant_type", "password", "username", email, "password", apitest.Password)
	e := decode[spec.OAuthError](t, a.Body)
	require.Equal(t, spec.ProblemMfaRequired, e.Code)
	require.NotNil(t, e.MfaToken)
	return *e.MfaToken
}

func withOTP(srv *apitest.Server, ticket, code string) apitest.Answer {
	return grant(srv, "grant_type", mfaGrant, "mfa_token", ticket, "otp", code)
}

func withRecoveryCode(srv *apitest.Server, ticket, code string) apitest.Answer {
	return grant(srv, "grant_type", mfaGrant, "mfa_token", ticket, "recovery_code", code)
}

// outcome is the problem of an answer; empty if it is a session.
func outcome(t testing.TB, a apitest.Answer) spec.Problem {
	t.Helper()
	if a.Status == 200 {
		return ""
	}
	return code(t, a)
}

// amr is how a token says that its owner proved who they are.
func amr(t testing.TB, access string) []string {
	t.Helper()
	parsed, err := jwt.ParseInsecure([]byte(access))
	require.NoError(t, err)
	said, _ := parsed.Get("amr")
	out := []string{}
	for _, method := range said.([]any) {
		out = append(out, method.(string))
	}
	return out
}

// TestSecondGrant: after the right password a code is wanted as well, and the session says that there was one.
func TestSecondGrant(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHOR)
	phone, _ := setUp(t, srv.As(u))
	later(t, srv)

	first := grant(srv, "grant_type", "password", "username", u.Email, "password", apitest.Password)
	require.Equal(t, 403, first.Status)
	require.Equal(t, "no-store", first.Header.Get("Cache-Control"))
	wanted := decode[spec.OAuthError](t, first.Body)
	require.Equal(t, "mfa_required", wanted.Error)
	require.Equal(t, spec.ProblemMfaRequired, wanted.Code)
	require.Zero(t, facts(srv, "session.started"))
	unknown := decode[spec.OAuthError](t, grant(srv, "grant_type", "password", "username", u.Email, "password", wrong).Body)
	require.Equal(t, spec.ProblemInvalidCredentials, unknown.Code, "who does not know the password learns nothing of the factor")
	require.Nil(t, unknown.MfaToken)

	a := withOTP(srv, *wanted.MfaToken, phone.shows(t))
	require.Equal(t, 200, a.Status, string(a.Body))
	tok := decode[spec.Token](t, a.Body)
	require.Equal(t, "Bearer", tok.TokenType)
	require.Equal(t, spec.RoleScopes(spec.RoleAUTHOR).String(), tok.Scope)
	require.Equal(t, []string{"pwd", "otp", "mfa"}, amr(t, tok.AccessToken))
	require.NotNil(t, apitest.Do[spec.User](srv.Bearer(tok.AccessToken), "GET", "/me", nil, 200).LastLoginAt)
	next := decode[spec.Token](t, refresh(srv, tok.RefreshToken).Body)
	require.Equal(t, []string{"pwd", "otp", "mfa"}, amr(t, next.AccessToken))
	require.Equal(t, []string{`["pwd", "otp", "mfa"]`}, list(t, srv, "SELECT payload->>'amr' FROM outbox WHERE kind = 'session.started'"))

	later(t, srv)
	narrowed := srv.Nobody().Send("POST", tokenPath, map[string]string{
		"grant_type": mfaGrant, "mfa_token": ticket(t, srv, u.Email), "otp": phone.shows(t), "scope": "users:read:own"})
	require.Equal(t, 200, narrowed.Status, string(narrowed.Body))
	require.Equal(t, "users:read:own", decode[spec.Token](t, narrowed.Body).Scope)

	later(t, srv)
	before := decode[spec.OAuthError](t, grant(srv, "grant_type", "password", "username", u.Email, "password", apitest.Password, "scope", "users:read:own").Body)
	wider := grant(srv, "grant_type", mfaGrant, "mfa_token", *before.MfaToken, "otp", phone.shows(t), "scope", "users:read:own credentials:update:own")
	require.Equal(t, spec.ProblemInvalidScope, code(t, wider), "nor is it widened")
	remembered := withOTP(srv, *before.MfaToken, phone.shows(t))
	require.Equal(t, "users:read:own", decode[spec.Token](t, remembered.Body).Scope, "what was asked for with the password")
}

func TestSecondGrantRefusals(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	phone, codes := setUp(t, srv.As(u))
	mfa := ticket(t, srv, u.Email)
	for name, tt := range map[string]struct {
		fields []string
		want   spec.Problem
	}{
		"no mfa_token":        {[]string{"otp", "123456"}, spec.ProblemInvalidRequest},
		"no code":             {[]string{"mfa_token", mfa}, spec.ProblemInvalidRequest},
		"both codes":          {[]string{"mfa_token", mfa, "otp", phone.shows(t), "recovery_code", codes[0]}, spec.ProblemInvalidRequest},
		"not an mfa_token":    {[]string{"mfa_token", "x", "otp", phone.shows(t)}, spec.ProblemInvalidGrant},
		"one of nobody":       {[]string{"mfa_token", "q3kX0aJ1fJ8m2vYy7cS5dQe9hR4tUw6zB1nC0pLxKsA", "otp", phone.shows(t)}, spec.ProblemInvalidGrant},
		"a recovery code":     {[]string{"mfa_token", codes[0], "otp", phone.shows(t)}, spec.ProblemInvalidGrant},
		"a scope beyond":      {[]string{"mfa_token", mfa, "recovery_code", codes[0], "scope", "users:delete"}, spec.ProblemInvalidScope},
		"a code that is used": {[]string{"mfa_token", mfa, "otp", phone.shows(t)}, spec.ProblemInvalidCode},
	} {
		a := grant(srv, append([]string{"grant_type", mfaGrant}, tt.fields...)...)
		require.Equal(t, tt.want, code(t, a), name)
		require.Equal(t, 400, a.Status, name)
	}
	require.Equal(t, 200, withRecoveryCode(srv, mfa, codes[0]).Status, "none of that used anything up")
	require.Equal(t, []string{"nobody"}, list(t, srv, "SELECT actor_kind::text FROM audit_entries WHERE action = 'sign-in.failed'"))
}

// TestWrongCodesLock (SIGN3): wrong codes count like wrong passwords, also over several mfa_tokens.
func TestWrongCodesLock(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	phone, codes := setUp(t, srv.As(u))
	smtp.Wait(t, u.Email)
	later(t, srv)
	for range 3 {
		require.Equal(t, spec.ProblemInvalidCode, code(t, withOTP(srv, ticket(t, srv, u.Email), phone.never(t))))
	}
	mfa := ticket(t, srv, u.Email)
	require.Equal(t, spec.ProblemInvalidCode, code(t, withRecoveryCode(srv, mfa, "letmein")))
	locking := withOTP(srv, mfa, phone.never(t))
	require.Equal(t, spec.ProblemAccountLocked, code(t, locking))
	require.Equal(t, "900", locking.Header.Get("Retry-After"))
	for range 20 {
		require.Equal(t, spec.ProblemAccountLocked, code(t, withOTP(srv, mfa, phone.shows(t))))
	}
	require.Equal(t, spec.ProblemAccountLocked, code(t, withRecoveryCode(srv, mfa, codes[0])))
	require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, u.Email, apitest.Password)))
	smtp.Wait(t, u.Email) // account-locked

	endLocks(t, srv)
	require.Equal(t, 200, withOTP(srv, mfa, phone.shows(t)).Status)
	require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), codes[0]).Status, "counting starts anew")
}

// TestCodeOnce: a code of the app signs in once.
func TestCodeOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	phone, _ := setUp(t, srv.As(u))
	later(t, srv)
	digits := phone.shows(t)
	require.Equal(t, 200, withOTP(srv, ticket(t, srv, u.Email), digits).Status)
	require.Equal(t, spec.ProblemInvalidCode, code(t, withOTP(srv, ticket(t, srv, u.Email), digits)))
}

// TestMFATokenOnce: an mfa_token is good for one session, for five minutes, and for nothing else.
func TestMFATokenOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	phone, codes := setUp(t, srv.As(u))
	mfa := ticket(t, srv, u.Email)
	apitest.Refused(srv.Bearer(mfa), "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Equal(t, spec.ProblemInvalidGrant, code(t, refresh(srv, mfa)))
	mailedTo := map[string]string{"user_id": u.ID.String(), "token": mfa}
	apitest.Refused(srv.Nobody(), "POST", spec.ConfirmVerificationPath(), mailedTo, spec.ProblemInvalidToken)
	apitest.Refused(srv.Nobody(), "POST", spec.ConfirmEmailChangePath(), mailedTo, spec.ProblemInvalidToken)
	mailedTo["password"] = "small boats drift at dawn"
	apitest.Refused(srv.Nobody(), "POST", spec.ResetPasswordPath(), mailedTo, spec.ProblemInvalidToken)
	require.Equal(t, 200, srv.Nobody().With("Content-Type", "application/x-www-form-urlencoded").Send("POST", spec.RevokeTokenPath(), "token="+mfa).Status)

	require.Equal(t, 200, withRecoveryCode(srv, mfa, codes[0]).Status, "all that has not used it up")
	require.Equal(t, spec.ProblemInvalidGrant, code(t, withRecoveryCode(srv, mfa, codes[1])))
	later(t, srv)
	require.Equal(t, spec.ProblemInvalidGrant, code(t, withOTP(srv, mfa, phone.shows(t))))

	mfa = ticket(t, srv, u.Email)
	lifetime := list(t, srv, "SELECT (expires_at - created_at)::text FROM one_time_tokens WHERE purpose = 'second-factor' AND used_at IS NULL")
	require.Equal(t, []string{"00:05:00"}, lifetime)
	alter(t, srv, "UPDATE one_time_tokens SET expires_at = now() WHERE purpose = 'second-factor'")
	require.Equal(t, spec.ProblemInvalidGrant, code(t, withOTP(srv, mfa, phone.shows(t))))
	require.Equal(t, 200, withOTP(srv, ticket(t, srv, u.Email), phone.shows(t)).Status, "the code was not used up")

	plain, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (string, error) {
		_, plain, _, err := auth.MakeReset(t.Context(), tx, users.PasswordMail{UserID: u.ID}, time.Hour)
		return plain, err
	})
	require.NoError(t, err)
	require.Equal(t, spec.ProblemInvalidGrant, code(t, withRecoveryCode(srv, plain, codes[1])), "what was mailed is no mfa_token")
}

// TestCodeAtOnce: of many requests with one mfa_token and one code one gets a session. The others are no failures, so
// nobody is locked out by a button that was pressed twice.
func TestCodeAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	phone, _ := setUp(t, srv.As(u))
	later(t, srv)
	mfa, digits := ticket(t, srv, u.Email), phone.shows(t)
	answers := race(32, func(int) spec.Problem { return outcome(t, withOTP(srv, mfa, digits)) })
	t.Log("answers:", answers)
	require.Equal(t, 1, answers[""])
	require.Equal(t, 31, answers[spec.ProblemInvalidGrant]+answers[spec.ProblemRateLimited])
	require.Equal(t, 1, facts(srv, "session.started"))
	require.Empty(t, list(t, srv, "SELECT action FROM audit_entries WHERE action = 'sign-in.failed'"))
	later(t, srv)
	require.Equal(t, 200, withOTP(srv, ticket(t, srv, u.Email), phone.shows(t)).Status)
}

// TestMFATokenVoid: what changes the account meanwhile counts between the two grants, too.
func TestMFATokenVoid(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	for name, tt := range map[string]struct {
		meanwhile func(t *testing.T, me *apitest.Client, id string)
		want      spec.Problem
	}{
		"another password": {func(t *testing.T, me *apitest.Client, _ string) {
			t.Helper()
			require.Equal(t, 204, me.Send("POST", spec.ChangePasswordPath(),
				map[string]string{"current_password": apitest.Password, "password": "small boats drift at dawn"}).Status)
		}, spec.ProblemInvalidGrant},
		"no factor any more": {func(t *testing.T, me *apitest.Client, _ string) {
			t.Helper()
			require.Equal(t, 204, me.Send("DELETE", spec.RemoveSecondFactorPath(), nil).Status)
		}, spec.ProblemInvalidGrant},
		"another factor": {func(t *testing.T, me *apitest.Client, _ string) {
			t.Helper()
			require.Equal(t, 204, me.Send("DELETE", spec.RemoveSecondFactorPath(), nil).Status)
			setUp(t, me)
		}, spec.ProblemInvalidGrant},
		"suspension": {func(t *testing.T, _ *apitest.Client, id string) {
			t.Helper()
			alter(t, srv, "UPDATE users SET status = 'suspended' WHERE id = $1", id)
		}, spec.ProblemAccountSuspended},
		"deletion": {func(t *testing.T, _ *apitest.Client, id string) {
			t.Helper()
			alter(t, srv, "DELETE FROM users WHERE id = $1", id)
		}, spec.ProblemInvalidGrant},
		"nothing": {func(*testing.T, *apitest.Client, string) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := srv.User(spec.RoleAUTHENTICATED)
			me := srv.As(u)
			_, codes := setUp(t, me)
			mfa := ticket(t, srv, u.Email)
			tt.meanwhile(t, me, u.ID.String())
			require.Equal(t, tt.want, outcome(t, withRecoveryCode(srv, mfa, codes[0])))
		})
	}
}

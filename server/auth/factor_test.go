package auth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"image/png"
	"strings"
	"testing"
	"time"

	otplib "github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/otp"
	"github.com/usherhq/usher/server/token"
)

// app is an authenticator app that others have written.
type app struct{ key *otplib.Key }

// enrol begins to set up an app.
func enrol(t testing.TB, c *apitest.Client) app {
	t.Helper()
	got := apitest.Do[spec.SecondFactorEnrolment](c, "POST", spec.EnrolSecondFactorPath(), nil, 200)
	key, err := otplib.NewKeyFromURL(got.URI)
	require.NoError(t, err)
	return app{key}
}

// setUp turns the second factor on, and returns the app and the recovery codes.
func setUp(t testing.TB, c *apitest.Client) (app, []string) {
	t.Helper()
	a := enrol(t, c)
	got := apitest.Do[spec.RecoveryCodes](c, "POST", spec.ConfirmSecondFactorPath(), typed(a.shows(t)), 200)
	return a, got.RecoveryCodes
}

// shows is the code of this moment.
func (a app) shows(t testing.TB) string {
	t.Helper()
	code, err := totp.GenerateCode(a.key.Secret(), time.Now())
	require.NoError(t, err)
	return code
}

// never is a code that the app does not show around now.
func (a app) never(t testing.TB) string {
	t.Helper()
	for _, code := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666"} {
		near := func(after time.Duration) bool {
			shown, err := totp.GenerateCode(a.key.Secret(), time.Now().Add(after))
			require.NoError(t, err)
			return shown == code
		}
		if !near(-time.Minute) && !near(-30*time.Second) && !near(0) && !near(30*time.Second) && !near(time.Minute) {
			return code
		}
	}
	panic("seven codes at once")
}

func typed(code string) map[string]string { return map[string]string{"otp": code} }

// later lets as much time pass as it takes until the app shows a code that was not used.
func later(t testing.TB, srv *apitest.Server) {
	t.Helper()
	alter(t, srv, "UPDATE second_factors SET last_step = last_step - 10")
}

func alter(t testing.TB, srv *apitest.Server, sql string, args ...any) {
	t.Helper()
	_, err := srv.DB.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// list reads one column of text.
func list(t testing.TB, srv *apitest.Server, sql string, args ...any) []string {
	t.Helper()
	var out []string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT coalesce(array_agg(v), '{}') FROM ("+sql+") rows (v)", args...).Scan(&out))
	return out
}

func TestEnrolSecondFactor(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	before := apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200)
	require.Nil(t, before.EnabledAt)
	require.Zero(t, before.RecoveryCodesLeft)
	require.False(t, before.Required)
	require.ElementsMatch(t, []string{"self", "enrol"}, apitest.Rels(before.Links))
	apitest.Refused(me, "POST", spec.ConfirmSecondFactorPath(), typed("123456"), spec.ProblemSecondFactorMissing)

	a := me.Send("POST", spec.EnrolSecondFactorPath(), nil)
	require.Equal(t, 200, a.Status)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	got := decode[spec.SecondFactorEnrolment](t, a.Body)
	require.Equal(t, []string{"confirm"}, apitest.Rels(got.Links))
	key, err := otplib.NewKeyFromURL(got.URI)
	require.NoError(t, err)
	require.Equal(t, []string{"totp", "Usher", u.Email, got.Secret}, []string{key.Type(), key.Issuer(), key.AccountName(), key.Secret()})
	require.Len(t, got.Secret, 32, "160 bits")
	picture, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(got.QrCode, "data:image/png;base64,"))
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)

	require.Equal(t, before, apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200), "nothing has changed")
	signIn(t, srv, u.Email)
	require.Zero(t, facts(srv, "user.second-factor-enabled"))

	old, last := app{key}, enrol(t, me)
	require.NotEqual(t, old.key.Secret(), last.key.Secret())
	for _, code := range []string{last.never(t), "12345a", "      ", "0000000", "１２３４５６"} {
		apitest.Refused(me, "POST", spec.ConfirmSecondFactorPath(), typed(code), spec.ProblemInvalidCode)
	}
	if old.shows(t) != last.shows(t) {
		apitest.Refused(me, "POST", spec.ConfirmSecondFactorPath(), typed(old.shows(t)), spec.ProblemInvalidCode)
	}
	apitest.Do[spec.RecoveryCodes](me, "POST", spec.ConfirmSecondFactorPath(), typed(last.shows(t)), 200)
}

func TestConfirmSecondFactor(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	other, tok := srv.As(u), signIn(t, srv, u.Email)
	me := srv.Bearer(tok.AccessToken)
	phone := enrol(t, me)
	digits := phone.shows(t)

	a := me.Send("POST", spec.ConfirmSecondFactorPath(), typed(digits[:3]+" "+digits[3:]))
	require.Equal(t, 200, a.Status, string(a.Body))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	got := decode[spec.RecoveryCodes](t, a.Body)
	require.Len(t, got.RecoveryCodes, 10)
	require.Equal(t, []string{"second-factor"}, apitest.Rels(got.Links))
	require.Equal(t, "Your Usher account now asks for a second factor", smtp.Wait(t, u.Email).Subject)

	after := me.Send("GET", spec.GetSecondFactorPath(), nil)
	state := decode[spec.SecondFactor](t, after.Body)
	require.WithinDuration(t, time.Now(), *state.EnabledAt, time.Minute)
	require.Equal(t, 10, state.RecoveryCodesLeft)
	require.ElementsMatch(t, []string{"self", "remove", "renew-recovery-codes"}, apitest.Rels(state.Links))
	tag := after.Header.Get("ETag")
	require.Equal(t, 304, me.With("If-None-Match", tag).Send("GET", spec.GetSecondFactorPath(), nil).Status)
	require.True(t, apitest.Do[spec.User](me, "GET", "/me", nil, 200).SecondFactor)

	apitest.Refused(other, "GET", "/me", nil, spec.ProblemUnauthenticated)
	sessions := apitest.Do[spec.SessionPage](me, "GET", "/me/sessions", nil, 200).Items
	require.Len(t, sessions, 1)
	require.Equal(t, []string{"pwd", "otp", "mfa"}, sessions[0].Amr)
	require.Equal(t, []string{"second-factor-changed"}, list(t, srv, "SELECT payload->>'reason' FROM outbox WHERE kind = 'session.ended'"))
	require.Equal(t, []string{u.ID.String()}, list(t, srv, "SELECT payload->>'by' FROM outbox WHERE kind = 'user.second-factor-enabled'"))
	require.Equal(t, 200, refresh(srv, tok.RefreshToken).Status)

	apitest.Refused(me, "POST", spec.EnrolSecondFactorPath(), nil, spec.ProblemSecondFactorEnabled)
	apitest.Refused(me, "POST", spec.ConfirmSecondFactorPath(), typed(digits), spec.ProblemSecondFactorEnabled)

	require.Equal(t, spec.ProblemInvalidCode, code(t, withOTP(srv, ticket(t, srv, u.Email), digits)), "the code is used up")
	later(t, srv)
	require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), got.RecoveryCodes[0]).Status)
	changed := me.With("If-None-Match", tag).Send("GET", spec.GetSecondFactorPath(), nil)
	require.Equal(t, 9, decode[spec.SecondFactor](t, changed.Body).RecoveryCodesLeft)
}

// TestConfirmFactorAtOnce: of many confirmations at once one counts, and its recovery codes are those that work.
func TestConfirmFactorAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	phone := enrol(t, me)
	code := phone.shows(t)
	codes := make([][]string, 32)
	answers := race(32, func(i int) string {
		a := me.Send("POST", spec.ConfirmSecondFactorPath(), typed(code))
		if a.Status != 200 {
			return string(decode[spec.ProblemDetails](t, a.Body).Code)
		}
		codes[i] = decode[spec.RecoveryCodes](t, a.Body).RecoveryCodes
		return "on"
	})
	require.Equal(t, map[string]int{"on": 1, string(spec.ProblemSecondFactorEnabled): 31}, answers)
	require.Equal(t, []string{"10"}, list(t, srv, "SELECT count(*)::text FROM one_time_tokens"))
	require.Equal(t, 1, facts(srv, "user.second-factor-enabled"))
	for _, set := range codes {
		for _, recovery := range set {
			require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), recovery).Status)
		}
	}
}

// TestFactorIsSealed: who reads the whole database learns neither the secret nor a recovery code, and cannot move a secret
// to another account.
func TestFactorIsSealed(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	u, other := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleAUTHENTICATED)
	phone, codes := setUp(t, srv.As(u))
	setUp(t, srv.As(other))
	require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), codes[0]).Status)

	sealed := list(t, srv, "SELECT sealed FROM second_factors WHERE user_id = $1", u.ID)[0]
	secret, err := srv.Auth.Factors.Open(sealed, u.ID[:])
	require.NoError(t, err)
	require.Equal(t, phone.key.Secret(), otp.Text(secret))
	_, err = srv.Auth.Factors.Open(sealed, other.ID[:])
	require.Error(t, err, "for another account")
	stranger, err := token.NewSecret([]byte("another secret, which is long enough to be one"))
	require.NoError(t, err)
	_, err = token.NewSealer(stranger, "second factor").Open(sealed, u.ID[:])
	require.Error(t, err, "with another secret")

	hidden := []string{phone.key.Secret(), hex.EncodeToString(secret), hex.EncodeToString([]byte(phone.key.Secret())),
		base64.RawStdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret)}
	for _, code := range codes {
		hidden = append(hidden, code, strings.ReplaceAll(code, "-", ""), hex.EncodeToString([]byte(code)))
	}
	tables := list(t, srv, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
	require.Contains(t, tables, "audit_entries")
	for _, table := range tables {
		rows := strings.Join(list(t, srv, `SELECT r::text FROM "`+table+`" r`), "\n")
		for _, secret := range hidden {
			require.NotContains(t, strings.ToLower(rows), strings.ToLower(secret), table)
		}
	}

	alter(t, srv, "UPDATE second_factors SET sealed = $1, last_step = 0 WHERE user_id = $2", sealed, other.ID)
	require.Equal(t, 500, withOTP(srv, ticket(t, srv, other.Email), phone.shows(t)).Status, "a secret that was moved lets nobody in")
}

func TestRemoveSecondFactor(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	remove := func() int { return me.Send("DELETE", spec.RemoveSecondFactorPath(), nil).Status }
	require.Equal(t, 204, remove(), "there is none")
	enrol(t, me)
	require.Equal(t, 204, remove(), "it was not confirmed")
	apitest.Refused(me, "POST", spec.ConfirmSecondFactorPath(), typed("123456"), spec.ProblemSecondFactorMissing)
	require.Zero(t, facts(srv, "user.second-factor-removed"))

	phone, codes := setUp(t, me)
	smtp.Wait(t, u.Email)
	waiting := ticket(t, srv, u.Email)
	require.Equal(t, 204, remove())
	require.Equal(t, "Your Usher account no longer asks for a second factor", smtp.Wait(t, u.Email).Subject)
	require.Equal(t, 204, remove())
	require.Equal(t, 1, facts(srv, "user.second-factor-removed"))
	later(t, srv)
	require.Equal(t, spec.ProblemInvalidGrant, code(t, withOTP(srv, waiting, phone.shows(t))))
	require.Equal(t, spec.ProblemInvalidGrant, code(t, withRecoveryCode(srv, waiting, codes[0])))
	require.Empty(t, list(t, srv, "SELECT purpose::text FROM one_time_tokens"))
	require.Empty(t, list(t, srv, "SELECT sealed FROM second_factors"))
	signIn(t, srv, u.Email)

	state := apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200)
	require.Nil(t, state.EnabledAt)
	require.Zero(t, state.RecoveryCodesLeft)
	require.ElementsMatch(t, []string{"self", "enrol"}, apitest.Rels(state.Links))
	setUp(t, me)
	require.Equal(t, spec.ProblemInvalidCode, code(t, withRecoveryCode(srv, ticket(t, srv, u.Email), codes[0])), "an old code")
}

// TestStaffNeedFactor: with the setting, the rights of staff wait for a second factor, and are there from the very next
// request after it; those of others do not wait.
func TestStaffNeedFactor(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.StaffFactor = true }))
	for _, role := range []spec.Role{spec.RoleMANAGER, spec.RoleADMIN} {
		t.Run(string(role), func(t *testing.T) {
			tok := signIn(t, srv, srv.User(role).Email)
			require.Equal(t, spec.RoleScopes(spec.RoleAUTHENTICATED).String(), tok.Scope)
			me := srv.Bearer(tok.AccessToken)
			refused := apitest.Refused(me, "GET", "/users", nil, spec.ProblemSecondFactorRequired)
			require.Equal(t, 403, refused.Status)
			apitest.Do[spec.User](me, "GET", "/me", nil, 200)
			require.True(t, apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200).Required)

			setUp(t, me)
			apitest.Do[spec.UserPage](me, "GET", "/users", nil, 200)
			require.False(t, apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200).Required)
			next := decode[spec.Token](t, refresh(srv, tok.RefreshToken).Body)
			require.Equal(t, spec.RoleScopes(role).String(), next.Scope)

			require.Equal(t, 204, me.Send("DELETE", spec.RemoveSecondFactorPath(), nil).Status)
			apitest.Refused(me, "GET", "/users", nil, spec.ProblemSecondFactorRequired)
		})
	}
	reader := srv.Role(spec.RoleMODERATOR)
	apitest.Refused(reader, "GET", "/users", nil, spec.ProblemForbidden)
	require.False(t, apitest.Do[spec.SecondFactor](reader, "GET", spec.GetSecondFactorPath(), nil, 200).Required)
}

// TestStepUp: sensitive operations want a recent sign-in, with the second factor if there is one (RFC 9470).
func TestStepUp(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleADMIN)
	me := srv.As(u)
	stepUp := func(c *apitest.Client, method, path string, body any) {
		t.Helper()
		a := c.Send(method, path, body)
		require.Equal(t, 401, a.Status, string(a.Body))
		require.Equal(t, spec.ProblemStepUpRequired, decode[spec.ProblemDetails](t, a.Body).Code)
		require.True(t, strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer "))
		require.Contains(t, a.Header.Get("WWW-Authenticate"), `error="insufficient_user_authentication"`)
		require.Contains(t, a.Header.Get("WWW-Authenticate"), `max_age="900"`)
	}
	all := func(c *apitest.Client) {
		t.Helper()
		stepUp(c, "POST", spec.EnrolSecondFactorPath(), nil)
		stepUp(c, "POST", spec.ConfirmSecondFactorPath(), typed("123456"))
		stepUp(c, "POST", spec.RenewRecoveryCodesPath(), nil)
		stepUp(c, "DELETE", spec.RemoveSecondFactorPath(), nil)
		stepUp(c, "DELETE", spec.ResetSecondFactorPath(u.ID), nil)
	}
	alter(t, srv, "UPDATE sessions SET authenticated_at = now() - interval '16 minutes'")
	all(me)
	state := apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200)
	require.ElementsMatch(t, []string{"self", "enrol"}, apitest.Rels(state.Links), "links are shown all the same")

	alter(t, srv, "UPDATE sessions SET authenticated_at = now() - interval '14 minutes'")
	_, codes := setUp(t, me)
	all(srv.As(u)) // recent, but by password alone
	alter(t, srv, "UPDATE sessions SET authenticated_at = now() - interval '16 minutes'")
	all(me)
	fresh := decode[spec.Token](t, withRecoveryCode(srv, ticket(t, srv, u.Email), codes[0]).Body)
	require.Equal(t, 204, srv.Bearer(fresh.AccessToken).Send("DELETE", spec.RemoveSecondFactorPath(), nil).Status)
}

// TestShortPasswords: eight characters are enough beside a second factor, and only there.
func TestShortPasswords(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	change := func(from, to string) int {
		return me.Send("POST", "/me/password", map[string]string{"current_password": from, "password": to}).Status
	}
	require.Equal(t, 422, change(apitest.Password, "kettleox"))
	setUp(t, me)
	require.Equal(t, 204, change(apitest.Password, "kettleox"))
	apitest.Refused(me, "DELETE", spec.RemoveSecondFactorPath(), nil, spec.ProblemShortPassword)
	require.NotContains(t, apitest.Rels(apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200).Links), "remove")
	require.Equal(t, 204, change("kettleox", "small boats drift at dawn"))
	require.Equal(t, 204, me.Send("DELETE", spec.RemoveSecondFactorPath(), nil).Status)

	setUp(t, me)
	require.Equal(t, 204, change("small boats drift at dawn", "kettleox"))
	require.Equal(t, 204, srv.Role(spec.RoleADMIN).Send("DELETE", spec.ResetSecondFactorPath(u.ID), nil).Status)
	require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, u.Email, "kettleox")), "it is void")
	require.Equal(t, []string{"1"}, list(t, srv, "SELECT count(*)::text FROM river_job WHERE kind = 'password-mail'"))
}

package auth_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
)

// TestRecoveryCode: each signs in once, however it is typed, and the owner is told how many are left.
func TestRecoveryCode(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u, other := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleAUTHENTICATED)
	_, codes := setUp(t, srv.As(u))
	_, foreign := setUp(t, srv.As(other))
	smtp.Wait(t, u.Email)

	tok := decode[spec.Token](t, withRecoveryCode(srv, ticket(t, srv, u.Email), codes[0]).Body)
	require.Equal(t, []string{"pwd", "mfa"}, amr(t, tok.AccessToken))
	me := srv.Bearer(tok.AccessToken)
	left := func() int {
		return apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200).RecoveryCodesLeft
	}
	require.Equal(t, 9, left())
	letter := smtp.Wait(t, u.Email)
	require.Equal(t, "A recovery code was used to sign in to Usher", letter.Subject)
	require.Contains(t, letter.Text, "Codes left: 9.")
	require.Equal(t, []string{"9"}, list(t, srv, "SELECT payload->>'left' FROM outbox WHERE kind = 'user.recovery-code-used'"))

	for name, sent := range map[string]string{
		"used": codes[0], "somebody else's": foreign[0], "too short": codes[1][:20], "an otp": "123456",
	} {
		require.Equal(t, spec.ProblemInvalidCode, code(t, withRecoveryCode(srv, ticket(t, srv, u.Email), sent)), name)
	}
	require.Equal(t, 9, left())
	for i, spelling := range []string{
		strings.ToUpper(codes[1]), strings.ReplaceAll(codes[2], "-", ""), "  " + strings.ReplaceAll(codes[3], "-", " – ") + " ",
	} {
		require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), spelling).Status, spelling)
		require.Equal(t, 8-i, left())
	}
	for _, code := range codes[4:] {
		require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), code).Status)
	}
	require.Zero(t, left())
	var letters strings.Builder
	for range 9 {
		letters.WriteString(smtp.Wait(t, u.Email).Text)
	}
	require.Contains(t, letters.String(), "Codes left: 0.")
	require.Len(t, list(t, srv, "SELECT payload->>'left' FROM outbox WHERE kind = 'user.recovery-code-used'"), 10)
}

// TestRecoveryCodeAtOnce: of many sign-ins with one recovery code one succeeds, with one mfa_token or with many.
func TestRecoveryCodeAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.LockAfter = 100 }))
	u := srv.User(spec.RoleAUTHENTICATED)
	_, codes := setUp(t, srv.As(u))

	one := ticket(t, srv, u.Email)
	answers := race(32, func(int) spec.Problem { return outcome(t, withRecoveryCode(srv, one, codes[0])) })
	require.Equal(t, map[spec.Problem]int{"": 1, spec.ProblemInvalidGrant: 31}, answers)

	var tickets [32]string
	for i := range tickets {
		tickets[i] = ticket(t, srv, u.Email)
	}
	answers = race(32, func(i int) spec.Problem { return outcome(t, withRecoveryCode(srv, tickets[i], codes[1])) })
	require.Equal(t, map[spec.Problem]int{"": 1, spec.ProblemInvalidCode: 31}, answers)
	require.Equal(t, 2, facts(srv, "session.started"))
	require.Equal(t, 2, facts(srv, "user.recovery-code-used"))
}

func TestRenewRecoveryCodes(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	renew := spec.RenewRecoveryCodesPath()
	apitest.Refused(me, "POST", renew, nil, spec.ProblemSecondFactorMissing)
	enrol(t, me)
	apitest.Refused(me, "POST", renew, nil, spec.ProblemSecondFactorMissing)

	_, old := setUp(t, me)
	require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), old[0]).Status)
	a := me.Send("POST", renew, nil)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	got := decode[spec.RecoveryCodes](t, a.Body)
	require.Equal(t, []string{"second-factor"}, apitest.Rels(got.Links))
	require.Len(t, got.RecoveryCodes, 10)
	require.NotSubset(t, old, got.RecoveryCodes)
	require.Equal(t, 1, facts(srv, "user.recovery-codes-renewed"))
	require.Equal(t, 10, apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200).RecoveryCodesLeft)
	require.Equal(t, spec.ProblemInvalidCode, code(t, withRecoveryCode(srv, ticket(t, srv, u.Email), old[1])))
	require.Equal(t, 200, withRecoveryCode(srv, ticket(t, srv, u.Email), got.RecoveryCodes[0]).Status)

	statuses := race(32, func(int) int { return me.Send("POST", renew, nil).Status })
	require.Equal(t, map[int]int{200: 32}, statuses)
	require.Equal(t, 10, apitest.Do[spec.SecondFactor](me, "GET", spec.GetSecondFactorPath(), nil, 200).RecoveryCodesLeft, "one set")
}

// TestResetSecondFactor: an ADMIN helps who lost the app, but not themselves; nobody else does.
func TestResetSecondFactor(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	admin, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleMANAGER)
	boss, them := srv.As(admin), srv.As(u)
	phone, _ := setUp(t, them)
	smtp.Wait(t, u.Email)
	waiting := ticket(t, srv, u.Email)
	reset := spec.ResetSecondFactorPath(u.ID)
	require.Contains(t, apitest.Rels(apitest.Do[spec.User](boss, "GET", spec.GetUserPath(u.ID), nil, 200).Links), "reset-second-factor")

	apitest.Refused(srv.Role(spec.RoleMANAGER), "DELETE", reset, nil, spec.ProblemForbidden)
	apitest.Refused(boss, "DELETE", spec.ResetSecondFactorPath(uuid.New()), nil, spec.ProblemNotFound)
	require.Equal(t, 204, boss.Send("DELETE", reset, nil).Status)
	require.Equal(t, "Your Usher account no longer asks for a second factor", smtp.Wait(t, u.Email).Subject)
	require.NotContains(t, apitest.Rels(apitest.Do[spec.User](boss, "GET", spec.GetUserPath(u.ID), nil, 200).Links), "reset-second-factor")
	require.Equal(t, []string{admin.ID.String()}, list(t, srv, "SELECT payload->>'by' FROM outbox WHERE kind = 'user.second-factor-removed'"))
	require.Equal(t, []string{"ended-by-staff"}, list(t, srv, "SELECT payload->>'reason' FROM outbox WHERE kind = 'session.ended'"))
	apitest.Refused(them, "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Equal(t, spec.ProblemInvalidGrant, code(t, withOTP(srv, waiting, phone.shows(t))))

	again := srv.Bearer(signIn(t, srv, u.Email).AccessToken)
	require.Equal(t, 204, boss.Send("DELETE", reset, nil).Status)
	apitest.Do[spec.User](again, "GET", "/me", nil, 200)

	setUp(t, boss)
	refused := apitest.Refused(boss, "DELETE", spec.ResetSecondFactorPath(admin.ID), nil, spec.ProblemForbidden)
	require.Contains(t, *refused.Detail, "others")
	require.NotNil(t, apitest.Do[spec.SecondFactor](boss, "GET", spec.GetSecondFactorPath(), nil, 200).EnabledAt)
}

package users_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/users"
)

// TestSuspend (SIGN6, NEVER11): a suspension ends every session at every replica and keeps the owner out until it is lifted;
// it is logged with the reason, which the owner is told.
func TestSuspend(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	replica := apitest.On(t, srv.DB)
	smtp := srv.Work()
	boss, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleAUTHOR)
	admin, at := srv.As(boss), spec.SuspendUserPath(u.ID)
	enter := func() spec.Token {
		return apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), credentials(u), 200)
	}
	tok := enter()
	apitest.Do[spec.User](replica.Bearer(tok.AccessToken), "GET", "/me", nil, 200)

	const reason = "Spam: <b>[cheap pills](https://pills.example)</b>\nBcc: all@example.com"
	got := apitest.Do[spec.User](admin, "PUT", at, spec.Suspension{Reason: reason}, 200)
	require.Equal(t, spec.UserStatusSuspended, got.Status)
	apitest.Refused(replica.Bearer(tok.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
	apitest.Refused(replica.Nobody(), "POST", spec.IssueTokenPath(), map[string]string{
		"grant_type": "refresh_token", "refresh_token": tok.RefreshToken}, spec.ProblemInvalidGrant)
	apitest.Refused(replica.Nobody(), "POST", spec.IssueTokenPath(), credentials(u), spec.ProblemAccountSuspended)
	letter := smtp.Wait(t, u.Email)
	require.Equal(t, "Your Usher account is suspended", letter.Subject)
	require.Contains(t, letter.Text, "> Spam: <b>[cheap pills](https: //pills. example)</b> Bcc: all@example. com\n")
	require.Contains(t, letter.HTML, "Spam: &lt;b&gt;[cheap pills](")
	require.Empty(t, letter.Links())
	require.Equal(t, []map[string]any{{
		"actor": boss.ID.String(), "about": u.ID.String(), "user_id": u.ID.String(), "by": boss.ID.String(), "reason": reason,
	}}, entries(t, srv, "user.suspended"))
	require.Equal(t, "suspended", entries(t, srv, "session.ended")[0]["reason"])

	t.Run("again changes nothing", func(t *testing.T) {
		before := srv.Facts()
		apitest.Do[spec.User](admin, "PUT", at, spec.Suspension{Reason: "Once more."}, 200)
		require.Equal(t, before, srv.Facts())
	})
	t.Run("reinstated", func(t *testing.T) {
		for range 2 {
			require.Equal(t, 204, admin.Send("DELETE", at, nil).Status)
		}
		require.Equal(t, "Your Usher account is no longer suspended", smtp.Wait(t, u.Email).Subject)
		require.Len(t, entries(t, srv, "user.reinstated"), 1)
		apitest.Refused(srv.Bearer(tok.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
		enter()
	})
	t.Run("a stale If-Match", func(t *testing.T) {
		for _, method := range []string{"PUT", "DELETE"} {
			var body any
			if method == "PUT" {
				body = spec.Suspension{Reason: "x"}
			}
			apitest.Refused(admin.With("If-Match", `"1.x"`), method, at, body, spec.ProblemPreconditionFailed)
		}
	})
}

// TestRefusedSuspensions: nobody suspends themselves or the last ADMIN; trying is in the log.
func TestRefusedSuspensions(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss := srv.User(spec.RoleADMIN)
	body := spec.Suspension{Reason: "x"}
	apitest.Refused(srv.As(boss), "PUT", spec.SuspendUserPath(boss.ID), body, spec.ProblemSelfSuspension)
	require.Equal(t, "self-suspension", entries(t, srv, outbox.OperationRefused)[0]["reason"])
	apitest.Refused(srv.Role(spec.RoleMANAGER), "PUT", spec.SuspendUserPath(srv.User(spec.RoleAUTHOR).ID), body, spec.ProblemForbidden)
	srv.User(spec.RoleADMIN, func(d *users.Draft) { d.Verified = false }) // who cannot sign in is not in charge
	err := asOperator(t, srv, func(tx pgx.Tx) error {
		_, err := users.Suspend(t.Context(), tx, actor.Operator(), boss.ID, "x")
		return err
	})
	require.True(t, fault.Is(err, spec.ProblemLastAdmin), err)
}

// TestStaffLinks (USER10): every link that is offered is good, and what would be refused is not offered.
func TestStaffLinks(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleAUTHOR)
	admin, manager := srv.As(boss), srv.Role(spec.RoleMANAGER)
	at := spec.GetUserPath(u.ID)
	offers := func(as *apitest.Client, of string, want ...string) {
		t.Helper()
		var got []string
		for _, rel := range apitest.Rels(apitest.Do[spec.User](as, "GET", of, nil, 200).Links) {
			if slices.Contains([]string{"change-role", "suspend", "reinstate", "lock", "unlock", "profile"}, rel) {
				got = append(got, rel)
			}
		}
		require.ElementsMatch(t, want, got)
	}
	offers(admin, at, "change-role", "suspend", "lock", "profile")
	offers(manager, at, "lock", "profile")
	offers(admin, spec.GetUserPath(boss.ID), "profile")
	offers(manager, spec.GetUserPath(boss.ID), "profile")
	offers(admin, spec.GetUserPath(srv.User(spec.RoleAUTHOR, func(d *users.Draft) { d.Verified = false }).ID), "change-role", "suspend", "lock")

	apitest.Do[spec.User](admin, "PUT", spec.SuspendUserPath(u.ID), spec.Suspension{Reason: "x"}, 200)
	offers(admin, at, "change-role", "reinstate", "lock")
	require.Equal(t, 204, manager.Send("POST", spec.LockUserPath(u.ID), spec.AccountLock{Reason: "x"}).Status)
	offers(admin, at, "change-role", "reinstate", "lock", "unlock")
	require.Equal(t, 204, manager.Send("POST", spec.UnlockUserPath(u.ID), nil).Status)
	require.Equal(t, 204, admin.Send("DELETE", spec.ReinstateUserPath(u.ID), nil).Status)
	offers(admin, at, "change-role", "suspend", "lock", "profile")
}

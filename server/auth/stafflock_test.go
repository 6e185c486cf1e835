package auth_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const openAgain = "You can sign in to Usher again"

// lockBy has staff lock an account; until nil leaves the end out.
func lockBy(t testing.TB, staff *apitest.Client, u db.User, until *time.Time) {
	t.Helper()
	a := staff.Send("POST", spec.LockUserPath(u.ID), spec.AccountLock{Until: until, Reason: "Somebody else seems to use it."})
	require.Equal(t, 204, a.Status, string(a.Body))
}

// endStaffLock lets the time of an account's lock by staff pass.
func endStaffLock(t testing.TB, srv *apitest.Server, u db.User) {
	t.Helper()
	alter(t, srv, "UPDATE users SET staff_lock_until = now() WHERE id = $1", u.ID)
	alter(t, srv, "UPDATE river_job SET scheduled_at = now() WHERE kind = 'unlocking'")
}

// TestStaffLock (SIGN3, SIGN6, NEVER11): staff lock an account: its sessions end at every replica, and nobody gets in, from
// wherever and with whatever password, until the lock ends.
func TestStaffLock(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	replica := apitest.On(t, srv.DB)
	smtp := srv.Work()
	staff, u := srv.User(spec.RoleMANAGER), srv.User(spec.RoleAUTHOR)
	manager, at := srv.As(staff), spec.GetUserPath(u.ID)
	tok := signIn(t, srv, u.Email) // so that the network is known
	apitest.Do[spec.User](replica.Bearer(tok.AccessToken), "GET", "/me", nil, 200)

	lockBy(t, manager, u, nil)
	over(t, replica, tok)
	refused := try(replica, u.Email, apitest.Password)
	require.Equal(t, spec.ProblemAccountLocked, code(t, refused))
	seconds, err := strconv.Atoi(refused.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 24*60*60, seconds, 60)
	require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, u.Email, wrong)), "who does not know the password is told nothing")
	letter := smtp.Wait(t, u.Email)
	require.Equal(t, "Your Usher account is locked for a while", letter.Subject)
	require.Contains(t, letter.Text, "It opens again by itself in 24 hours.")
	require.Equal(t, []string{"locked"}, endings(t, srv))
	require.Equal(t, []string{staff.ID.String() + " " + u.ID.String() + " " + staff.ID.String() + " Somebody else seems to use it."},
		list(t, srv, "SELECT concat_ws(' ', actor_id, user_id, details->>'by', details->>'reason') FROM audit_entries WHERE action = 'user.locked'"))

	t.Run("a new password does not end it", func(t *testing.T) {
		require.Equal(t, 204, srv.Nobody().Send("POST", reset, forgotten(t, srv, smtp, u.Email)).Status)
		require.Equal(t, "Your Usher password was changed", smtp.Wait(t, u.Email).Subject)
		require.Equal(t, spec.ProblemAccountLocked, code(t, withPassword(srv, u.Email, fresh)))
		require.Zero(t, facts(srv, "user.unlocked"))
	})
	t.Run("locking again sets when it ends", func(t *testing.T) {
		for _, until := range []time.Time{time.Now().Add(72 * time.Hour), time.Now().Add(time.Hour)} {
			lockBy(t, manager, u, &until)
			require.WithinDuration(t, until, *apitest.Do[spec.User](manager, "GET", at, nil, 200).LockedUntil, time.Second)
			smtp.Wait(t, u.Email)
		}
	})
	t.Run("staff unlock it", func(t *testing.T) {
		for range 2 {
			require.Equal(t, 204, manager.Send("POST", spec.UnlockUserPath(u.ID), nil).Status)
		}
		require.Equal(t, openAgain, smtp.Wait(t, u.Email).Subject)
		require.Nil(t, apitest.Do[spec.User](manager, "GET", at, nil, 200).LockedUntil)
		require.Equal(t, 1, facts(srv, "user.unlocked"))
		require.Equal(t, 200, withPassword(srv, u.Email, fresh).Status)
		apitest.Refused(srv.Bearer(tok.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
	})
}

// TestStaffLockEnds (NEVER12): a lock of the staff's ends by itself, and its end is told once, however often it was set.
func TestStaffLockEnds(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHOR)
	smtp := srv.Work()
	for range 2 {
		lockBy(t, srv.Role(spec.RoleADMIN), u, nil)
		smtp.Wait(t, u.Email)
	}
	endStaffLock(t, srv, u)
	letter := smtp.Wait(t, u.Email)
	require.Equal(t, openAgain, letter.Subject)
	require.Contains(t, letter.Text, "which the staff of Usher had locked")
	signIn(t, srv, u.Email)
	idle(t, srv)
	require.Len(t, smtp.Messages(), 3)
	require.Equal(t, []string{"expired"}, list(t, srv, "SELECT details->>'reason' FROM audit_entries WHERE action = 'user.unlocked'"))
}

// TestStaffLockHoldsAtTheSecondStep: who had given the right password before the lock does not get in with a code after it.
func TestStaffLockHoldsAtTheSecondStep(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHOR)
	phone, recovery := setUp(t, srv.As(u))
	later(t, srv)
	given := ticket(t, srv, u.Email)
	lockBy(t, srv.Role(spec.RoleMANAGER), u, nil)
	require.Equal(t, spec.ProblemAccountLocked, code(t, withOTP(srv, given, phone.shows(t))))
	require.Equal(t, spec.ProblemAccountLocked, code(t, withRecoveryCode(srv, given, recovery[0])))
	require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, u.Email, apitest.Password)))
	endStaffLock(t, srv, u)
	require.Equal(t, 200, withRecoveryCode(srv, given, recovery[0]).Status, "nothing was used up")
}

// TestTwoLocks: a lock of the staff's and one that failed sign-ins led to do not end or shorten each other, and the account
// is said to be open when neither holds any more.
func TestTwoLocks(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	manager := srv.Role(spec.RoleMANAGER)
	fail := func(u db.User) {
		for range 5 {
			try(srv, u.Email, wrong)
		}
		require.Eventually(t, func() bool { return readUser(t, srv, u.ID).LockedUntil != nil }, waitFor, tick)
		idle(t, srv)
	}
	t.Run("the staff's lasts longer", func(t *testing.T) {
		u := srv.User(spec.RoleAUTHOR)
		until := time.Now().Add(48 * time.Hour)
		lockBy(t, manager, u, &until)
		smtp.Wait(t, u.Email)
		fail(u)
		require.WithinDuration(t, until, *apitest.Do[spec.User](manager, "GET", spec.GetUserPath(u.ID), nil, 200).LockedUntil, time.Second)
		endLocks(t, srv)
		idle(t, srv)
		require.Len(t, smtp.Messages(), 1, "there is nothing new to tell")
		require.Zero(t, facts(srv, "user.unlocked"))
		require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, u.Email, apitest.Password)))
		endStaffLock(t, srv, u)
		require.Equal(t, openAgain, smtp.Wait(t, u.Email).Subject)
		signIn(t, srv, u.Email)
		require.Equal(t, 1, facts(srv, "user.unlocked"))
	})
	t.Run("the other lasts longer", func(t *testing.T) {
		u := srv.User(spec.RoleAUTHOR)
		fail(u)
		require.Equal(t, "Signing in to Usher is closed for a while", smtp.Wait(t, u.Email).Subject)
		lockBy(t, manager, u, new(time.Now().Add(time.Minute)))
		smtp.Wait(t, u.Email)
		endStaffLock(t, srv, u)
		idle(t, srv)
		require.Len(t, smtp.Messages(), 4)
		require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, u.Email, apitest.Password)))
		endLocks(t, srv)
		require.Equal(t, openAgain, smtp.Wait(t, u.Email).Subject)
		signIn(t, srv, u.Email)
		require.Equal(t, 2, facts(srv, "user.unlocked"))
	})
	t.Run("staff end both", func(t *testing.T) {
		u := srv.User(spec.RoleAUTHOR)
		fail(u)
		lockBy(t, manager, u, nil)
		require.Equal(t, 204, manager.Send("POST", spec.UnlockUserPath(u.ID), nil).Status)
		signIn(t, srv, u.Email)
		require.Equal(t, 3, facts(srv, "user.unlocked"))
	})
}

// TestRefusedLocks: the end is within a year, nobody locks themselves, somebody above or the last ADMIN, and trying is in
// the log.
func TestRefusedLocks(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss, staff, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleMANAGER), srv.User(spec.RoleAUTHOR)
	manager := srv.As(staff)
	for want, until := range map[string]time.Time{
		"/until too-small": time.Now().Add(-time.Second), "/until too-large": time.Now().AddDate(1, 0, 1),
	} {
		p := apitest.Refused(manager, "POST", spec.LockUserPath(u.ID), spec.AccountLock{Until: &until, Reason: "x"}, spec.ProblemInvalidRequest)
		require.Equal(t, []string{want}, apitest.Pointers(p))
	}
	body := spec.AccountLock{Reason: "x"}
	apitest.Refused(srv.As(boss), "POST", spec.LockUserPath(boss.ID), body, spec.ProblemSelfLock)
	apitest.Refused(manager, "POST", spec.LockUserPath(staff.ID), body, spec.ProblemSelfLock)
	apitest.Refused(manager, "POST", spec.LockUserPath(srv.User(spec.RoleMANAGER).ID), body, spec.ProblemForbidden)
	apitest.Refused(manager, "POST", spec.LockUserPath(boss.ID), body, spec.ProblemForbidden)
	apitest.Refused(srv.Role(spec.RoleMODERATOR), "POST", spec.LockUserPath(u.ID), body, spec.ProblemForbidden)
	require.Equal(t, []string{"self-lock", "self-lock", "forbidden", "forbidden", "forbidden"},
		list(t, srv, "SELECT details->>'reason' FROM audit_entries WHERE action = $1 ORDER BY id", outbox.OperationRefused))
	_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (any, error) {
		return nil, auth.Lock(t.Context(), tx, actor.Operator(), boss.ID, nil, "x")
	})
	require.True(t, fault.Is(err, spec.ProblemLastAdmin), err)
	require.Empty(t, srv.Facts())

	second := srv.User(spec.RoleADMIN)
	lockBy(t, srv.As(boss), second, nil)
	for name, act := range map[string]func(tx pgx.Tx) error{
		"delete": func(tx pgx.Tx) error { return users.Delete(t.Context(), tx, actor.Operator(), boss.ID) },
		"demote": func(tx pgx.Tx) error {
			_, err := users.ChangeRole(t.Context(), tx, actor.Operator(), boss.ID, spec.RoleAUTHOR, "x")
			return err
		},
	} {
		_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (any, error) { return nil, act(tx) })
		require.True(t, fault.Is(err, spec.ProblemLastAdmin), "%s: who is locked is not in charge: %v", name, err)
	}
}

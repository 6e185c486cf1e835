package auth_test

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const wrong = "not this one at all"

func try(srv *apitest.Server, email, password string) apitest.Answer {
	return grant(srv, "grant_type", "password", "username", email, "password", password)
}

func code(t testing.TB, a apitest.Answer) spec.Problem {
	t.Helper()
	return decode[spec.OAuthError](t, a.Body).Code
}

// endLocks lets the time of every lock pass.
func endLocks(t testing.TB, srv *apitest.Server) {
	t.Helper()
	for _, sql := range []string{
		"UPDATE sign_in_attempts SET locked_until = now() WHERE locked_until IS NOT NULL",
		"UPDATE users SET locked_until = now() WHERE locked_until IS NOT NULL",
		"UPDATE river_job SET scheduled_at = now() WHERE kind = 'unlocking'",
	} {
		_, err := srv.DB.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
}

// TestLock (SIGN3): five failures in a row lock the account; the attempt that locks is told, and the right password.
func TestLock(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	for i := range 4 {
		require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, u.Email, wrong)), i)
	}
	locking := try(srv, u.Email, wrong)
	require.Equal(t, 403, locking.Status)
	require.Equal(t, spec.ProblemAccountLocked, code(t, locking))
	require.Equal(t, "900", locking.Header.Get("Retry-After"))
	require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, u.Email, wrong)))
	require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, u.Email, apitest.Password)))

	t.Run("for an address that nobody has it looks the same", func(t *testing.T) {
		for range 4 {
			require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, "nobody@example.com", wrong)))
		}
		require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, "NOBODY@example.com", wrong)))
		require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, "nobody@example.com", wrong)))
	})
	t.Run("nothing is checked for ever while locked", func(t *testing.T) {
		for range 4 {
			require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, u.Email, wrong)))
		}
		for _, secret := range []string{wrong, apitest.Password} {
			refused := try(srv, u.Email, secret)
			require.Equal(t, 429, refused.Status)
			require.NotEmpty(t, refused.Header.Get("Retry-After"))
		}
	})
	t.Run("the lock ends by itself", func(t *testing.T) {
		endLocks(t, srv)
		signIn(t, srv, u.Email)
	})
	t.Run("a success starts counting anew (SIGN4)", func(t *testing.T) {
		for range 3 {
			for range 4 {
				require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, u.Email, wrong)))
			}
			signIn(t, srv, u.Email)
		}
	})
}

// TestLockAtOnce: of 200 wrong passwords at once at most as many are checked as the limit says, and the right one does
// not get in afterwards.
func TestLockAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	before := srv.Auth.Hasher.Hashes()
	statuses := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			a := try(srv, u.Email, wrong)
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Status]++
		})
	}
	wg.Wait()
	t.Log("answers:", statuses, "hashes:", srv.Auth.Hasher.Hashes()-before)
	require.LessOrEqual(t, srv.Auth.Hasher.Hashes()-before, uint64(10))
	require.Equal(t, 1, statuses[403], "one attempt locked")
	require.Equal(t, 200, statuses[401]+statuses[403]+statuses[429])
	require.NotEqual(t, 200, try(srv, u.Email, apitest.Password).Status)
	endLocks(t, srv)
	signIn(t, srv, u.Email)
}

// TestSignInsAtOnce: an account whose owner signs in from many places at once is not locked by that.
func TestSignInsAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			a := try(srv, u.Email, apitest.Password)
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Status]++
		})
	}
	wg.Wait()
	require.Equal(t, 32, statuses[200]+statuses[429], "%v", statuses)
	require.GreaterOrEqual(t, statuses[200], 10)
	signIn(t, srv, u.Email)
}

// TestStrangerCannotKeepOwnerOut: somebody who locks the account from elsewhere does not lock it for a network that the
// owner has signed in from.
func TestStrangerCannotKeepOwnerOut(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Wire(func(o *server.Options) {
		_, loopback, _ := net.ParseCIDR("127.0.0.0/8")
		o.TrustedProxies = []*net.IPNet{loopback}
	}))
	u := srv.User(spec.RoleAUTHENTICATED)
	from := func(address, password string) apitest.Answer {
		return srv.Nobody().With("X-Forwarded-For", address).Send("POST", tokenPath,
			map[string]string{"grant_type": "password", "username": u.Email, "password": password})
	}
	first := from("192.0.2.7", apitest.Password)
	require.Equal(t, 200, first.Status)
	for i := range 10 {
		from(fmt.Sprintf("198.51.%d.1", i), wrong)
	}
	require.Equal(t, 429, from("203.0.113.9", apitest.Password).Status)
	require.Equal(t, 200, from("192.0.2.99", apitest.Password).Status, "the owner's own network")
	bearer := srv.Bearer(decode[spec.Token](t, first.Body).AccessToken)
	apitest.Do[spec.User](bearer, "GET", "/me", nil, 200)

	for range 5 {
		from("192.0.2.7", wrong)
	}
	require.Equal(t, spec.ProblemAccountLocked, code(t, from("192.0.2.7", apitest.Password)), "a guest at home is held back, too")
}

// TestLockIsTold: the owner is mailed, staff see it and unlock, the end is told, and everything is in the log.
func TestLockIsTold(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	manager, u := srv.Role(spec.RoleMANAGER), srv.User(spec.RoleAUTHENTICATED)
	at, unlock := spec.GetUserPath(u.ID), spec.UnlockUserPath(u.ID)
	lock := func() {
		for range 5 {
			try(srv, u.Email, wrong)
		}
	}
	shown := func() spec.User { return apitest.Do[spec.User](manager, "GET", at, nil, 200) }
	require.NotContains(t, apitest.Rels(shown().Links), "unlock")

	lock()
	smtp.Wait(t, u.Email) // account-locked
	require.Eventually(t, func() bool { return shown().LockedUntil != nil }, waitFor, tick)
	require.WithinDuration(t, time.Now().Add(15*time.Minute), *shown().LockedUntil, time.Minute)
	require.Contains(t, apitest.Rels(shown().Links), "unlock")
	require.Equal(t, 204, manager.Send("POST", unlock, nil).Status)
	require.Equal(t, 204, manager.Send("POST", unlock, nil).Status)
	smtp.Wait(t, u.Email) // account-unlocked
	require.Nil(t, shown().LockedUntil)
	signIn(t, srv, u.Email)

	lock()
	smtp.Wait(t, u.Email)
	require.Eventually(t, func() bool { return shown().LockedUntil != nil }, waitFor, tick)
	endLocks(t, srv)
	smtp.Wait(t, u.Email)
	require.Eventually(t, func() bool { return facts(srv, "user.unlocked") == 2 }, waitFor, tick)
	require.Equal(t, 2, facts(srv, "user.locked"))

	apitest.Refused(manager, "POST", spec.UnlockUserPath(srv.User(spec.RoleADMIN).ID), nil, spec.ProblemForbidden)
	apitest.Refused(srv.Role(spec.RoleMODERATOR), "POST", unlock, nil, spec.ProblemForbidden)
}

func facts(srv *apitest.Server, kind string) int {
	n := 0
	for _, k := range srv.Facts() {
		if k == kind {
			n++
		}
	}
	return n
}

// TestPasswordGrantOff (SIGN16).
func TestPasswordGrantOff(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.PasswordGrant = false }))
	a := try(srv, srv.User(spec.RoleADMIN).Email, apitest.Password)
	require.Equal(t, 400, a.Status)
	require.Equal(t, spec.ProblemUnsupportedGrantType, code(t, a))
}

// TestAbandonedAttempts: what was being checked when a process died does not hold up those who come later.
func TestAbandonedAttempts(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	for range 10 {
		n, err := db.New().ReserveAttempt(t.Context(), srv.DB, db.ReserveAttemptParams{Subject: u.ID, Most: 10})
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	}
	require.Equal(t, 429, try(srv, u.Email, apitest.Password).Status)
	_, err := srv.DB.Exec(t.Context(), "UPDATE sign_in_attempts SET last_at = last_at - interval '1 minute'")
	require.NoError(t, err)
	signIn(t, srv, u.Email)
}

// TestHangingUpCounts: a client that hangs up while its password is checked does not keep the failure from counting.
func TestHangingUpCounts(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.LockAfter = 100 }))
	slow, err := password.NewHasher(password.DefaultParams(), 1, 8)
	require.NoError(t, err)
	srv.Auth.Hasher = slow
	u := srv.User(spec.RoleAUTHENTICATED)
	count := func(column string) (n uint64) {
		sql := "SELECT coalesce(sum(" + column + "), 0) FROM sign_in_attempts WHERE subject = $1"
		require.NoError(t, srv.DB.QueryRow(t.Context(), sql, u.ID).Scan(&n))
		return n
	}
	form := url.Values{"grant_type": {"password"}, "username": {u.Email}, "password": {wrong}}.Encode()
	for range 5 {
		c, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
		require.NoError(t, err)
		_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			spec.IssueTokenPath(), len(form), form)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return count("pending")+count("failures") > 0 }, waitFor, time.Millisecond)
		require.NoError(t, c.Close())
	}
	require.Eventually(t, func() bool { return count("pending") == 0 && count("failures") == slow.Hashes() }, waitFor, tick,
		"each password that was checked counts")
}

// TestLockAgain: locks grow longer without a success in between, a limit that was lowered locks at once, and the end of a
// lock that is told late lifts no other.
func TestLockAgain(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.LockAfter = 10 }))
	u := srv.User(spec.RoleAUTHENTICATED)
	for range 7 {
		try(srv, u.Email, wrong)
	}
	srv.Auth.Settings.LockAfter = 5
	require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, u.Email, wrong)))
	for _, seconds := range []string{"1800", "3600"} {
		endLocks(t, srv)
		for range 4 {
			require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, u.Email, wrong)))
		}
		require.Equal(t, seconds, try(srv, u.Email, wrong).Header.Get("Retry-After"))
	}
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET locked_until = now() - interval '1 minute' WHERE id = $1", u.ID)
	require.NoError(t, err)
	_, err = store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (any, error) { return nil, auth.LockEnded(t.Context(), tx, u.ID) })
	require.NoError(t, err)
	require.Equal(t, spec.ProblemAccountLocked, code(t, try(srv, u.Email, apitest.Password)))
}

// TestResetMakesNetworkKnown: whoever sets a password with a mailed link cannot be locked out from elsewhere where they
// did, though they have never signed in from there.
func TestResetMakesNetworkKnown(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Wire(func(o *server.Options) {
		_, loopback, _ := net.ParseCIDR("127.0.0.0/8")
		o.TrustedProxies = []*net.IPNet{loopback}
	}))
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	attack := func() {
		for range 10 {
			srv.Nobody().With("X-Forwarded-For", "198.51.100.1").Send("POST", tokenPath,
				map[string]string{"grant_type": "password", "username": u.Email, "password": wrong})
		}
	}
	body := forgotten(t, srv, smtp, u.Email)
	attack()
	owner := srv.Nobody().With("X-Forwarded-For", "192.0.2.7")
	require.Equal(t, 204, owner.Send("POST", reset, body).Status)
	attack()
	a := owner.Send("POST", tokenPath, map[string]string{"grant_type": "password", "username": u.Email, "password": fresh})
	require.Equal(t, 200, a.Status, string(a.Body))
}

// TestRefusedSignInsAreLogged: a right password that does not get in is as telling as a wrong one.
func TestRefusedSignInsAreLogged(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.Verified = false })
	require.Equal(t, spec.ProblemEmailUnverified, code(t, try(srv, u.Email, apitest.Password)))
	me := srv.As(srv.User(spec.RoleAUTHENTICATED))
	require.Equal(t, 422, me.Send("POST", "/me/password", map[string]string{"current_password": wrong, "password": "small boats drift at dawn"}).Status)
	require.Equal(t, []string{"sign-in.failed email-unverified", "proof.failed invalid-request"},
		list(t, srv, "SELECT action || ' ' || (details->>'reason') FROM audit_entries ORDER BY id"))
}

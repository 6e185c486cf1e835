package worker_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const (
	waitFor = 20 * time.Second
	tick    = 20 * time.Millisecond
)

func enqueue(t *testing.T, srv *apitest.Server, jobs ...river.JobArgs) {
	t.Helper()
	_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (struct{}, error) {
		for _, job := range jobs {
			if err := outbox.Enqueue(t.Context(), tx, job); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	require.NoError(t, err)
}

// ended waits until no job of a kind is left to do now, and counts those that ended in state.
func ended(t *testing.T, srv *apitest.Server, kind, state string) int {
	t.Helper()
	var busy, count int
	require.Eventually(t, func() bool {
		err := srv.DB.QueryRow(t.Context(), "SELECT count(*) FILTER (WHERE state IN ('available', 'running', 'retryable')), count(*) FILTER (WHERE state::text = $2) FROM river_job WHERE kind = $1",
			kind, state).Scan(&busy, &count)
		return err == nil && busy == 0
	}, waitFor, tick)
	return count
}

func lockUntil(t *testing.T, srv *apitest.Server, u db.User, until time.Time) {
	t.Helper()
	_, err := db.New().SetLockedUntil(t.Context(), srv.DB, &until, u.ID)
	require.NoError(t, err)
}

// letters are what notices say.
var letters = map[users.About]struct{ subject, text string }{
	users.AboutRegisteredAlready:   {"You are registered at Usher already", "/forgot-password"},
	users.AboutLocked:              {"Signing in to Usher is closed for a while", "closed for 15 minutes"},
	users.AboutUnlocked:            {"You can sign in to Usher again", "/forgot-password"},
	users.AboutPasswordChanged:     {"Your Usher password was changed", "/forgot-password"},
	users.AboutEmailChanged:        {"Your Usher account has a new e-mail address", "***@example. com"},
	users.AboutEmailMoved:          {"Your Usher account has a new e-mail address", "The staff of Usher changed the e-mail address"},
	users.AboutSecondFactorEnabled: {"Your Usher account now asks for a second factor", "/forgot-password"},
	users.AboutSecondFactorRemoved: {"Your Usher account no longer asks for a second factor", "/forgot-password"},
	users.AboutRecoveryCodeUsed:    {"A recovery code was used to sign in to Usher", "Codes left: 0."},
	users.AboutRoleChanged:         {"Your role at Usher has changed", "It was reader, and is administrator now."},
	users.AboutSuspended:           {"Your Usher account is suspended", "> For a reason."},
	users.AboutReinstated:          {"Your Usher account is no longer suspended", "It opens by itself in 7 days"},
	users.AboutStaffLock:           {"Your Usher account is locked for a while", "by itself in 7 days"},
	users.AboutStaffLockEnded:      {"You can sign in to Usher again", "the staff of Usher had locked"},
}

// TestNotices: whatever there is to tell arrives, in words of its own (F2.2).
func TestNotices(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	to := map[users.About]string{}
	for about := range letters {
		u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.FirstName = new("Kim") })
		lockUntil(t, srv, u, time.Now().Add(15*time.Minute))
		_, err := db.New().SetStaffLock(t.Context(), srv.DB, time.Now().Add(7*24*time.Hour-time.Minute), u.ID)
		require.NoError(t, err)
		enqueue(t, srv, users.Notice{UserID: u.ID, About: about, Was: spec.RoleAUTHENTICATED, Is: spec.RoleADMIN, Reason: "For a reason."})
		to[about] = u.Email
	}
	for about, want := range letters {
		letter := smtp.Wait(t, to[about])
		require.Equal(t, want.subject, letter.Subject)
		require.Contains(t, letter.Text, want.text, about)
		require.Contains(t, letter.Text, "Hello Kim,", about)
	}
}

// TestReinstated: somebody who is let in again reads that they can sign in, unless staff locked the account, too.
func TestReinstated(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	u := srv.User(spec.RoleAUTHENTICATED)
	_, err := db.New().SetStaffLock(t.Context(), srv.DB, time.Now().Add(-time.Second), u.ID)
	require.NoError(t, err)
	enqueue(t, srv, users.Notice{UserID: u.ID, About: users.AboutReinstated})
	require.Contains(t, smtp.Wait(t, u.Email).Text, "You can sign in as before.")
}

// TestNothingToTell: no mail about a lock that is over, or to somebody who is gone, and none that says that a suspended
// account is open. A notice that nobody has written is
// given up at once, and kept for people to see.
func TestNothingToTell(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	lockUntil(t, srv, u, time.Now().Add(-time.Second))
	never, suspended := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleAUTHENTICATED)
	_, err := db.New().SetStatus(t.Context(), srv.DB, spec.UserStatusSuspended, suspended.ID)
	require.NoError(t, err)
	enqueue(t, srv,
		users.Notice{UserID: u.ID, About: users.AboutLocked}, users.Notice{UserID: never.ID, About: users.AboutLocked},
		users.Notice{UserID: uuid.New(), About: users.AboutPasswordChanged}, users.Notice{UserID: u.ID, About: "made-up"},
		users.Notice{UserID: u.ID, About: users.AboutStaffLock}, users.Notice{UserID: suspended.ID, About: users.AboutUnlocked},
		users.Notice{UserID: suspended.ID, About: users.AboutStaffLockEnded},
		users.PasswordMail{UserID: uuid.New()}, users.PasswordMail{UserID: u.ID, New: true}, users.EmailChangeMail{UserID: u.ID},
		users.EmailChangeMail{UserID: uuid.New()}, auth.Locking{UserID: uuid.New()}, auth.Unlocking{UserID: uuid.New()}, auth.Forgotten{UserID: uuid.New()},
	)
	smtp := srv.Work()
	require.Equal(t, 6, ended(t, srv, users.Notice{}.Kind(), "completed"))
	require.Equal(t, 1, ended(t, srv, users.Notice{}.Kind(), "cancelled"))
	require.Equal(t, 2, ended(t, srv, users.PasswordMail{}.Kind(), "completed"))
	require.Equal(t, 2, ended(t, srv, users.EmailChangeMail{}.Kind(), "completed"))
	for _, kind := range []string{auth.Locking{}.Kind(), auth.Unlocking{}.Kind(), auth.Forgotten{}.Kind()} {
		require.Equal(t, 1, ended(t, srv, kind, "completed"), kind)
	}
	require.Empty(t, smtp.Messages())
	require.Empty(t, srv.Facts())
}

// TestLockEnds: the end of a lock is told by the service itself, once.
func TestLockEnds(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	lockUntil(t, srv, u, time.Now().Add(-time.Second))
	enqueue(t, srv, auth.Unlocking{UserID: u.ID}, auth.Unlocking{UserID: u.ID})
	smtp := srv.Work()
	require.Equal(t, 2, ended(t, srv, auth.Unlocking{}.Kind(), "completed"))
	require.Equal(t, "You can sign in to Usher again", smtp.Wait(t, u.Email).Subject)
	require.Equal(t, 1, ended(t, srv, users.Notice{}.Kind(), "completed"))
	require.Equal(t, []string{"user.unlocked"}, srv.Facts())
	var actor string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT actor_kind FROM audit_entries WHERE action = 'user.unlocked'").Scan(&actor))
	require.Equal(t, string(spec.AuditActorKindSystem), actor)
}

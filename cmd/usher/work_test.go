package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/mail/smtptest"
)

// working starts a worker.
func working(t *testing.T, environment variables) *process {
	t.Helper()
	p := start(t, environment, "work")
	p.says(`"msg":"working"`)
	return p
}

func verificationLink(t *testing.T, m smtptest.Message) string {
	t.Helper()
	i := slices.IndexFunc(m.Links(), func(link string) bool { return strings.Contains(link, "/verify#") })
	require.GreaterOrEqual(t, i, 0, "%v", m.Links())
	return m.Links()[i]
}

func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	mails := smtptest.Start(t)
	mails.Stop()
	address := freeAddress(t)
	env := onDatabaseAt(dbtest.URL(t)).with(variables{
		"SMTP_URL": mails.URL(), "USHER_LISTEN": address, "USHER_BASE_URL": "http://" + address,
	})
	p, nobody := serving(t, env)
	u := nobody.register("ada@example.com")
	p.kill()

	mails.Restart()
	worker := working(t, env)
	link := verificationLink(t, mails.Wait(t, "ada@example.com"))
	require.True(t, strings.HasPrefix(link, "http://"+address+"/verify#"), link)
	p, nobody = serving(t, env, "--work")
	v := nobody.confirm(link)
	require.Equal(t, u.ID, v.UserID)
	require.Equal(t, spec.RoleAUTHENTICATED, v.Role)
	nobody.signIn("ada@example.com", secret)
	worker.stops()

	mails.Stop()
	nobody.register("bob@example.com")
	p.says(`"msg":"job failed",.*"kind":"verification-mail"`)
	mails.Restart()
	nobody.confirm(verificationLink(t, mails.Wait(t, "bob@example.com")))
	p.stops()
	require.Len(t, mails.Messages(), 2)
}

// stuck makes the mail server hold the first letter up, until free is called; wait returns once a worker is stuck there.
func stuck(mails *smtptest.Server) (wait, free func()) {
	reached, release := make(chan struct{}), make(chan struct{})
	hang := sync.OnceFunc(func() { close(reached); <-release })
	mails.Reject(func(string) error { hang(); return nil })
	return func() { <-reached }, func() {
		mails.Reject(func(string) error { return nil })
		close(release)
	}
}

func TestMailOfAKilledWorkerGoesOut(t *testing.T) {
	t.Parallel()
	mails := smtptest.Start(t)
	wait, free := stuck(mails)
	env := onDatabaseAt(dbtest.URL(t)).with(variables{"SMTP_URL": mails.URL()})
	_, nobody := serving(t, env)
	worker := working(t, env)
	nobody.register("ada@example.com")
	wait()
	worker.kill()
	free()

	working(t, env)
	require.Eventually(t, func() bool { return len(mails.Messages()) > 0 }, 2*time.Minute, 100*time.Millisecond)
	nobody.confirm(verificationLink(t, mails.Wait(t, "ada@example.com")))
}

func TestEndingWorkerHandsItsMailBack(t *testing.T) {
	t.Parallel()
	mails := smtptest.Start(t)
	wait, free := stuck(mails)
	env := onDatabaseAt(dbtest.URL(t)).with(variables{"SMTP_URL": mails.URL()})
	_, nobody := serving(t, env)
	worker := working(t, env)
	nobody.register("ada@example.com")
	wait()
	worker.stops()
	free()

	working(t, env)
	nobody.confirm(verificationLink(t, mails.Wait(t, "ada@example.com")))
}

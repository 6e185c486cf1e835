package remote

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLogin: a sign-in is stored for its owner alone, and used from then on.
func TestLogin(t *testing.T) {
	t.Parallel()
	a, d := serve(t), sit(t)
	e := d.usher("tall ships\r\n", "login", "--url", a.url+"/", "--email", "ada@example.com", "--password-stdin")
	require.NoError(t, e.err)
	require.Equal(t, "Signed in to "+a.url+" as ada@example.com.\n", e.out)
	about, err := os.Stat(filepath.Join(d.folder, "usher", "credentials.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), about.Mode().Perm())
	require.WithinDuration(t, time.Now().Add(15*time.Minute), d.stored().Expires, time.Minute)
	d.does("api", "get-me")

	d.answers = []string{"tall ships"}
	d.does("login", "--email", "bob@example.com")
	require.Equal(t, []string{"Password"}, d.asked)
	require.Equal(t, "bob@example.com", d.stored().Email)
	a.safely(func() { require.Equal(t, []string{"refresh-1"}, a.revoked, "the session that was replaced has ended") })

	d.answers = []string{a.url, "eve@example.com", "tall ships"}
	d.does("login", "--profile", "eve")
	require.Equal(t, []string{"Password", "Address of the service", "E-mail address", "Password"}, d.asked)
	d.does("api", "get-me", "--profile", "eve")
	require.Equal(t, "bob@example.com", d.stored().Email)

	e = d.usher("wrong", "login", "--url", a.url, "--email", "ada@example.com", "--password-stdin")
	require.EqualError(t, e.err, "401 invalid-credentials: No\n  Request: 1")
	require.Equal(t, "bob@example.com", d.stored().Email)
}

// TestLoginWithASecondFactor: with a code of the app, given or asked for, or a recovery code.
func TestLoginWithASecondFactor(t *testing.T) {
	t.Parallel()
	a, d := serve(t), sit(t)
	a.safely(func() { a.otp = "492039" })
	login := func(more ...string) ended {
		return d.usher("tall ships\n", append([]string{"login", "--url", a.url, "--email", "ada@example.com", "--password-stdin"}, more...)...)
	}
	require.EqualError(t, login().err, "403 mfa-required: No\n  Give it as --otp, or a recovery code as --recovery-code.\n  Request: 1")
	require.ErrorContains(t, login("--otp", "000000").err, "invalid-code")
	require.NoError(t, login("--otp", "492039").err)
	require.NoError(t, login("--recovery-code", "spare").err)
	d.answers = []string{"492 039"}
	require.NoError(t, login().err)
	require.Equal(t, "Code of the authenticator app", d.asked[len(d.asked)-1])
}

// TestLogout: the session ends on the service, and nothing is left here.
func TestLogout(t *testing.T) {
	t.Parallel()
	a, d := serve(t), sit(t)
	for _, expires := range []time.Time{time.Now().Add(time.Hour), time.Now().Add(-time.Hour)} {
		a.safely(func() { a.number = 0 })
		d.signedIn(a.url, expires)
		require.Equal(t, "Signed out of "+a.url+".\n", d.does("logout"))
		require.NoFileExists(t, store{d.folder}.file())
	}
	a.safely(func() { require.Equal(t, 2, a.signOuts) })

	d.signedIn(a.url, time.Now().Add(time.Hour)) // which has ended there
	d.does("logout")
	a.safely(func() { require.Equal(t, 2, a.signOuts) })

	d.signedIn("http://127.0.0.1:1", time.Now().Add(time.Hour))
	require.ErrorContains(t, d.usher("", "logout").err, "http://127.0.0.1:1 cannot be reached: ")
	require.FileExists(t, store{d.folder}.file())
	d.does("logout", "--forget")
	require.EqualError(t, d.usher("", "logout").err, "there is no stored sign-in (profile default)")
}

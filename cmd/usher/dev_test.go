package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
)

// developing starts `usher dev` and waits until it answers.
func developing(t *testing.T, environment variables, args ...string) (*process, client) {
	t.Helper()
	p := start(t, environment, append([]string{"dev"}, args...)...)
	c := client{t: t, url: p.says(`Usher +(http://localhost:\d+)\n`)}
	p.says(`Stop +Ctrl-C\n`)
	require.Equal(t, http.StatusOK, status(c, "/readyz"))
	return p, c
}

// linkMailed waits for the verification mail in the mailbox and cuts the link out, as a shell would.
func (c client) linkMailed(to string) (link string) {
	c.t.Helper()
	letter := regexp.MustCompile(`(?m)^\S+ \S+  ` + regexp.QuoteMeta(to) + `\n.+\n(` + regexp.QuoteMeta(c.url) + `/verify#\S+)$`)
	require.Eventually(c.t, func() bool {
		code, text := c.page("/dev/mail")
		found := letter.FindStringSubmatch(text)
		if found != nil {
			link = found[1]
		}
		return code == http.StatusOK && link != ""
	}, soon, tick)
	return link
}

// postgres is the number of the server's process on the data folder.
func postgres(t *testing.T, data string) int {
	t.Helper()
	note, err := os.ReadFile(filepath.Join(data, "postgres", "data", "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(note), "\n")
	number, err := strconv.Atoi(first)
	require.NoError(t, err)
	return number
}

func gone(process int) func() bool {
	return func() bool { return syscall.Kill(process, 0) == syscall.ESRCH }
}

func TestDev(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "100% my data")
	_, port, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	args := []string{"--port", port, "--data", data}

	p, nobody := developing(t, nil, args...)
	require.Equal(t, "http://localhost:"+port, nobody.url)
	require.Equal(t, nobody.url+"/docs", p.says(`API docs +(\S+)\n`))
	require.Equal(t, nobody.url+"/dev/mail", p.says(`Mails +(\S+)\n`))
	require.Equal(t, http.StatusOK, status(nobody, "/docs"))
	operator := start(t, variables{"DATABASE_URL": p.says(`Operator +DATABASE_URL='(\S+)' usher user list\n`)}, "user", "list")
	require.Contains(t, operator.ends(soon).succeeds(t), "admin@example.com")
	nobody.wholeLife()
	admin, _ := nobody.signIn(p.says(`Admin +(\S+), password`), p.says(`password (\S+) \(shown once\)`))
	require.Len(t, want[spec.UserPage](admin, http.StatusOK, "GET", "/users", nil).Items, 2)

	start(t, nil, "dev", "--port", "0", "--data", data).ends(soon).fails(t, "another usher dev uses the database in "+
		filepath.Join(data, "postgres")+": stop it first, or run this one in a folder of its own")
	server := postgres(t, data)
	p.signal(syscall.SIGINT)
	p.ends(10 * time.Second).succeeds(t)
	require.Eventually(t, gone(server), soon, tick)

	p, nobody = developing(t, nil, args...)
	require.NotContains(t, p.out.String(), "Admin")
	nobody.signIn("ada@example.com", secret)
	nobody.register("bob@example.com")
	link := nobody.linkMailed("bob@example.com")
	server = postgres(t, data)
	p.kill()

	p, nobody = developing(t, nil, args...)
	require.Eventually(t, gone(server), soon, tick) // an orphan is on the list until somebody asks how it ended
	nobody.confirm(link)
	nobody.signIn("bob@example.com", secret)
	p.stops()
}

// wholeLife takes an account from registration to signing out.
func (c client) wholeLife() {
	c.t.Helper()
	u := c.register("ada@example.com")
	require.Equal(c.t, spec.RoleANONYMOUS, u.Role)
	require.Equal(c.t, spec.RoleAUTHENTICATED, c.confirm(c.linkMailed("ada@example.com")).Role)

	ada, tokens := c.signIn("ada@example.com", secret)
	me := want[struct {
		ID    uuid.UUID                                `json:"id"`
		Links map[string]struct{ Href, Method string } `json:"_links"`
	}](ada, http.StatusOK, "GET", "/me", nil)
	require.Equal(c.t, u.ID, me.ID)
	for _, relation := range []string{"self", "update", "sign-out"} {
		require.Contains(c.t, me.Links, relation)
	}
	require.Equal(c.t, struct{ Href, Method string }{"/api/v1/me", "PATCH"}, me.Links["update"])
	require.Equal(c.t, "Ada", *want[spec.User](ada, http.StatusOK, "PATCH", "/me", map[string]string{"first_name": "Ada"}).FirstName)

	refreshed := want[spec.Token](c, http.StatusOK, "POST", "/auth/token",
		map[string]string{"grant_type": "refresh_token", "refresh_token": tokens.RefreshToken})
	ada.token = refreshed.AccessToken
	want[spec.User](ada, http.StatusOK, "GET", "/me", nil)
	want[struct{}](ada, http.StatusNoContent, "POST", "/auth/logout", nil)
	for _, token := range []string{tokens.AccessToken, refreshed.AccessToken} {
		ada.token = token
		require.Equal(c.t, spec.ProblemUnauthenticated, want[spec.ProblemDetails](ada, http.StatusUnauthorized, "GET", "/me", nil).Code)
	}
	refused := want[spec.OAuthError](c, http.StatusBadRequest, "POST", "/auth/token",
		map[string]string{"grant_type": "refresh_token", "refresh_token": refreshed.RefreshToken})
	require.Equal(c.t, "invalid_grant", refused.Error)
}

func TestDevTakesSettings(t *testing.T) {
	t.Parallel()
	env := variables{
		"DATABASE_URL": dbtest.Empty(t), "USHER_FIRST_USER_ADMIN": "true", "USHER_HASH_MEMORY_KIB": "7168", "USHER_HASH_ITERATIONS": "1",
	}
	args := []string{"--port", "0", "--data", filepath.Join(t.TempDir(), "made")}
	p, nobody := developing(t, env, args...)
	p.says(`Admin +whoever registers first\n`)
	require.NotContains(t, p.out.String(), "Operator", "whoever gave the address of the database has it")
	require.Equal(t, spec.RoleADMIN, nobody.register("ada@example.com").Role)
	require.Equal(t, spec.RoleANONYMOUS, nobody.register("bob@example.com").Role)
	ada, _ := nobody.signIn("ada@example.com", secret)
	require.Len(t, want[spec.UserPage](ada, http.StatusOK, "GET", "/users", nil).Items, 2)
	nobody.linkMailed("bob@example.com")
	p.stops()
	require.NoDirExists(t, filepath.Join(args[3], "postgres"))

	p, nobody = developing(t, env.with(variables{"SMTP_URL": "smtp://" + freeAddress(t)}), args...)
	require.NotContains(t, p.out.String(), "Admin")
	require.NotContains(t, p.out.String(), "Mails")
	require.Equal(t, http.StatusNotFound, status(nobody, "/dev/mail"))
	p.stops()
}

func TestDevRefuses(t *testing.T) {
	data := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr)
	command(t, nil, "", "dev", "--data", data, "--port", strconv.Itoa(taken.Port)).fails(t,
		taken.String()+" is taken: stop what listens there, or choose another with --port")
	command(t, nil, "", "dev", "--data", data, "--port", "99999").fails(t,
		"cannot listen on 127.0.0.1:99999 (--port): address 99999: invalid port")

	file := filepath.Join(data, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	command(t, nil, "", "dev", "--port", "0", "--data", file).fails(t,
		"the data folder cannot be made: mkdir "+file+": not a directory")
	command(t, variables{"DATABASE_URL": "elsewhere"}, "", "dev", "--port", "0", "--data", data).fails(t, mistaken(
		"DATABASE_URL must be a URL that Postgres understands, such as postgres://user:password@host:5432/database "+
			"(special characters in the password percent-encoded)"))
}

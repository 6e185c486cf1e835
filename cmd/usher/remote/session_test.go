package remote

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// accounts is a service that signs people in. Only its latest access token counts, and only its latest refresh token.
type accounts struct {
	*service
	number   int    // of the latest tokens
	otp      string // the code that signing in takes
	stale    bool   // a recent sign-in is wanted
	revoked  []string
	signOuts int
}

func serve(t *testing.T) *accounts {
	t.Helper()
	a := new(accounts)
	a.service = listen(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case spec.BasePath + "/auth/token":
			a.token(w, r)
		case spec.BasePath + "/auth/revoke":
			_ = r.ParseForm()
			a.revoked = append(a.revoked, r.PostForm.Get("token"))
		default:
			a.guarded(w, r)
		}
	})
	return a
}

func (a *accounts) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f := r.PostForm
	oauth := func(status int, code string) {
		reply(w, status, jsonType, fmt.Sprintf(`{"error":"x","error_description":"y","title":"No","status":%d,"code":%q,"instance":"1","mfa_token":"m"}`, status, code))
	}
	switch {
	case f.Get("grant_type") == "refresh_token" && f.Get("refresh_token") != fmt.Sprintf("refresh-%d", a.number):
		oauth(http.StatusBadRequest, "invalid-grant")
		return
	case f.Get("grant_type") == "password" && f.Get("password") != "tall ships":
		oauth(http.StatusUnauthorized, "invalid-credentials")
		return
	case f.Get("grant_type") == "password" && a.otp != "":
		oauth(http.StatusForbidden, "mfa-required")
		return
	case f.Get("grant_type") == mfaGrant && (f.Get("mfa_token") != "m" || f.Get("otp") != a.otp && f.Get("recovery_code") != "spare"):
		oauth(http.StatusBadRequest, "invalid-code")
		return
	case f.Get("grant_type") != "refresh_token":
		a.stale = false
	}
	a.number++
	reply(w, http.StatusOK, jsonType, map[string]any{"access_token": fmt.Sprintf("access-%d", a.number), "token_type": "Bearer",
		"expires_in": 900, "refresh_token": fmt.Sprintf("refresh-%d", a.number), "scope": ""})
}

func (a *accounts) guarded(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != fmt.Sprintf("Bearer access-%d", a.number):
		problem(w, http.StatusUnauthorized, "unauthenticated", "Sign in first")
	case a.stale && r.Method != http.MethodGet:
		problem(w, http.StatusUnauthorized, "step-up-required", "Sign in again for this")
	default:
		if r.URL.Path == spec.BasePath+"/auth/logout" {
			a.signOuts++
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// TestRefresh: an access token that is about to expire, or that was refused, is replaced and stored.
func TestRefresh(t *testing.T) {
	t.Parallel()
	a, d := serve(t), sit(t)
	d.signedIn(a.url, time.Now().Add(10*time.Second))
	d.does("api", "get-me")
	require.Equal(t, []string{"POST /api/v1/auth/token", "GET /api/v1/me"}, a.said())
	require.Equal(t, "refresh-1", d.stored().Refresh)

	d.signedIn(a.url, time.Now().Add(time.Hour))
	require.NoError(t, store{d.folder}.change(t.Context(), pause, func(all profiles) error {
		p := all[defaultProfile]
		p.Refresh = "refresh-1" // access-0 does not count any more
		all[defaultProfile] = p
		return nil
	}))
	d.does("api", "get-me")
	require.Equal(t, "access-2", d.stored().Access)

	d.signedIn(a.url, time.Now()) // with a refresh token that was used
	require.EqualError(t, d.usher("", "api", "get-me").err, "the sign-in has ended: run `usher login` again")
}

// TestRefreshOnceForAll: of many commands at once one refreshes; the others take what it got. A refresh token that is used
// twice ends the session.
func TestRefreshOnceForAll(t *testing.T) {
	t.Parallel()
	a, d := serve(t), sit(t)
	d.signedIn(a.url, time.Now())
	var all sync.WaitGroup
	failures := make(chan error, 8)
	for range cap(failures) {
		all.Go(func() {
			own := &desk{t: t, folder: d.folder, environment: map[string]string{}}
			failures <- own.usher("", "api", "get-me").err
		})
	}
	all.Wait()
	for range cap(failures) {
		require.NoError(t, <-failures)
	}
	require.Equal(t, "refresh-1", d.stored().Refresh)
}

// TestStepUp: whoever sits at a terminal proves who they are, and the request is repeated; a script is told what to do.
func TestStepUp(t *testing.T) {
	t.Parallel()
	a, d := serve(t), sit(t)
	d.signedIn(a.url, time.Now().Add(time.Hour))
	a.safely(func() { a.stale = true })
	require.EqualError(t, d.usher("", "api", "delete-user", someID).err,
		"401 step-up-required: Sign in again for this\n  Run `usher login` again, and repeat this.\n  Request: 5f3c2b1a9d8e")
	d.answers = []string{"wrong"}
	require.ErrorContains(t, d.usher("", "api", "delete-user", someID).err, "invalid-credentials")
	a.safely(func() { a.otp = "492039" })
	d.answers, d.asked = []string{"tall ships", "492039"}, nil
	e := d.usher("", "api", "change-role", someID, "--role", "ADMIN", "--reason", "why not")
	require.NoError(t, e.err)
	require.Equal(t, "This takes a recent sign-in.\nDone: change-role.\n", e.errs)
	require.Equal(t, []string{"Password for ada@example.com", "Code of the authenticator app"}, d.asked)
	require.Equal(t, "access-1", d.stored().Access)
	a.safely(func() { require.Equal(t, []string{"refresh-0"}, a.revoked) })
	var twice []string
	for _, h := range a.heard() {
		if h.method == http.MethodPut {
			twice = append(twice, h.body)
		}
	}
	require.Equal(t, []string{twice[0], twice[0]}, twice)
}

// TestWhoseTokenGoesWhere: the environment wins over what is stored, and no token goes to a service that it is not from.
func TestWhoseTokenGoesWhere(t *testing.T) {
	t.Parallel()
	hears := func() *service {
		return listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	}
	home, other := hears(), hears()
	d := sit(t)
	d.signedIn(home.url, time.Now().Add(time.Hour))
	sent := func(environment map[string]string, args ...string) string {
		t.Helper()
		home.safely(func() { home.all = nil })
		other.safely(func() { other.all = nil })
		d.environment = environment
		d.does(append([]string{"api"}, args...)...)
		all := append(home.heard(), other.heard()...)
		require.Len(t, all, 1)
		return all[0].header.Get("Authorization")
	}
	require.Equal(t, "Bearer access-0", sent(nil, "get-me"))
	require.Equal(t, "Bearer access-0", sent(nil, "get-me", "--url", home.url))
	require.Equal(t, "Bearer access-0", sent(map[string]string{URLVariable: home.url}, "get-me"))
	require.Empty(t, sent(nil, "get-me", "--url", other.url))
	require.Empty(t, sent(map[string]string{URLVariable: other.url}, "get-me"))
	both := map[string]string{URLVariable: other.url, TokenVariable: "t"}
	require.Equal(t, "Bearer t", sent(both, "get-me"))
	require.Equal(t, "Bearer t", sent(map[string]string{TokenVariable: "t"}, "get-me", "--url", other.url))
	require.Empty(t, sent(both, "get-me", "--url", home.url))
	require.Equal(t, "Bearer access-0", sent(both, "get-me", "--profile", "default"))
	require.Empty(t, sent(nil, "get-profile", "ada"), "what anybody may read needs no token")

	d.environment = map[string]string{TokenVariable: "t"}
	require.EqualError(t, d.usher("", "api", "get-me").err, "USHER_TOKEN is set, and USHER_URL is not: which service is the token of?")
	d.environment = nil
	require.EqualError(t, d.usher("", "api", "get-me", "--profile", "work").err,
		"sign in first with `usher login`, or say with --url which service this is for (profile work)")
}

// TestAddresses: secrets do not go over the network in clear unless that is wanted.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://accounts.example.com", "http://localhost:8080/", "http://127.0.0.1", "http://[::1]:80"} {
		got, err := origin(good, false)
		require.NoError(t, err, good)
		require.Equal(t, strings.TrimSuffix(good, "/"), got)
	}
	for _, bad := range []string{"", "accounts.example.com", "ftp://example.com", "https://", "https://a:b@example.com", "https://example.com/api",
		"https://example.com?x", "https://example.com#x", "http://example.com", "http://localhost.example.com", "http://10.0.0.1", "::"} {
		_, err := origin(bad, false)
		require.ErrorContains(t, err, "--url: ", bad)
	}
	got, err := origin("http://example.com", true)
	require.NoError(t, err)
	require.Equal(t, "http://example.com", got)
}

// TestLinksElsewhere: neither redirects nor links take a token to another host.
func TestLinksElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s, d := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == spec.BasePath+"/me" {
			http.Redirect(w, r, elsewhere.url, http.StatusTemporaryRedirect)
			return
		}
		reply(w, http.StatusOK, jsonType, `{"items":[],"_links":{"next":{"href":"`+elsewhere.url+`/api/v1/users","method":"GET"}}}`)
	}), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	require.EqualError(t, d.usher("", "api", "get-me").err,
		"307 Temporary Redirect\n  This is no answer of Usher; look at the address, or at what stands before the service.")
	require.EqualError(t, d.usher("", "api", "list-users", "--all").err,
		"the service answers with a link to another host, which is not followed")
	require.Empty(t, elsewhere.said())
}

// TestBrokenStore: a file that is not ours to read is not thrown away.
func TestBrokenStore(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.signedIn("https://example.com", time.Now())
	file := store{d.folder}.file()
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	for _, args := range []string{"api get-me", "login --url https://example.com", "logout"} {
		require.EqualError(t, d.usher("", strings.Fields(args)...).err, file+" is no file of stored sign-ins: delete it, and sign in again")
	}
}

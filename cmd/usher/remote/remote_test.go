package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite golden files")

// desk is where somebody sits who uses the command line: environment, folder, and what they answer when asked.
type desk struct {
	t           *testing.T
	folder      string
	environment map[string]string
	answers     []string // to questions, in their order; none: nobody is there
	asked       []string
	pauses      []time.Duration
}

func sit(t *testing.T) *desk {
	t.Helper()
	return &desk{t: t, folder: t.TempDir(), environment: map[string]string{}}
}

func (d *desk) settings() Settings {
	return Settings{
		Version: "test",
		Getenv:  func(name string) string { return d.environment[name] },
		Folder:  func() (string, error) { return d.folder, nil },
		Ask: func(label string, _ bool) (string, error) {
			if d.asked = append(d.asked, label); len(d.answers) == 0 {
				return "", ErrNobody
			}
			answer := d.answers[0]
			d.answers = d.answers[1:]
			return answer, nil
		},
		Pause: func(_ context.Context, p time.Duration) error { d.pauses = append(d.pauses, p); return nil },
	}
}

// ended is what a command left.
type ended struct {
	out, errs string
	err       error
}

func (d *desk) usher(in string, args ...string) ended {
	var out, errs bytes.Buffer
	c := &cobra.Command{Use: "usher", SilenceErrors: true, SilenceUsage: true}
	c.AddCommand(API(d.settings(), true), Login(d.settings()), Logout(d.settings()))
	c.SetArgs(args)
	c.SetIn(strings.NewReader(in))
	c.SetOut(&out)
	c.SetErr(&errs)
	err := c.ExecuteContext(d.t.Context())
	return ended{out.String(), errs.String(), err}
}

// does wants a command to do its work, and returns what it printed.
func (d *desk) does(args ...string) string {
	d.t.Helper()
	e := d.usher("", args...)
	require.NoError(d.t, e.err)
	return e.out
}

// signedIn stores a sign-in to a service.
func (d *desk) signedIn(url string, expires time.Time) {
	d.t.Helper()
	s := store{d.folder}
	require.NoError(d.t, s.change(d.t.Context(), pause, func(all profiles) error {
		all[defaultProfile] = profile{URL: url, Email: "ada@example.com", Access: "access-0", Refresh: "refresh-0", Expires: expires.UTC().Truncate(time.Second)}
		return nil
	}))
}

func (d *desk) stored() profile {
	d.t.Helper()
	all, err := store{d.folder}.read()
	require.NoError(d.t, err)
	return all[defaultProfile]
}

// heard is a request that a service got.
type heard struct {
	method, path, query, body string
	header                    http.Header
}

// service answers as a test wants, and remembers what it heard.
type service struct {
	url string
	mu  sync.Mutex
	all []heard
}

// safely does something that the service must not see half of. It answers one request at a time.
func (s *service) safely(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// heard are the requests so far.
func (s *service) heard() (all []heard) {
	s.safely(func() { all = slices.Clone(s.all) })
	return all
}

func listen(t *testing.T, answer http.HandlerFunc) *service {
	t.Helper()
	s := new(service)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(b))
		s.safely(func() {
			s.all = append(s.all, heard{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(b), r.Header})
			answer(w, r)
		})
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// said are the methods and paths that the service heard.
func (s *service) said() (out []string) {
	for _, h := range s.heard() {
		out = append(out, h.method+" "+h.path)
	}
	return out
}

func reply(w http.ResponseWriter, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if text, ok := body.(string); ok {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(body)
}

// problem answers a problem of the contract.
func problem(w http.ResponseWriter, status int, code, title string, more ...string) {
	reply(w, status, "application/problem+json", fmt.Sprintf(`{"type":"/problems/%s","title":%q,"status":%d,"code":%q,"instance":"5f3c2b1a9d8e"%s}`,
		code, title, status, code, strings.Join(more, "")))
}

// golden wants what the file of that name in testdata says.
func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "rewrite with -update")
}

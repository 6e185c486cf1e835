package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestQuick sees whether every scenario still works. How fast is not for a test to say.
func TestQuick(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-quick"}, &out, t.Output()))
	service := map[string]string{}
	for line := range strings.Lines(out.String()) {
		if cells := strings.Split(line, "|"); len(cells) == 8 {
			service[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[3])
		}
	}
	for _, what := range []string{
		"GET /me", "GET /users, first page of 50", "GET /users, page 20", "refresh of a token", "page 20 : first page, p50",
		"8 sign in at once (floor: bare argon2id)", "64 sign in at once (floor: bare argon2id)", "p99 of the 64",
		"p99 of GET /me meanwhile", "memory meanwhile", "memory 5s after", "start to ready", "memory when idle", "binary",
	} {
		require.NotEmpty(t, service[what], "%s is not in\n%s", what, &out)
	}
}

func TestOptions(t *testing.T) {
	for _, args := range [][]string{{"-users", "100"}, {"-connections", "0"}, {"-rounds", "0"}, {"-users", "1000", "-page", "21"}, {"-slow"}} {
		_, err := parse(args, t.Output())
		require.Error(t, err, args)
	}
}

func TestAnswers(t *testing.T) {
	long := strings.Repeat("page after page ", 10_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/whole":
			w.Header().Set("Content-Length", "4")
			_, _ = w.Write([]byte("here"))
		case "/chunks":
			_, _ = w.Write([]byte(long))
		case "/nothing":
		default:
			http.Error(w, "the reason", http.StatusTeapot)
		}
	}))
	defer server.Close()
	c, err := dial(t.Context(), server.Listener.Addr().String())
	require.NoError(t, err)
	defer c.close()
	for path, want := range map[string]string{"/whole": "here", "/chunks": long, "/nothing": ""} {
		body, err := c.send(get(path, "token"))
		require.NoError(t, err)
		require.Equal(t, want, string(body))
	}
	_, err = c.send(get("/else", "token"))
	require.ErrorContains(t, err, "418")
	require.ErrorContains(t, err, "the reason")
	require.NotContains(t, err.Error(), "token")
}

func TestSummary(t *testing.T) {
	var took []time.Duration
	for n := range 200 {
		took = append(took, time.Duration(200-n)*time.Millisecond)
	}
	require.Equal(t, sample{100, 101 * time.Millisecond, 199 * time.Millisecond}, summarise(took, 2*time.Second))
	require.InDelta(t, 2.5, median([]float64{9, 1, 2, 3}, func(f float64) float64 { return f }), 0)
	require.Equal(t, "7,312/s, 1.02ms, 1.235s", sample{7311.7, 1_021_234, 1_234_567_890}.String())
}

package remote

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestProblems: a failure says what happened, what it is about in the words of the command line, and what to quote.
func TestProblems(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"problem.taken": func(w http.ResponseWriter, _ *http.Request) {
			problem(w, http.StatusConflict, "email-taken", "Email already exists")
		},
		"problem.fields": func(w http.ResponseWriter, _ *http.Request) {
			problem(w, http.StatusUnprocessableEntity, "invalid-request", "The request does not match the contract", `,"detail":"Look.","errors":[
				{"pointer":"/email","code":"format","detail":"This is not an e-mail address."},
				{"pointer":"/first_name","code":"too-long","detail":"Use at most 100 characters."},
				{"pointer":"/fields/team","code":"enum","detail":"Send one of red, blue."},
				{"pointer":"header/Idempotency-Key","code":"pattern","detail":"This has characters that are not taken here."},
				{"pointer":"/new","code":"unknown","detail":"There is no such field."},
				{"pointer":"","code":"empty","detail":"Send at least one field."}]`)
		},
		"problem.later": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			problem(w, http.StatusTooManyRequests, "rate-limited", "Too many requests")
		},
		"problem.hostile": func(w http.ResponseWriter, _ *http.Request) {
			problem(w, http.StatusConflict, "email-taken", "Email \u009b31m exists", `,"detail":"\u001b[2J"`)
		},
		"problem.signin": func(w http.ResponseWriter, _ *http.Request) {
			problem(w, http.StatusUnauthorized, "unauthenticated", "Sign in first")
		},
		"problem.proxy": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusBadGateway, "text/html", "<h1>Bad gateway</h1>")
		},
	}
	for name, answer := range answers {
		s, d := listen(t, answer), sit(t)
		d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
		e := d.usher("", "api", "create-user", "--email", "ada")
		require.Error(t, e.err, name)
		require.Empty(t, e.out)
		golden(t, name, "usher: "+e.err.Error()+"\n")
	}
	s, d := listen(t, answers["problem.fields"]), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	e := d.usher(`{"email": "ada"}`, "api", "create-user", "--body", "-")
	require.ErrorContains(t, e.err, "\n  /email: This is not an e-mail address.\n", "no flag was used")
}

// TestWait: the pauses that the service wants are made when that is allowed.
func TestWait(t *testing.T) {
	t.Parallel()
	refusals := 2
	s, d := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		if refusals--; refusals >= 0 {
			w.Header().Set("Retry-After", "7")
			problem(w, http.StatusServiceUnavailable, "busy", "Busy")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	e := d.usher("", "api", "unlock-user", someID, "--wait")
	require.NoError(t, e.err)
	require.Equal(t, "503: waiting for 7s\n503: waiting for 7s\nThe account is not locked.\n", e.errs)
	require.Equal(t, []time.Duration{7 * time.Second, 7 * time.Second}, d.pauses)
}

// TestLostConnections: a request is repeated when nothing can happen twice: with the same Idempotency-Key, for instance.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	losses := 0
	s, d := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		if losses--; losses >= 0 {
			panic(http.ErrAbortHandler) // which cuts the connection
		}
		w.WriteHeader(http.StatusNoContent)
	}), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	for line, repeated := range map[string]bool{
		"create-user --email ada@example.com":                           true,
		"create-user --email ada@example.com --idempotency-key of-mine": true,
		"get-me":                    true,
		"delete-user " + someID:     true,
		"unlock-user " + someID:     false,
		"update-me --bio x":         false,
		"import-users --file -":     false,
		"export-users --role ADMIN": true,
	} {
		s.safely(func() { losses, s.all = 2, nil })
		e := d.usher("email\n", append([]string{"api"}, strings.Fields(line)...)...)
		if !repeated {
			require.ErrorContains(t, e.err, s.url+" cannot be reached: ", line)
			require.Len(t, s.heard(), 1, line)
			continue
		}
		require.NoError(t, e.err, line)
		require.Len(t, s.heard(), 3, line)
		require.Equal(t, s.heard()[0].body, s.heard()[2].body)
		require.Equal(t, s.heard()[0].header.Get(idempotencyKey), s.heard()[2].header.Get(idempotencyKey))
	}
	s.safely(func() { losses = 3 })
	require.ErrorContains(t, d.usher("", "api", "get-me").err, s.url+" cannot be reached: EOF")
}

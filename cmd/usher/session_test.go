package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// TestSessions: an operator sees where somebody is signed in, and ends one session or all.
func TestSessions(t *testing.T) {
	pool, run := staff(t)
	_, service := serving(t, onDatabaseOf(pool))
	log := audited(t, pool)
	bob := decode[spec.User](t, run("user", "show", "bob-b", "--output", "json").succeeds(t))
	log(bob.ID)
	var at []client
	for range 3 {
		signedIn, _ := service.signIn("bob@example.com", secret)
		at = append(at, signedIn)
	}
	_, err := pool.Exec(t.Context(), `UPDATE sessions SET device = E'\x1b]0;owned\x07'`)
	require.NoError(t, err)
	table := strings.Split(strings.TrimSpace(run("session", "list", "bob-b").succeeds(t)), "\n")
	require.Len(t, table, 4)
	require.Regexp(t, `^ID +NETWORK +PROOF +SIGNED IN +LAST USED +EXPIRES +DEVICE$`, table[0])
	require.Regexp(t, `^\S{36}  127\.0\.0\.0/24  pwd +(20\S+Z  ){3}\\u001b\]0;owned\\u0007$`, table[1])
	var ids []string
	for line := range strings.Lines(run("session", "list", "bob-b", "--output", "json").succeeds(t)) {
		ids = append(ids, decode[spec.Session](t, line).ID.String())
	}
	live := func() (n int) {
		for _, c := range at {
			if status, _, err := c.send("GET", "/me", nil); err == nil && status == http.StatusOK {
				n++
			}
		}
		return n
	}
	require.Equal(t, 3, live())
	require.Equal(t, "Ended "+ids[0]+".\n", run("session", "end", ids[0]).succeeds(t))
	require.Equal(t, 2, live())
	run("session", "end", ids[0]).fails(t, "there is no such session, or it has ended")
	require.Equal(t, "Ended 2 sessions of bob@example.com.\n", run("session", "end", "--user", "bob-b", "--all").succeeds(t))
	require.Zero(t, live())
	require.Equal(t, []string{"session.ended", "session.ended", "session.ended"}, log(bob.ID))
	require.Empty(t, run("session", "end", "--user", "bob-b", "--all", "--output", "json").succeeds(t))

	for args, sentence := range map[string]string{
		"":                              "want the id of a session, or --user with --all",
		"--user bob-b":                  "want the id of a session, or --user with --all",
		"--all":                         "want the id of a session, or --user with --all",
		ids[0] + " --user bob-b --all":  "want the id of a session, or --user with --all",
		"bob-b":                         "want the id of a session: `usher session list bob-b` shows it; `usher session end --user bob-b --all` ends all",
		"--user eve --all":              "nobody has this nickname",
		fmt.Sprint(ids[0], " ", ids[1]): "accepts at most 1 arg(s), received 2",
	} {
		run(append([]string{"session", "end"}, strings.Fields(args)...)...).fails(t, sentence)
	}
}

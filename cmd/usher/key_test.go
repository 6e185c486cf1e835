package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/dbtest"
)

// keyStates lists the keys: id to state, and the ids in order.
func keyStates(t *testing.T, env variables) (states map[string]string, ids []string) {
	t.Helper()
	states = map[string]string{}
	lines := strings.Split(strings.TrimSpace(command(t, env, "", "key", "list").succeeds(t)), "\n")
	require.Regexp(t, `^ID +ALGORITHM +CREATED +SIGNS FROM +EXPIRES +STATE$`, lines[0])
	for _, line := range lines[1:] {
		found := regexp.MustCompile(`^(\S{43})  (?:EdDSA|ES256) +(?:20\S+Z  ){3}(old|signing|next)$`).FindStringSubmatch(line)
		require.NotNil(t, found, line)
		states[found[1]], ids = found[2], append(ids, found[1])
	}
	return states, ids
}

// key carries out `usher key` and returns the keys that it names.
func key(t *testing.T, env variables, args ...string) (said string, ids []string) {
	t.Helper()
	said = command(t, env, "", append([]string{"key"}, args...)...).succeeds(t)
	for _, found := range regexp.MustCompile(`Key (\S{43}) `).FindAllStringSubmatch(said, -1) {
		ids = append(ids, found[1])
	}
	return said, ids
}

// SIGN5: operators change keys while the service runs. The database and the secret are all that this takes.
func TestKeys(t *testing.T) {
	env := onDatabaseAt(dbtest.URL(t))
	database := variables{"DATABASE_URL": env["DATABASE_URL"]}
	few := database.with(variables{"USHER_SECRET": env["USHER_SECRET"]})
	_, ids := keyStates(t, database)
	require.Empty(t, ids)

	p, service := serving(t, env)
	bob := member(t, env, service, "bob@example.com")
	_, ids = keyStates(t, database)
	first := ids[0]
	said, ids := key(t, few, "rotate")
	require.Regexp(t, `^Key \S+ \(EdDSA\) is published and signs from 20\d\d-\S+Z\.\n$`, said)
	second := ids[0]
	_, ids = key(t, few.with(variables{"USHER_KEY_ALGORITHM": "ES256"}), "rotate", "--now")
	third := ids[0]
	states, ids := keyStates(t, database)
	require.Equal(t, map[string]string{first: "old", third: "signing"}, states, "the one that waited, %s, has signed nothing and is gone", second)
	require.Equal(t, third, ids[1], "in the order in which they take over")
	said, ids = key(t, few, "revoke", "--", first)
	require.Equal(t, []string{first}, ids, said)
	p.stops()

	_, service = serving(t, env)
	bob.url = service.url
	want[spec.ProblemDetails](bob, http.StatusUnauthorized, "GET", "/me", nil)
	_, published := service.page(auth.JWKSPath)
	require.NotContains(t, published, first)
	require.Contains(t, published, third)

	said, ids = key(t, few, "revoke", "--", third)
	require.Len(t, ids, 2, said)
	require.Contains(t, said, "Key "+ids[1]+" signs from now on.\n")
	states, _ = keyStates(t, database)
	require.Equal(t, map[string]string{ids[1]: "signing"}, states)
}

func TestKeysRefused(t *testing.T) {
	env := onDatabaseAt(dbtest.URL(t))
	few := variables{"DATABASE_URL": env["DATABASE_URL"], "USHER_SECRET": env["USHER_SECRET"]}
	for _, line := range []string{"key rotate", "key revoke some"} {
		command(t, nil, "", strings.Fields(line)...).fails(t, mistaken("DATABASE_URL is missing", "USHER_SECRET is missing"))
	}
	command(t, few, "", "key", "revoke").fails(t, "accepts 1 arg(s), received 0")
	command(t, few, "", "key", "revoke", "some").fails(t, "there is no such signing key")
	command(t, few, "", "key", "revoke", "-ome").fails(t, "unknown shorthand flag: 'o' in -ome (write -- before an id that starts with -)")
	command(t, few.with(variables{"USHER_KEY_AHEAD": "1m"}), "", "key", "rotate").fails(t, mistaken("USHER_KEY_AHEAD must be at least 10m"))

	p, _ := serving(t, env)
	p.stops()
	before, ids := keyStates(t, few)
	foreign := few.with(variables{"USHER_SECRET": "Vs89eMY2pqubNby626OxXZZyXJzwjMUdT/SpVENWSjyfamm6p7iW8kLsJUH9RrpW"})
	for _, args := range [][]string{{"rotate"}, {"rotate", "--now"}, {"revoke", "--", ids[0]}} {
		e := command(t, foreign, "", append([]string{"key"}, args...)...)
		require.Regexp(t, `^usher: signing keys \(was USHER_SECRET changed\?\): .*\n$`, e.errs)
		require.Equal(t, 1, e.code)
	}
	after, _ := keyStates(t, few)
	require.Equal(t, before, after)
}

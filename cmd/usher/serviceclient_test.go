package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/dbtest"
)

// ask asks a service about a token with HTTP Basic.
func ask(t *testing.T, service client, id, secret, token string) (status int, told spec.Introspection) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, service.url+spec.IntrospectTokenPath(),
		strings.NewReader(url.Values{"token": {token}}.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(id, secret)
	status, answer, err := fetch(req)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(answer, &told))
	return status, told
}

// SIGN14: what an operator registers may ask about tokens until it is deleted. The database is all that this takes.
func TestServiceClients(t *testing.T) {
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	only := variables{"DATABASE_URL": env["DATABASE_URL"]}
	require.Equal(t, "ID  NAME  CREATED\n", command(t, only, "", "client", "list").succeeds(t))
	out := command(t, only, "", "client", "create", "--name", "the blog").succeeds(t)
	said := regexp.MustCompile(`^Created the blog\.\nID:     (\S+)\nSecret: (\S{43})\n$`).FindStringSubmatch(out)
	require.NotNil(t, said, out)
	id, clientSecret := said[1], said[2]
	listed := command(t, only, "", "client", "list").succeeds(t)
	require.Regexp(t, `(?m)^`+id+`  the blog  20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, listed)
	require.NotContains(t, listed, clientSecret)

	_, service := serving(t, env)
	bob := member(t, env, service, "bob@example.com")
	status, told := ask(t, service, id, clientSecret, bob.token)
	require.Equal(t, http.StatusOK, status)
	require.True(t, told.Active)
	require.Equal(t, want[spec.User](bob, http.StatusOK, "GET", "/me", nil).ID, *told.Sub)
	status, _ = ask(t, service, id, "wrong", bob.token)
	require.Equal(t, http.StatusUnauthorized, status)

	require.Equal(t, "Deleted "+id+".\n", command(t, only, "", "client", "delete", id).succeeds(t))
	status, _ = ask(t, service, id, clientSecret, bob.token)
	require.Equal(t, http.StatusUnauthorized, status)

	rows, err := pool.Query(t.Context(), "SELECT actor_kind || ' ' || action FROM audit_entries WHERE action LIKE 'client.%' ORDER BY id")
	require.NoError(t, err)
	log, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"operator client.created", "operator client.deleted"}, log)
}

func TestServiceClientsRefused(t *testing.T) {
	env := variables{"DATABASE_URL": dbtest.URL(t)}
	command(t, env, "", "client", "create").fails(t, `required flag(s) "name" not set`)
	command(t, env, "", "client", "create", "--name", " ").fails(t, "--name: use 1 to 100 characters on one line")
	command(t, env, "", "client", "delete").fails(t, "accepts 1 arg(s), received 0")
	for _, id := range []string{uuid.NewString(), "blog", "\xff", ""} {
		command(t, env, "", "client", "delete", id).fails(t, "there is no such client")
	}
	empty := variables{"DATABASE_URL": dbtest.Empty(t)}
	for _, line := range []string{"client list", "client create --name blog", "client delete blog", "key list"} {
		command(t, empty, "", strings.Fields(line)...).fails(t, "the database lacks migrations: run `usher migrate up`")
	}
}

// SIGN14: all that the metadata of a service leads to is there.
func TestMetadataLeadsSomewhere(t *testing.T) {
	env := onDatabaseAt(dbtest.URL(t))
	_, service := serving(t, env)
	code, text := service.page(auth.MetadataPath)
	require.Equal(t, http.StatusOK, code)
	var told map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &told))
	require.Equal(t, env["USHER_BASE_URL"], told["issuer"])
	pages := 0
	for name, value := range told {
		address, _ := value.(string)
		path, ours := strings.CutPrefix(address, env["USHER_BASE_URL"]+"/")
		switch {
		case !ours:
		case strings.HasSuffix(name, "_endpoint"):
			code, _ := service.page("/" + path)
			require.Equal(t, http.StatusMethodNotAllowed, code, "%s takes POST", name)
			pages++
		default:
			require.Equal(t, http.StatusOK, status(service, "/"+path), name)
			pages++
		}
	}
	require.Equal(t, 5, pages)
}

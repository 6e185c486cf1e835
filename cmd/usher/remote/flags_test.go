package remote

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// TestFlagsThatAreRefused: what the contract cannot take is not sent.
func TestFlagsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, d := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	for line, sentence := range map[string]string{
		"list-users --role admin":                           `invalid argument "admin" for "--role" flag: want one of ANONYMOUS, AUTHENTICATED, AUTHOR, MODERATOR, MANAGER, ADMIN`,
		"list-users --limit many":                           `invalid argument "many" for "--limit" flag: want a whole number`,
		"list-users --verified=maybe":                       `invalid argument "maybe" for "--verified" flag: want true or false`,
		"list-users --registered-from yesterday":            `invalid argument "yesterday" for "--registered-from" flag: want a day or a time, such as 2026-11-21 or 2026-11-21T09:30:00Z`,
		"list-users --role ADMIN --role AUTHOR":             `invalid argument "AUTHOR" for "--role" flag: give it once`,
		"list-users --verified false":                       `"false" is one argument too many for "usher api list-users"; what is true or false is written --flag=false`,
		"list-users --output yaml":                          "--output: want table, json or csv",
		"get-user ada":                                      `invalid argument "ada" for "--user-id" flag: want an id, such as ` + someID,
		"get-user":                                          `required flag(s) "user-id" not set`,
		"get-user --user-id " + someID + " " + someID:       "--user-id: this is there twice, as a flag and as an argument",
		"change-role " + someID + " --role ADMIN":           `required flag(s) "reason" not set`,
		"update-me --fields red":                            `invalid argument "red" for "--fields" flag: want JSON`,
		"update-me --fields [1]":                            `invalid argument "[1]" for "--fields" flag: want a JSON object`,
		"update-me --clear nickname":                        "--clear: want one of bio, first-name",
		"update-me --bio x --clear bio":                     "--clear: want one of bio, first-name",
		"update-me --bio x --body -":                        "--bio: --body has the whole body already",
		"update-me --body /none":                            "--body: open /none: no such file or directory",
		"import-users":                                      `required flag(s) "file" not set`,
		"import-users --file /none":                         "--file: open /none: no such file or directory",
		"introspect-token --token x":                        `required flag(s) "client-id" not set`,
		"introspect-token --token x --client-id y":          "--client-secret-stdin: this is needed where nobody can be asked",
		"change-password --password long-enough-passphrase": `required flag(s) "current-password" not set`,
		"fly": `unknown command "fly" for "usher api"`,
	} {
		e := d.usher("", append([]string{"api"}, strings.Fields(line)...)...)
		require.ErrorContains(t, e.err, sentence, line)
		require.Empty(t, e.out, line)
	}
	require.Empty(t, s.said())
}

// TestOtherWaysToGiveABody: a whole body from a file or standard input, passwords from standard input or the terminal.
func TestOtherWaysToGiveABody(t *testing.T) {
	t.Parallel()
	s, d := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	send := func(in string, args ...string) heard {
		t.Helper()
		require.NoError(t, d.usher(in, append([]string{"api"}, args...)...).err)
		return s.heard()[len(s.heard())-1]
	}
	require.JSONEq(t, `{"bio": null}`, send(`{"bio": null}`, "update-me", "--body", "-").body)
	require.JSONEq(t, `{"bio": null, "first_name": null}`, send("", "update-me", "--clear", "bio,first_name").body)
	require.JSONEq(t, `{"fields": {"team": "red"}, "bio": ""}`, send("", "update-me", "--fields", `{"team":"red"}`, "--bio", "").body)
	require.JSONEq(t, `{"current_password": "old one", "password": "new one"}`,
		send("old one\r\nnew one\n", "change-password", "--current-password", "-", "--password", "-").body)
	d.answers = []string{"asked for"}
	require.JSONEq(t, `{"current_password": "asked for", "password": "a good passphrase"}`,
		send("", "change-password", "--password", "a good passphrase").body)
	require.Equal(t, "grant_type=refresh_token&refresh_token=a%26b",
		send("", "revoke-token", "--body", d.write(`{"grant_type": "refresh_token", "refresh_token": "a&b"}`)).body)
	require.Equal(t, "email\nada@example.com\n", send("email\nada@example.com\n", "import-users", "--file", "-", "--dry-run").body)
	require.Equal(t, "field=team%3Ared&field=size%3A3", send("", "list-users", "--field", "team:red", "--field", "size:3").query)
	require.Equal(t, "registered_from=2026-11-21T00%3A00%3A00Z", send("", "list-users", "--registered-from", "2026-11-21").query)
}

func (d *desk) write(text string) string {
	d.t.Helper()
	file := filepath.Join(d.folder, "input")
	require.NoError(d.t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// TestCompletion: shells complete operations, flags and values.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"api change-r":               "change-role",
		"api change-role --re":       "--reason",
		"api change-role --role ":    "MANAGER",
		"api list-users --sort ":     "-last_login_at",
		"api list-users --verified=": "false",
		"api list-users --output ":   "csv",
		"api update-me --clear ":     "website-url",
	} {
		require.Contains(t, sit(t).does(append([]string{"__complete"}, strings.Split(line, " ")...)...), want, line)
	}
}

// TestNamesThatAreTaken: an operation may call something as the command line calls one of its own flags.
func TestNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	held := contract{node{"paths": map[string]any{"/hooks": map[string]any{"post": map[string]any{"description": "Calls."}}},
		"schema": map[string]any{"type": "object", "properties": map[string]any{
			"url": map[string]any{"type": "string"}, "body": map[string]any{"type": "string"}, "name": map[string]any{"type": "string"}}}}}
	op := &spec.Operation{ID: "addHook", Method: "POST", Path: "/hooks", Bodies: []spec.Body{{MediaType: jsonType, Schema: "#/schema"}}}
	c := sit(t).settings().command(held, op, new(options))
	for _, flag := range []string{"body-url", "body-body", "name"} {
		require.NotNil(t, c.Flags().Lookup(flag), flag)
	}
}

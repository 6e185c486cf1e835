package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// TestASessionFromAfar (F10.7): what staff do at a terminal, against the real service: they sign in, look, change a role,
// take an export away, and sign out; and the audit log tells it.
func TestASessionFromAfar(t *testing.T) {
	s := apitest.New(t)
	s.Work()
	admin, bob := s.User(spec.RoleADMIN), s.User(spec.RoleAUTHENTICATED)
	folder := t.TempDir()
	env := variables{"XDG_CONFIG_HOME": folder, "HOME": folder, "USHER_URL": "", "USHER_TOKEN": ""}
	asked := func(args ...string) string {
		t.Helper()
		e := command(t, env, "", append([]string{"api"}, args...)...)
		require.Zero(t, e.code, e.errs)
		return e.out
	}
	require.Equal(t, "Signed in to "+s.URL+" as "+admin.Email+".\n", command(t, env, apitest.Password+"\n",
		"login", "--url", s.URL, "--email", admin.Email, "--password-stdin").succeeds(t))

	var page spec.UserPage
	require.NoError(t, json.Unmarshal([]byte(asked("list-users", "--role", "AUTHENTICATED")), &page))
	require.Len(t, page.Items, 1)
	require.Contains(t, asked("list-users", "--all", "--limit", "1", "--output", "table"), bob.ID.String())

	changed := asked("change-role", bob.ID.String(), "--role", "MODERATOR", "--reason", "She looks after the comments.",
		"--output", "csv", "--columns", "id,role")
	require.Equal(t, "id,role\n"+bob.ID.String()+",MODERATOR\n", changed)
	require.Equal(t, ended{errs: "Not modified.\n"}, command(t, env, "", "api", "getUser", bob.ID.String(), "--if-none-match", "*"))

	file := filepath.Join(folder, "users.csv")
	var export spec.Export
	require.NoError(t, json.Unmarshal([]byte(asked("export-users", "--follow", "--role", "MODERATOR")), &export))
	asked("download-export", export.ID.String(), "--out", file)
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(kept), "\n"))
	require.Contains(t, string(kept), bob.Email)
	require.Equal(t, string(kept), asked("export-users", "--follow", "--role", "MODERATOR", "--out", "-"))

	e := command(t, env, "email\nnew@example.com\n", "api", "import-users", "--file", "-", "--dry-run", "--follow",
		"--output", "table", "--columns", "state,rows_read")
	require.Zero(t, e.code, e.errs)
	require.Equal(t, "state      done\nrows_read  1\n", e.out)

	refused := command(t, env, "", "api", "delete-user", admin.ID.String())
	require.Equal(t, 1, refused.code)
	require.Regexp(t, `^usher: 409 self-deletion: .+\n(  .+\n)?  Request: \S+\n$`, refused.errs)
	refused = command(t, env, "", "api", "update-user", bob.ID.String(), "--nickname", "b b", "--first-name", "Bob")
	require.Regexp(t, `^usher: 422 invalid-request: .+\n  --nickname: .+\n  Request: \S+\n$`, refused.errs)

	require.Equal(t, "Signed out of "+s.URL+".\n", command(t, env, "", "logout").succeeds(t))
	require.NoFileExists(t, filepath.Join(folder, "usher", "credentials.json"))
	command(t, env, "", "api", "get-me").fails(t, "sign in first with `usher login`, or say with --url which service this is for (profile default)")

	command(t, env, apitest.Password, "login", "--url", s.URL, "--email", admin.Email, "--password-stdin").succeeds(t)
	log := asked("list-audit-entries", "--actor-id", admin.ID.String(), "--all", "--output", "csv", "--columns", "action")
	require.Subset(t, strings.Fields(log), []string{"session.started", "user.role-changed", "export.downloaded", "operation.refused", "session.ended"})
}

// TestAPIHelp: the operations are there however somebody asks for them.
func TestAPIHelp(t *testing.T) {
	for _, line := range []string{"api", "api --help", "help api", "__complete api list-us"} {
		e := command(t, nil, "", strings.Fields(line)...)
		require.Zero(t, e.code)
		require.Contains(t, e.out, "list-users", line)
	}
	require.Contains(t, command(t, nil, "", "help", "api", "list-users").succeeds(t), "usher api list-users [flags]")
}

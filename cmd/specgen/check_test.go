package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutation turns the small contract into one that is refused: the first old becomes new. want is what is told, one line
// for each refusal.
type mutation struct{ old, new, want string }

func refuses(t *testing.T, mutations map[string]mutation) {
	t.Helper()
	contract := file(t, small)
	for name, m := range mutations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, contract, m.old)
			in, out := filepath.Join(t.TempDir(), "contract.yaml"), filepath.Join(t.TempDir(), "out")
			require.NoError(t, os.WriteFile(in, []byte(strings.Replace(contract, m.old, m.new, 1)), 0o644))
			var told strings.Builder
			require.ErrorContains(t, run(in, out, &told), "nothing was written")
			require.Equal(t, m.want, strings.TrimSpace(strings.ReplaceAll(told.String(), "contract.yaml: ", "")))
			require.NoDirExists(t, out)
		})
	}
}

func TestRefusesServers(t *testing.T) {
	const want = "servers: write exactly one, the path that every operation is under, such as /api/v1"
	refuses(t, map[string]mutation{
		"none":             {"servers:\n  - url: /api/v1\n", "", want},
		"two":              {"servers:\n", "servers:\n  - url: /other\n", want},
		"a host":           {"url: /api/v1", "url: https://example.com/api/v1", want},
		"a trailing slash": {"url: /api/v1", "url: /api/v1/", want},
	})
}

func TestRefusesScopes(t *testing.T) {
	refuses(t, map[string]mutation{
		"no words":    {"users:create: Create users", "users:create: ''", "scope users:create: say in one line, without a full stop, what it allows"},
		"a full stop": {"users:create: Create users", "users:create: Create users.", "scope users:create: say in one line, without a full stop, what it allows"},
		"none": {"        password:\n", "        clientCredentials:\n", strings.Join([]string{
			"components.securitySchemes.oauth2: write a password flow with 1 to 64 scopes, not 0",
			`createUser: unknown scope "users:create"; add it to the scopes of the flow, or write one of those`,
			`endSession: unknown scope "sessions:end:own"; add it to the scopes of the flow, or write one of those`,
			`getUser: unknown scope "users:read"; add it to the scopes of the flow, or write one of those`,
			`getUser: unknown scope "users:read:own"; add it to the scopes of the flow, or write one of those`,
			`listUsers: unknown scope "users:read"; add it to the scopes of the flow, or write one of those`,
			`setPictureUrl: unknown scope "users:update:own"; add it to the scopes of the flow, or write one of those`,
			`updateUser: unknown scope "users:update:own"; add it to the scopes of the flow, or write one of those`,
			`x-role-scopes: role ADMIN has the unknown scope "users:create"; add it to the scopes of the flow, or drop it here`,
			`x-role-scopes: role ADMIN has the unknown scope "users:read"; add it to the scopes of the flow, or drop it here`,
			`x-role-scopes: role READER has the unknown scope "sessions:end:own"; add it to the scopes of the flow, or drop it here`,
			`x-role-scopes: role READER has the unknown scope "users:read:own"; add it to the scopes of the flow, or drop it here`,
			`x-role-scopes: role READER has the unknown scope "users:update:own"; add it to the scopes of the flow, or drop it here`,
		}, "\n")},
	})
}

func TestRefusesRoles(t *testing.T) {
	refuses(t, map[string]mutation{
		"no ladder":           {"      enum: [GUEST, READER, ADMIN]\n", "", "getPerson: parameter as: write a schema in place, or the $ref of an enum: one string, integer or boolean, or in the query a list of strings in the usual style\nschema Role: write an enum, the ladder of roles from the bottom up\nschema UserDraft.role: a string from a client needs a maxLength\nschema UserDraft.role: a string from a client needs a pattern, a format or an enum\nx-role-scopes: add ADMIN to the enum Role, or drop it here\nx-role-scopes: add GUEST to the enum Role, or drop it here\nx-role-scopes: add READER to the enum Role, or drop it here"},
		"a role is missing":   {"        GUEST: []\n", "", "x-role-scopes: give role GUEST a list of the scopes it adds, [] if none"},
		"scopes as one word":  {"        GUEST: []\n", "        GUEST: users:read\n", "x-role-scopes: give role GUEST a list of the scopes it adds, [] if none"},
		"an unknown role":     {"        GUEST: []\n", "        GUEST: []\n        KING: []\n", "x-role-scopes: add KING to the enum Role, or drop it here"},
		"an unknown scope":    {"        GUEST: []\n", "        GUEST: ['users:eat']\n", `x-role-scopes: role GUEST has the unknown scope "users:eat"; add it to the scopes of the flow, or drop it here`},
		"a scope is a number": {"        GUEST: []\n", "        GUEST: [7]\n", `x-role-scopes: role GUEST has the unknown scope "7"; add it to the scopes of the flow, or drop it here`},
	})
}

func TestRefusesProblems(t *testing.T) {
	const status = "x-problems: give email-taken a status, the number of an HTTP status of 400 or more"
	refuses(t, map[string]mutation{
		"no codes": {"      enum: [smtp-down, malformed-request, email-taken]\n", "",
			"schema Problem: write an enum of the codes that failures have\nx-problems: add email-taken to the enum Problem, or drop it here\nx-problems: add malformed-request to the enum Problem, or drop it here\nx-problems: add smtp-down to the enum Problem, or drop it here"},
		"no status":          {"email-taken: {status: 409, ", "email-taken: {", status},
		"a status in quotes": {"email-taken: {status: 409, ", "email-taken: {status: '409', ", status},
		"status of success":  {"email-taken: {status: 409, ", "email-taken: {status: 200, ", status},
		"unheard-of status":  {"email-taken: {status: 409, ", "email-taken: {status: 499, ", status},
		"no title":           {"title: Taken, ", "", "x-problems: give email-taken a title and a description"},
		"no description":     {", description: It is no JSON.", "", "x-problems: give malformed-request a title and a description"},
		"oauth is no code":   {"oauth: invalid_request", "oauth: true", "x-problems: malformed-request: oauth is an error code of RFC 6749 section 5.2, not true"},
		"a slip of the pen":  {"oauth: invalid_request", "oath: invalid_request", "x-problems: malformed-request: write status, title, description and perhaps oauth, not oath"},
		"unknown code":       {"email-taken: {", "gone: {status: 410, title: Gone, description: Gone.}\n        email-taken: {", "x-problems: add gone to the enum Problem, or drop it here"},
		"no meaning":         {"[smtp-down, ", "[gone, smtp-down, ", "x-problems: give gone a status, the number of an HTTP status of 400 or more\nx-problems: give gone a title and a description"},
		"a meaning in words": {"email-taken: {status: 409, title: Taken, description: 'Somebody has this \"address\".'}", "email-taken: Taken", status + "\nx-problems: give email-taken a title and a description"},
	})
}

func TestRefusesSchemas(t *testing.T) {
	refuses(t, map[string]mutation{
		"no description":      {"      description: A token.\n", "", "schema Token: give it a description"},
		"no examples":         {"      examples: [{access_token: abc}]\n", "", "schema Token: give it examples"},
		"named as a response": {"    UserPage:\n", "    Failed: {type: object, description: x, examples: [{}]}\n    UserPage:\n", "schema Failed: rename the response of the same name, FailedResponse; oapi-codegen would make one type of both"},
	})
}

package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// path fills the parameter of an operation's path with somebody who does not exist.
func path(op *spec.Operation) string {
	if i := strings.IndexByte(op.Path, '{'); i >= 0 {
		j := strings.IndexByte(op.Path, '}')
		return op.Path[:i] + uuid.NewString() + op.Path[j+1:]
	}
	return op.Path
}

// TestStrangers: without a token nobody gets anywhere that the contract does not call public; a forgotten guard fails
// here.
func TestStrangers(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	for _, op := range spec.Operations() {
		if op.Public {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			a := srv.Nobody().Send(op.Method, path(op), nil)
			require.Equal(t, http.StatusUnauthorized, a.Status)
			if op.Client {
				require.Equal(t, `Basic realm="usher", charset="UTF-8"`, a.Header.Get("WWW-Authenticate"))
				return
			}
			require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
			require.Equal(t, `Bearer realm="usher"`, a.Header.Get("WWW-Authenticate"))
			bad := srv.Bearer("nonsense").Send(op.Method, path(op), nil)
			require.Equal(t, http.StatusUnauthorized, bad.Status)
			require.Contains(t, bad.Header.Get("WWW-Authenticate"), `error="invalid_token"`)
		})
	}
}

// TestRoles: every role gets 403 exactly where the contract says so, whatever the request looks like.
func TestRoles(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	for _, role := range spec.Roles() {
		me := srv.User(role)
		client := srv.As(me)
		for _, op := range spec.Operations() {
			if op.Public || op.Client || op.ID == "signOut" {
				continue
			}
			a := client.Send(op.Method, path(op), nil)
			caller := spec.Caller{ID: me.ID, Scopes: spec.RoleScopes(role)}
			require.Equal(t, !op.Allows(caller, uuid.Nil), a.Status == http.StatusForbidden, "%s as %s: %d %s", op.ID, role, a.Status, a.Body)
			require.Less(t, a.Status, 500)
		}
	}
}

func TestRequestsAreHeldToTheContract(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	staff, nobody := srv.Role(spec.RoleADMIN), srv.Nobody()
	register := "/auth/register"

	for name, tt := range map[string]struct {
		method, path string
		body         any
		want         spec.Problem
		fields       []string
	}{
		"limit 0":          {"GET", "/users?limit=0", nil, spec.ProblemInvalidRequest, []string{"query/limit too-small"}},
		"limit 101":        {"GET", "/users?limit=101", nil, spec.ProblemInvalidRequest, []string{"query/limit too-large"}},
		"limit -1":         {"GET", "/users?limit=-1", nil, spec.ProblemInvalidRequest, []string{"query/limit too-small"}},
		"limit of words":   {"GET", "/users?limit=many", nil, spec.ProblemInvalidRequest, []string{"query/limit type"}},
		"unknown query":    {"GET", "/users?offset=-5", nil, spec.ProblemInvalidRequest, []string{"query/offset unknown"}},
		"foreign cursor":   {"GET", "/users?cursor=abc", nil, spec.ProblemInvalidCursor, nil},
		"id of words":      {"GET", "/users/me", nil, spec.ProblemInvalidRequest, []string{"path/user_id format"}},
		"nobody there":     {"GET", "/users/" + uuid.NewString(), nil, spec.ProblemNotFound, nil},
		"no such path":     {"GET", "/nothing", nil, spec.ProblemNotFound, nil},
		"no such method":   {"PUT", "/me", nil, spec.ProblemMethodNotAllowed, nil},
		"empty body":       {"POST", register, "", spec.ProblemMalformedRequest, nil},
		"no JSON":          {"POST", register, "{", spec.ProblemMalformedRequest, nil},
		"a member twice":   {"POST", register, `{"email":"a@example.com","email":"b@example.com","password":"x"}`, spec.ProblemMalformedRequest, nil},
		"bad UTF-8":        {"POST", register, []byte("{\"email\":\"a\xff@example.com\"}"), spec.ProblemMalformedRequest, nil},
		"two values":       {"POST", register, `{} {}`, spec.ProblemMalformedRequest, nil},
		"too large":        {"POST", register, `{"bio":"` + strings.Repeat("x", 1<<20) + `"}`, spec.ProblemBodyTooLarge, nil},
		"nothing in it":    {"POST", register, `{}`, spec.ProblemInvalidRequest, []string{"/email required", "/password required"}},
		"case of a member": {"POST", register, `{"Email":"a@example.com","email":"b@example.com","password":"tall ships sail at noon"}`, spec.ProblemInvalidRequest, []string{"/Email unknown"}},
		"NUL":              {"POST", register, `{"email":"a@example.com","password":"tall ships sail at noon","first_name":"a\u0000b"}`, spec.ProblemInvalidRequest, []string{"/first_name pattern"}},
		"many mistakes": {"POST", register, `{"email":"nope","password":"short","nickname":"a b","role":"ADMIN","time_zone":"Mars/Base","locale":"??"}`,
			spec.ProblemInvalidRequest, []string{"/role unknown", "/email format", "/password too-short", "/nickname pattern", "/time_zone format", "/locale format"}},
		"an empty patch":      {"PATCH", "/me", `{}`, spec.ProblemInvalidRequest, []string{" empty"}},
		"null for a nickname": {"PATCH", "/me", `{"nickname":null}`, spec.ProblemInvalidRequest, []string{"/nickname type"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := staff
			if tt.path == register {
				client = nobody
			}
			got := apitest.Refused(client, tt.method, tt.path, tt.body, tt.want)
			if tt.fields != nil {
				require.ElementsMatch(t, tt.fields, apitest.Pointers(got))
			}
			require.NotEmpty(t, got.Instance)
		})
	}

	t.Run("content type", func(t *testing.T) {
		u := srv.User(spec.RoleAUTHENTICATED)
		signIn := map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password}
		require.Equal(t, 200, nobody.With("Content-Type", "Application/JSON; charset=UTF-8").Send("POST", "/auth/token", signIn).Status)
		require.Equal(t, 200, staff.With("Content-Type", "application/json").Send("PATCH", "/me", `{"bio":"plain JSON"}`).Status)
		apitest.Refused(staff.With("Content-Type", "application/json-patch+json"), "PATCH", "/me", `[]`, spec.ProblemUnsupportedMediaType)
		apitest.Refused(nobody.With("Content-Type", "text/plain"), "POST", register, `{}`, spec.ProblemUnsupportedMediaType)
	})
	t.Run("accept", func(t *testing.T) {
		apitest.Refused(staff.With("Accept", "text/html"), "GET", "/me", nil, spec.ProblemNotAcceptable)
		apitest.Do[spec.User](staff.With("Accept", "text/html, */*;q=0.1"), "GET", "/me", nil, 200)
	})
	t.Run("a trailing slash keeps the body", func(t *testing.T) {
		apitest.Do[spec.User](staff, "PATCH", "/me/", `{"bio":"kept"}`, 200)
	})
	t.Run("HEAD is GET without the body", func(t *testing.T) {
		a := staff.Send("HEAD", "/me", nil)
		require.Equal(t, 200, a.Status)
		require.Empty(t, a.Body)
		require.NotEmpty(t, a.Header.Get("ETag"))
	})
}

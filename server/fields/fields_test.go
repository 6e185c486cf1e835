package fields_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

const team = `{"name":"team","title":"Team","schema":{"type":"string","enum":["red","blue"]},"filterable":true,"public":true}`

// define makes a field that holds what schema says.
func define(admin *apitest.Client, name, schema string) spec.ProfileField {
	return apitest.Do[spec.ProfileField](admin, "POST", "/profile-fields", fmt.Sprintf(`{"name":%q,"title":"T","schema":%s}`, name, schema), 201)
}

// TestFieldIsDefined: an admin defines a field while the service runs, and everybody who is signed in finds it, as it was
// written.
func TestFieldIsDefined(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin, reader := srv.Role(spec.RoleADMIN), srv.Role(spec.RoleAUTHENTICATED)
	a := admin.With("Idempotency-Key", "k").Send("POST", "/profile-fields", team)
	require.Equal(t, 201, a.Status, string(a.Body))
	again := admin.With("Idempotency-Key", "k").Send("POST", "/profile-fields", team)
	require.Equal(t, a.Body, again.Body, "a retry is answered with the same field")
	at := a.Header.Get("Location")
	f := apitest.Do[spec.ProfileField](admin, "GET", at, nil, 200)
	require.JSONEq(t, `{"type":"string","enum":["red","blue"]}`, string(f.Schema))
	require.Contains(t, string(a.Body), `{"type":"string","enum":["red","blue"]}`, "in the order it was written in")
	require.True(t, f.Filterable && f.Public)
	require.Zero(t, *f.Violations)
	require.NotNil(t, f.CheckedAt, "there is nothing to check")
	require.Equal(t, []string{"self", "delete", "replace", "violations"}, apitest.Rels(f.Links))

	seen := apitest.Do[spec.ProfileField](reader, "GET", at, nil, 200)
	require.Nil(t, seen.Violations)
	require.Nil(t, seen.CheckedAt)
	require.Equal(t, []string{"self"}, apitest.Rels(seen.Links))
	require.NotContains(t, apitest.Rels(apitest.Do[spec.ProfileFieldPage](reader, "GET", "/profile-fields", nil, 200).Links), "create")
	require.Contains(t, apitest.Rels(apitest.Do[spec.ProfileFieldPage](admin, "GET", "/profile-fields", nil, 200).Links), "create")

	apitest.Refused(admin, "POST", "/profile-fields", team, spec.ProblemFieldNameTaken)
	require.Equal(t, 304, reader.With("If-None-Match", reader.Send("GET", at, nil).Header.Get("ETag")).Send("GET", at, nil).Status)
	apitest.Refused(admin, "GET", spec.GetProfileFieldPath(uuid.New()), nil, spec.ProblemNotFound)
}

// TestFieldsAreForAdmins: others read definitions and define nothing.
func TestFieldsAreForAdmins(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	at := spec.GetProfileFieldPath(define(srv.Role(spec.RoleADMIN), "team", `{}`).ID)
	for _, role := range []spec.Role{spec.RoleAUTHENTICATED, spec.RoleAUTHOR, spec.RoleMODERATOR, spec.RoleMANAGER} {
		client := srv.Role(role)
		require.Equal(t, 200, client.Send("GET", at, nil).Status, role)
		require.Equal(t, 200, client.Send("GET", "/profile-fields", nil).Status, role)
		apitest.Refused(client, "POST", "/profile-fields", team, spec.ProblemForbidden)
		apitest.Refused(client, "PUT", at, `{"title":"T","schema":{}}`, spec.ProblemForbidden)
		apitest.Refused(client, "DELETE", at, nil, spec.ProblemForbidden)
		apitest.Refused(client, "GET", at+"/violations", nil, spec.ProblemForbidden)
	}
	apitest.Refused(srv.Nobody(), "GET", "/profile-fields", nil, spec.ProblemUnauthenticated)
}

// TestFieldsAreListedInOrder: in the order of definition, page by page, forth and back.
func TestFieldsAreListedInOrder(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	names := []string{}
	for _, name := range []string{"zebra", "ant", "mole", "bee", "yak"} {
		names = append(names, define(admin, name, `{}`).Name)
	}
	got, at := []string{}, "/profile-fields?limit=2"
	var last spec.ProfileFieldPage
	for at != "" {
		last = apitest.Do[spec.ProfileFieldPage](admin, "GET", at, nil, 200)
		for _, f := range last.Items {
			got = append(got, f.Name)
		}
		if at = ""; last.Links.Next != nil {
			at = last.Links.Next.Href
		}
	}
	require.Equal(t, names, got)
	before := apitest.Do[spec.ProfileFieldPage](admin, "GET", last.Links.Prev.Href, nil, 200)
	require.Equal(t, []string{"mole", "bee"}, []string{before.Items[0].Name, before.Items[1].Name})
}

// TestDefinitionsThatAreRefused: what is wrong is told where it is wrong. What schemas may hold is tested beside them.
func TestDefinitionsThatAreRefused(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	id := define(admin, "there", `{}`).ID
	for definition, want := range map[string]string{
		`"schema":{"type":"strnig"}`:                             "/schema/type invalid",
		`"schema":{"properties":{"a":{"pattern":"("}}}`:          "/schema/properties/a/pattern format",
		`"schema":{"$ref":"https://example.com/x.json"}`:         "/schema invalid",
		`"schema":{"$ref":"file:///etc/passwd"}`:                 "/schema invalid",
		`"schema":{"$ref":"#"}`:                                  "/schema invalid",
		`"schema":{"format":"iban"}`:                             "/schema invalid",
		`"schema":{"description":"a\u0000b"}`:                    "/schema pattern",
		`"schema":{"title":"` + strings.Repeat("x", 9000) + `"}`: "/schema too-long",
		`"schema":{"type":"object"},"filterable":true`:           "/filterable invalid",
		`"schema":{"type":["string","null"]},"filterable":true`:  "/filterable invalid",
		`"schema":{"enum":["a"]},"filterable":true`:              "/filterable invalid",
		`"schema":true`: "/schema type",
		`"schema":{"type":"string","enum":["a\u0000b"]},"filterable":"maybe"`: "/filterable type",
	} {
		p := apitest.Refused(admin, "POST", "/profile-fields", `{"name":"a","title":"T",`+definition+`}`, spec.ProblemInvalidRequest)
		require.Equal(t, []string{want}, apitest.Pointers(p), definition)
		p = apitest.Refused(admin, "PUT", spec.ReplaceProfileFieldPath(id), `{"title":"T",`+definition+`}`, spec.ProblemInvalidRequest)
		require.Equal(t, []string{want}, apitest.Pointers(p), definition)
	}
	for _, kind := range []string{"string", "number", "integer", "boolean"} {
		draft := fmt.Sprintf(`{"name":%q,"title":"T","schema":{"type":%q},"filterable":true}`, kind, kind)
		require.Equal(t, 201, admin.Send("POST", "/profile-fields", draft).Status)
	}
	for _, name := range []string{"", "Team", "1st", "a-b", "a.b", "_a", "a b", "\\u0000", strings.Repeat("a", 41)} {
		p := apitest.Refused(admin, "POST", "/profile-fields", fmt.Sprintf(`{"name":%q,"title":"T","schema":{}}`, name), spec.ProblemInvalidRequest)
		require.Contains(t, apitest.Pointers(p)[0], "/name ", name)
	}
	for _, n := range []string{"1e999", "1" + strings.Repeat("0", 400)} {
		apitest.Refused(admin, "POST", "/profile-fields", `{"name":"a","title":"T","schema":{"maximum":`+n+`}}`, spec.ProblemMalformedRequest)
	}
}

// TestFieldIsReplaced: a definition is replaced as a whole, by who has seen the one before.
func TestFieldIsReplaced(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	a := admin.Send("POST", "/profile-fields", team)
	at, tag := a.Header.Get("Location"), a.Header.Get("ETag")
	replaced := admin.With("If-Match", tag).Send("PUT", at, `{"title":"Colour","schema":{"type":"string"}}`)
	require.Equal(t, http.StatusOK, replaced.Status)
	f := apitest.Do[spec.ProfileField](admin, "GET", at, nil, 200)
	require.Equal(t, "team Colour false false", fmt.Sprint(f.Name, " ", f.Title, " ", f.Filterable, f.Public))
	require.NotNil(t, f.CheckedAt, "nobody has the field")
	apitest.Refused(admin.With("If-Match", tag), "PUT", at, `{"title":"Late","schema":{}}`, spec.ProblemPreconditionFailed)
	apitest.Refused(admin.With("If-Match", tag), "DELETE", at, nil, spec.ProblemPreconditionFailed)
	require.Equal(t, 204, admin.Send("DELETE", at, nil).Status)
	apitest.Refused(admin, "DELETE", at, nil, spec.ProblemNotFound)
	apitest.Refused(admin, "PUT", at, `{"title":"Late","schema":{}}`, spec.ProblemNotFound)
}

// TestDefinitionsAreAudited: the log tells who defined what, and what was before.
func TestDefinitionsAreAudited(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss := srv.User(spec.RoleADMIN)
	admin := srv.As(boss)
	f := define(admin, "team", `{"type":"string"}`)
	apitest.Do[spec.ProfileField](admin, "PUT", spec.GetProfileFieldPath(f.ID), `{"title":"Colour","schema":{"type":"integer"},"public":true}`, 200)
	require.Equal(t, 204, admin.Send("DELETE", spec.GetProfileFieldPath(f.ID), nil).Status)
	log := apitest.Do[spec.AuditPage](admin, "GET", "/audit?limit=3", nil, 200).Items
	first := map[string]any{"title": "T", "schema": map[string]any{"type": "string"}, "filterable": false, "public": false}
	second := map[string]any{"title": "Colour", "schema": map[string]any{"type": "integer"}, "filterable": false, "public": true}
	id := f.ID.String()
	for i, want := range []struct {
		action  string
		details map[string]any
	}{
		{"field.deleted", map[string]any{"field_id": id, "name": "team", "before": second}},
		{"field.replaced", map[string]any{"field_id": id, "name": "team", "before": first, "after": second}},
		{"field.created", map[string]any{"field_id": id, "name": "team", "after": first}},
	} {
		require.Equal(t, want.action, log[i].Action)
		require.Equal(t, want.details, log[i].Details)
		require.Equal(t, boss.ID.String(), *log[i].Actor.ID)
	}
}

func user(t *testing.T, srv *apitest.Server, id uuid.UUID) db.User {
	t.Helper()
	u, err := db.New().GetUser(t.Context(), srv.DB, id)
	require.NoError(t, err)
	return u
}

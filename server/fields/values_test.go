package fields_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// TestValues: whoever may edit a profile sets and clears values, which are shown wherever the account is.
func TestValues(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	define(admin, "team", `{"type":"string","enum":["red","blue"]}`)
	define(admin, "badge", `{"type":"integer"}`)
	define(admin, "home", `{"type":"object","properties":{"zip":{"type":"string"},"city":{"type":"string"}},"additionalProperties":false}`)
	u := srv.User(spec.RoleAUTHENTICATED)
	me, at := srv.As(u), spec.GetUserPath(u.ID)
	for _, step := range []struct{ patch, want string }{
		{`{"fields":{}}`, `{}`},
		{`{"fields":{"team":"red"}}`, `{"team":"red"}`},
		{`{"bio":"x","fields":{"badge":9007199254740993}}`, `{"team":"red","badge":9007199254740993}`},
		{`{"fields":{"home":{"zip":"1","city":"Ely"}}}`, `{"team":"red","badge":9007199254740993,"home":{"zip":"1","city":"Ely"}}`},
		{`{"fields":{"home":{"zip":null},"badge":null,"team":"blue"}}`, `{"team":"blue","home":{"city":"Ely"}}`},
		{`{"bio":null}`, `{"team":"blue","home":{"city":"Ely"}}`},
		{`{"fields":{"home":null,"badge":null}}`, `{"team":"blue"}`},
	} {
		require.Equal(t, 200, me.Send("PATCH", "/me", step.patch).Status, step.patch)
		for path, client := range map[string]*apitest.Client{"/me": me, at: admin} {
			require.JSONEq(t, step.want, string(apitest.Do[spec.User](client, "GET", path, nil, 200).Fields), step.patch)
		}
	}
	shown := apitest.Do[spec.User](admin, "PATCH", at, `{"fields":{"badge":12345678901234567890}}`, 200)
	require.Contains(t, string(shown.Fields), "12345678901234567890", "numbers stay as they are written")
	listed := apitest.Do[spec.UserPage](admin, "GET", "/users", nil, 200).Items[0]
	require.JSONEq(t, string(shown.Fields), string(listed.Fields))
}

// TestValuesThatAreRefused: what does not match is told where it does not match, and nothing is stored of such a request.
func TestValuesThatAreRefused(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	define(admin, "team", `{"type":"string","enum":["red","blue"]}`)
	define(admin, "grade", `{"type":"integer","minimum":1,"multipleOf":5}`)
	define(admin, "home", `{"type":"object","properties":{"zip":{"type":"string","maxLength":3}},"required":["zip"],"additionalProperties":false}`)
	define(admin, "mail", `{"type":"string","format":"email"}`)
	define(admin, "free", `{}`)
	u := srv.User(spec.RoleAUTHENTICATED)
	long := strings.Repeat("x", 8<<10-1)
	for patch, want := range map[string][]string{
		`{"nosuch":1}`:                        {"/fields/nosuch unknown"},
		`{"nosuch":null}`:                     {"/fields/nosuch unknown"},
		`{"a/b~":1}`:                          {"/fields/a~1b~0 unknown"},
		`{"team":"green"}`:                    {"/fields/team enum"},
		`{"team":7,"grade":"7"}`:              {"/fields/grade type", "/fields/team type"},
		`{"grade":0}`:                         {"/fields/grade too-small"},
		`{"grade":7}`:                         {"/fields/grade invalid"},
		`{"grade":5.5}`:                       {"/fields/grade type"},
		`{"home":{"zip":"1234"}}`:             {"/fields/home/zip too-long"},
		`{"home":{}}`:                         {"/fields/home/zip required"},
		`{"home":{"zip":"1","street":"x"}}`:   {"/fields/home/street unknown"},
		`{"mail":"nobody"}`:                   {"/fields/mail format"},
		`{"free":"a\u0000b"}`:                 {"/fields/free pattern"},
		`{"free":"a\u001bb"}`:                 {"/fields/free pattern"},
		`{"free":[{"a\u0007":"b\u009f"}]}`:    {"/fields/free/0/a\u0007 pattern", "/fields/free/0/a\u0007 pattern"},
		`{"free":[[[[[[[[[[1]]]]]]]]]]}`:      {"/fields/free/0/0/0/0/0/0/0/0/0 invalid"},
		`{"free":"` + long + `"}`:             {"/fields/free too-long"},
		`{"free":[` + rep("1e300", 30) + `]}`: {"/fields/free too-long"},
		`{"free":[` + rep("0", 200) + `]}`:    {"/fields/free too-many"},
		`{"free":"` + long[:8000] + `","nosuch":"` + long + `"}`: {"/fields/nosuch unknown"},
	} {
		p := apitest.Refused(srv.As(u), "PATCH", "/me", `{"bio":"changed","fields":`+patch+`}`, spec.ProblemInvalidRequest)
		require.Equal(t, want, apitest.Pointers(p), patch)
		p = apitest.Refused(admin, "POST", "/users", `{"email":"new@example.com","fields":`+patch+`}`, spec.ProblemInvalidRequest)
		if !strings.Contains(patch, "null") {
			require.Equal(t, want, apitest.Pointers(p), patch)
		}
	}
	for _, hostile := range []string{
		`{"free":1e999}`, `{"free":"\ud800"}`, `{"free":{"a":1,"a":2}}`, `{"free":"` + "\xff" + `"}`,
		`{"free":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
	} {
		apitest.Refused(srv.As(u), "PATCH", "/me", `{"fields":`+hostile+`}`, spec.ProblemMalformedRequest)
	}
	require.Equal(t, "{}", string(user(t, srv, u.ID).Fields))
	require.Nil(t, user(t, srv, u.ID).Bio)
	require.Equal(t, 200, srv.As(u).Send("PATCH", "/me", `{"fields":{"free":"two\n\tlines"}}`).Status)
}

func rep(item string, times int) string { return strings.Repeat(item+",", times) + item }

// TestValuesTogether: all fields of an account have a bound too, whether they are set at once or one after another.
func TestValuesTogether(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	me := srv.Role(spec.RoleAUTHENTICATED)
	all := map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		define(admin, name, `{}`)
		all[name] = strings.Repeat("x", 8000)
	}
	p := apitest.Refused(admin, "POST", "/users", map[string]any{"email": "new@example.com", "fields": all}, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/fields too-long"}, apitest.Pointers(p))
	t.Run("weighed before any is held to its schema", func(t *testing.T) {
		define(admin, "d", `{"type":"integer"}`)
		p := apitest.Refused(me, "PATCH", "/me", map[string]any{"fields": map[string]any{"a": all["a"], "b": all["b"], "d": all["c"]}}, spec.ProblemInvalidRequest)
		require.Equal(t, []string{"/fields too-long"}, apitest.Pointers(p))
		parts := map[string]any{}
		for i := range 6 {
			name := fmt.Sprint("parts", i)
			define(admin, name, `{"type":"integer"}`)
			parts[name] = make([]bool, 180)
		}
		p = apitest.Refused(me, "PATCH", "/me", map[string]any{"fields": parts}, spec.ProblemInvalidRequest)
		require.Equal(t, []string{"/fields too-many"}, apitest.Pointers(p))
	})
	for _, name := range []string{"a", "b"} {
		require.Equal(t, 200, me.Send("PATCH", "/me", map[string]any{"fields": map[string]string{name: all[name]}}).Status)
	}
	p = apitest.Refused(me, "PATCH", "/me", map[string]any{"fields": map[string]string{"c": all["c"]}}, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/fields too-long"}, apitest.Pointers(p))
	require.Equal(t, 200, me.Send("PATCH", "/me", map[string]any{"fields": map[string]any{"c": all["c"], "a": nil}}).Status)
}

// TestValuesOfNewAccounts: staff give them when they create an account; who registers does not.
func TestValuesOfNewAccounts(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	define(admin, "team", `{"type":"string"}`)
	define(admin, "home", `{"type":"object","maxProperties":1}`)
	u := apitest.Do[spec.User](admin, "POST", "/users", `{"email":"a@example.com","fields":{"team":"red","home":{"a":1,"b":null}}}`, 201)
	require.JSONEq(t, `{"team":"red","home":{"a":1}}`, string(u.Fields))
	p := apitest.Refused(srv.Nobody(), "POST", "/auth/register",
		fmt.Sprintf(`{"email":"b@example.com","password":%q,"fields":{"team":"red"}}`, apitest.Password), spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/fields unknown"}, apitest.Pointers(p))
}

// TestFactsNameFields: what changed is told by name, never with its value; what did not change is not told.
func TestFactsNameFields(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	define(admin, "team", `{"type":"string"}`)
	define(admin, "badge", `{"type":"number"}`)
	me := srv.Role(spec.RoleAUTHENTICATED)
	for _, patch := range []string{
		`{"bio":"x","fields":{"team":"red","badge":1}}`, `{"fields":{"team":"red","badge":1.0}}`, `{"fields":{"team":null}}`, `{"fields":{"team":null}}`,
	} {
		require.Equal(t, 200, me.Send("PATCH", "/me", patch).Status)
	}
	rows, err := srv.DB.Query(t.Context(), "SELECT payload FROM outbox WHERE kind = 'user.updated' ORDER BY id")
	require.NoError(t, err)
	var got [][]string
	for rows.Next() {
		var payload []byte
		var fact spec.UserUpdated
		require.NoError(t, rows.Scan(&payload))
		require.NoError(t, json.Unmarshal(payload, &fact))
		got = append(got, fact.Fields)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, [][]string{{"bio", "fields.badge", "fields.team"}, {"fields.team"}}, got)
}

// TestNoFieldsCostNothing: who edits an account without its profile fields does not wait for those who define them.
func TestNoFieldsCostNothing(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	define(srv.Role(spec.RoleADMIN), "team", `{"type":"string"}`)
	tx, err := srv.DB.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(t.Context())
	_, err = tx.Exec(t.Context(), "LOCK TABLE profile_fields IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	require.Equal(t, 200, srv.Role(spec.RoleAUTHENTICATED).Send("PATCH", "/me", `{"bio":"x"}`).Status)
}

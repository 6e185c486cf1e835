package users_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

// TestFilterByField: values of profile fields are found by what they are, not by how they are written.
func TestFilterByField(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	_, err := srv.DB.Exec(t.Context(), `
		INSERT INTO profile_fields (id, name, title, schema, filterable, public) VALUES
			(uuid_v7(), 'team', 'Team', '{"type": "string"}', true, false), (uuid_v7(), 'level', 'Level', '{"type": "integer"}', true, false),
			(uuid_v7(), 'rate', 'Rate', '{"type": "number", "maximum": 1}', true, false), (uuid_v7(), 'remote', 'Remote', '{"type": "boolean"}', true, false),
			(uuid_v7(), 'secret', 'Secret', '{"type": "string"}', false, false)`)
	require.NoError(t, err)
	for nickname, fields := range map[string]string{
		"a": `{"team": "red", "level": 3, "rate": 0.5, "remote": true, "secret": "x"}`, "b": `{"team": "3", "level": 12345678901234567890, "rate": 2}`,
		"c": `{"team": "red: \"blue\"", "remote": false}`, "d": `{}`,
	} {
		u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.Nickname = &nickname })
		_, err := srv.DB.Exec(t.Context(), "UPDATE users SET fields = $1 WHERE id = $2", []byte(fields), u.ID)
		require.NoError(t, err)
	}
	for _, tt := range []struct{ want, fields []string }{
		{[]string{"a"}, []string{"team:red"}},
		{[]string{"b"}, []string{"team:3"}},
		{[]string{"c"}, []string{`team:red: "blue"`}},
		{[]string{}, []string{"team:RED"}},
		{[]string{"a"}, []string{"level:3"}},
		{[]string{"a"}, []string{"level:3.0"}},
		{[]string{"a"}, []string{"level:30e-1"}},
		{[]string{"b"}, []string{"level:12345678901234567890"}},
		{[]string{"b"}, []string{"rate:2"}}, // stored before the field was defined as it is
		{[]string{}, []string{"rate:1e-400"}},
		{[]string{"c"}, []string{"remote:false"}},
		{[]string{"a"}, []string{"remote:true", "team:red", "rate:0.50"}},
		{[]string{}, []string{"remote:false", "team:3"}},
	} {
		require.Equal(t, tt.want, nicknames(admin, url.Values{"field": tt.fields, "role": {"AUTHENTICATED"}}), tt.fields)
	}
	for _, tt := range []struct{ want, fields []string }{
		{[]string{"query/field unknown"}, []string{"no_such:1"}},
		{[]string{"query/field unknown"}, []string{"secret:x"}},
		{[]string{"query/field invalid"}, []string{"level:three"}},
		{[]string{"query/field invalid"}, []string{"level:1e999"}},
		{[]string{"query/field invalid"}, []string{"level:true"}},
		{[]string{"query/field invalid"}, []string{"rate:[1]"}},
		{[]string{"query/field invalid"}, []string{"remote:1"}},
		{[]string{"query/field invalid"}, []string{"remote:null"}},
		{[]string{"query/field duplicate"}, []string{"team:red", "team:blue"}},
		{[]string{"query/field unknown", "query/field invalid"}, []string{"no_such:1", "level:x"}},
		{[]string{"query/field/0 pattern"}, []string{"team"}},
	} {
		p := apitest.Refused(admin, "GET", "/users?"+url.Values{"field": tt.fields}.Encode(), nil, spec.ProblemInvalidRequest)
		require.Equal(t, tt.want, apitest.Pointers(p), tt.fields)
	}
}

// TestRefusedFilters (F3.3): what is unknown or contradicts itself is refused, and says where.
func TestRefusedFilters(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	for query, want := range map[string][]string{
		"role=KING":              {"query/role enum"},
		"role=admin":             {"query/role enum"},
		"status=gone":            {"query/status enum"},
		"verified=perhaps":       {"query/verified type"},
		"sort=password_hash":     {"query/sort enum"},
		"sort=%2Bemail":          {"query/sort enum"},
		"q=":                     {"query/q too-short"},
		"q=%00":                  {"query/q pattern"},
		"registered_from=monday": {"query/registered_from format"},
		"registered_from=2026-01-02T00:00:00Z&registered_to=2026-01-01T00:00:00Z":           {"query/registered_from invalid"},
		"registered_from=2026-01-01T00:00:00.000000001Z&registered_to=2026-01-01T00:00:00Z": {"query/registered_from invalid"},
	} {
		require.Equal(t, want, apitest.Pointers(apitest.Refused(admin, "GET", "/users?"+query, nil, spec.ProblemInvalidRequest)), query)
	}
	for _, role := range []spec.Role{spec.RoleAUTHENTICATED, spec.RoleAUTHOR} {
		apitest.Refused(srv.Role(role), "GET", "/users?q=a", nil, spec.ProblemForbidden)
	}
	for range 2 {
		srv.User(spec.RoleAUTHENTICATED)
	}
	next := apitest.Do[spec.UserPage](admin, "GET", "/users?limit=1&sort=email", nil, 200).Links.Next.Href
	at, err := url.Parse(next)
	require.NoError(t, err)
	for _, other := range []string{"sort=-email", "sort=email&role=ADMIN", "sort=email&q=a", ""} {
		query := "/users?limit=1&cursor=" + url.QueryEscape(at.Query().Get("cursor")) + "&" + other
		apitest.Refused(admin, "GET", query, nil, spec.ProblemInvalidCursor)
	}
}

// TestFilterTimes: Postgres keeps microseconds; a bound between two of them is neither.
func TestFilterTimes(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET created_at = '2026-01-01T00:00:00.000005Z', last_login_at = '2026-01-01T00:00:00.000005Z'")
	require.NoError(t, err)
	for query, found := range map[string]bool{
		"registered_from=2026-01-01T00:00:00.000005Z":         true,
		"registered_from=2026-01-01T00:00:00.000004001Z":      true,
		"registered_from=2026-01-01T00:00:00.000005001Z":      false,
		"registered_to=2026-01-01T00:00:00.000005Z":           true,
		"registered_to=2026-01-01T00:00:00.000005999Z":        true,
		"registered_to=2026-01-01T00:00:00.000004999Z":        false,
		"registered_from=2026-01-01T01:00:00.000005%2B01:00":  true,
		"last_login_after=2026-01-01T00:00:00.000005Z":        false,
		"last_login_after=2026-01-01T00:00:00.000004999Z":     true,
		"last_login_before=2026-01-01T00:00:00.000005Z":       false,
		"last_login_before=2026-01-01T00:00:00.000005001Z":    true,
		"registered_from=0001-01-01T00:00:00Z":                true,
		"registered_to=9999-12-31T23:59:59.999999999-23:59":   true,
		"registered_from=9999-12-31T23:59:59.999999999-23:59": false,
	} {
		got := apitest.Do[spec.UserPage](admin, "GET", "/users?"+query, nil, 200)
		require.Equal(t, found, len(got.Items) == 1, query)
	}
}

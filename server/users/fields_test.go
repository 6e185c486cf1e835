package users_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// samples are values for every field that people fill in.
var samples = map[string]any{
	"email": "other@example.com", "nickname": "brand-new", "first_name": "Ada", "last_name": "Lovelace", "bio": "Two\nlines",
	"location": "London", "locale": "en-GB", "time_zone": "Europe/London", "website_url": "https://ada.example",
	"linkedin_url": "https://www.linkedin.com/in/ada", "github_url": "https://github.com/ada", "fields": map[string]any{"team": "red"},
}

// defineTeam defines the profile field that the samples have.
func defineTeam(srv *apitest.Server) {
	apitest.Do[spec.ProfileField](srv.Role(spec.RoleADMIN), "POST", "/profile-fields", `{"name":"team","title":"Team","schema":{"type":"string"}}`, 201)
}

// properties lists the fields of a schema of the contract, and says which can be cleared.
func properties(t *testing.T, schema string) map[string]bool {
	t.Helper()
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Type any }
			}
		}
	}
	require.NoError(t, json.Unmarshal(api.JSON, &doc))
	out := map[string]bool{}
	for name, p := range doc.Components.Schemas[schema].Properties {
		_, out[name] = p.Type.([]any)
	}
	require.NotEmpty(t, out)
	return out
}

// TestEveryField: each field of the contract that can be edited is, on its own, and shown; and cleared, if it can be. A
// field that is forgotten on the way to the database or back fails here.
func TestEveryField(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	defineTeam(srv)
	for schema, route := range map[string]func(u spec.User) (*apitest.Client, string){
		"ProfilePatch": func(u spec.User) (*apitest.Client, string) { return srv.As(stored(t, srv, u)), "/me" },
		"UserPatch": func(u spec.User) (*apitest.Client, string) {
			return srv.Role(spec.RoleADMIN), spec.UpdateUserPath(u.ID)
		},
	} {
		u := apitest.Do[spec.User](srv.Role(spec.RoleADMIN), "POST", "/users", draft(schema+"@example.com", `"email_verified":true`), 201)
		client, at := route(u)
		for field, clearable := range properties(t, schema) {
			require.Contains(t, samples, field, "give this test a value for %s", field)
			value := samples[field]
			if field == "nickname" || field == "email" {
				value = schema + samples[field].(string)
			}
			require.Equal(t, 200, client.Send("PATCH", at, map[string]any{field: value}).Status, field)
			require.Equal(t, value, apitest.Do[map[string]any](client, "GET", at, nil, 200)[field], field)
			if clearable {
				require.Equal(t, 200, client.Send("PATCH", at, fmt.Sprintf(`{%q:null}`, field)).Status, field)
				require.Nil(t, apitest.Do[map[string]any](client, "GET", at, nil, 200)[field], field)
			}
		}
	}
}

// TestEveryFieldOfNewAccounts: what is given when an account is made is there afterwards.
func TestEveryFieldOfNewAccounts(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	defineTeam(srv)
	admin := srv.Role(spec.RoleADMIN)
	for schema, path := range map[string]string{"Registration": "/auth/register", "UserDraft": "/users"} {
		body := map[string]any{}
		for field := range properties(t, schema) {
			if field == "password" {
				body[field] = apitest.Password
			} else if value, ok := samples[field]; ok {
				body[field] = value
			}
		}
		body["email"], body["nickname"] = schema+"@example.com", schema
		made := apitest.Do[map[string]any](admin, "POST", path, body, 201)
		require.GreaterOrEqual(t, len(body), 9, slices.Collect(maps.Keys(body)))
		delete(body, "password")
		for field, value := range body {
			require.Equal(t, value, made[field], "%s of %s", field, schema)
		}
	}
}

func stored(t *testing.T, srv *apitest.Server, u spec.User) db.User {
	t.Helper()
	row, err := db.New().GetUser(t.Context(), srv.DB, u.ID)
	require.NoError(t, err)
	return row
}

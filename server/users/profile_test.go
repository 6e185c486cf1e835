package users_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

// person is somebody with a value in every field.
func person(d *users.Draft) {
	d.Email, d.Nickname = "ada.secret@example.com", new("Ada-L")
	d.FirstName, d.LastName, d.Bio, d.Location = new("Ada"), new("Lovelace"), new("Wrote the first program."), new("London")
	d.Locale, d.TimeZone = new("en-GB"), new("Europe/London")
	d.WebsiteURL, d.LinkedinURL, d.GithubURL = new("https://ada.example"), new("https://linkedin.com/in/ada"), new("https://github.com/ada")
}

func alter(t *testing.T, srv *apitest.Server, sql string, args ...any) {
	t.Helper()
	_, err := srv.DB.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// give defines a profile field, and gives somebody a value.
func give(t *testing.T, srv *apitest.Server, u db.User, name, value string, public bool) {
	t.Helper()
	alter(t, srv, "INSERT INTO profile_fields (id, name, title, schema, filterable, public) VALUES (uuid_v7(), $1, $1, '{}', false, $2)", name, public)
	alter(t, srv, "UPDATE users SET fields = fields || jsonb_build_object($2::text, $3::text) WHERE id = $1", u.ID, name, value)
}

// TestPublicProfile: anybody sees what is public about somebody, by nickname in any letter case, and nothing else (USER6).
func TestPublicProfile(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHOR, person)
	give(t, srv, u, "team", "red", true)
	give(t, srv, u, "salary", "plenty", false)
	alter(t, srv, "UPDATE users SET fields = fields || '{\"gone\": \"undefined\"}', pending_email = 'next@example.com', professional = true, last_login_at = now() WHERE id = $1", u.ID)

	for _, nickname := range []string{"Ada-L", "ada-l", "ADA-L"} {
		a := srv.Nobody().Send("GET", spec.GetProfilePath(nickname), nil)
		require.Equal(t, 200, a.Status)
		require.NotContains(t, string(a.Body), u.ID.String())
		for _, hidden := range []string{"@", "example.com", "Lovelace", "plenty", "salary", "undefined", "AUTHOR", "active", "Europe", "en-GB", "login", "verified"} {
			require.NotContains(t, string(a.Body), hidden)
		}
	}
	for _, c := range []*apitest.Client{srv.Nobody(), srv.As(u), srv.Role(spec.RoleADMIN)} {
		got := apitest.Do[map[string]any](c, "GET", spec.GetProfilePath("ada-l"), nil, 200)
		created := got["created_at"]
		require.NotEmpty(t, created)
		require.Equal(t, map[string]any{
			"nickname": "Ada-L", "first_name": "Ada", "bio": "Wrote the first program.", "location": "London", "website_url": "https://ada.example",
			"linkedin_url": "https://linkedin.com/in/ada", "github_url": "https://github.com/ada", "fields": map[string]any{"team": "red"},
			"professional": true, "created_at": created,
			"_links": map[string]any{"self": map[string]any{"href": "/api/v1/profiles/Ada-L", "method": "GET"}},
		}, got)
	}
	t.Run("its tag tells nothing of what is private", func(t *testing.T) {
		tag := func() string { return srv.Nobody().Send("GET", spec.GetProfilePath("ada-l"), nil).Header.Get("ETag") }
		before := tag()
		apitest.Do[spec.User](srv.As(u), "PATCH", "/me", `{"last_name":"King","fields":{"salary":"more"}}`, 200)
		require.Equal(t, before, tag())
		apitest.Do[spec.User](srv.As(u), "PATCH", "/me", `{"location":"Marylebone"}`, 200)
		require.NotEqual(t, before, tag())
	})
	t.Run("it can be read conditionally", func(t *testing.T) {
		at := spec.GetProfilePath("ada-l")
		tag := srv.Nobody().Send("GET", at, nil).Header.Get("ETag")
		require.Equal(t, 304, srv.Nobody().With("If-None-Match", tag).Send("GET", at, nil).Status)
		alter(t, srv, "UPDATE profile_fields SET public = false WHERE name = 'team'")
		a := srv.Nobody().With("If-None-Match", tag).Send("GET", at, nil)
		require.Equal(t, 200, a.Status, "a field that is public no more makes another profile")
		require.NotContains(t, string(a.Body), "red")
	})
	t.Run("links lead to it", func(t *testing.T) {
		link := apitest.Do[spec.User](srv.As(u), "GET", "/me", nil, 200).Links.Profile
		require.Equal(t, "Ada-L", apitest.Do[spec.Profile](srv.Nobody(), link.Method, link.Href, nil, 200).Nickname)
	})
}

// TestNoProfile: whoever is not confirmed, suspended or gone has none, and nobody can tell which it is.
func TestNoProfile(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	at := spec.GetProfilePath("Ada-L")
	missing := apitest.Refused(srv.Nobody(), "GET", at, nil, spec.ProblemNotFound)
	same := func(t *testing.T) {
		t.Helper()
		for _, c := range []*apitest.Client{srv.Nobody(), srv.Role(spec.RoleADMIN)} {
			p := apitest.Refused(c, "GET", at, nil, spec.ProblemNotFound)
			p.Instance = missing.Instance
			require.Equal(t, missing, p)
		}
	}
	u := srv.User(spec.RoleAUTHOR, person, func(d *users.Draft) { d.Verified = false })
	same(t)
	alter(t, srv, "UPDATE users SET email_verified_at = now() WHERE id = $1", u.ID)
	apitest.Do[spec.Profile](srv.Nobody(), "GET", at, nil, 200)
	alter(t, srv, "UPDATE users SET status = 'suspended' WHERE id = $1", u.ID)
	same(t)
	alter(t, srv, "UPDATE users SET status = 'active' WHERE id = $1", u.ID)
	require.Equal(t, 204, srv.Role(spec.RoleADMIN).Send("DELETE", spec.DeleteUserPath(u.ID), nil).Status)
	same(t)

	for _, odd := range []string{"%00", "ad%2Fa", "%25", "ad%20a", "%D0%B0da", strings.Repeat("a", 31), uuid.NewString()} {
		status := srv.Nobody().Send("GET", "/profiles/"+odd, nil).Status
		require.Contains(t, []int{404, 422}, status, odd)
	}
}

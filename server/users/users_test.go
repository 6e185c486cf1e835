package users_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

func draft(email string, more ...string) string {
	fields := append([]string{fmt.Sprintf(`"email":%q`, email)}, more...)
	return "{" + strings.Join(fields, ",") + "}"
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)

	a := admin.Send("POST", "/users", draft("ann@example.com", `"role":"MODERATOR"`, `"email_verified":true`, `"nickname":"ann"`,
		`"github_url":"https://github.com/ann"`, `"linkedin_url":"https://www.linkedin.com/in/ann"`, `"website_url":"https://ann.example"`))
	require.Equal(t, 201, a.Status, string(a.Body))
	u := apitest.Do[spec.User](admin, "GET", a.Header.Get("Location"), nil, 200)
	require.Equal(t, spec.RoleMODERATOR, u.Role)
	require.NotNil(t, u.EmailVerifiedAt)
	require.Equal(t, "https://github.com/ann", *u.GithubURL)
	require.Equal(t, []string{"self", "change-role", "delete", "end-sessions", "lock", "profile", "reset-password", "sessions", "suspend", "update"}, apitest.Rels(u.Links))
	require.Equal(t, []string{"user.created"}, srv.Facts())

	t.Run("the default is an unverified reader who gets a mail", func(t *testing.T) {
		smtp := srv.Work()
		u := apitest.Do[spec.User](admin, "POST", "/users", draft("bob@example.com"), 201)
		require.Equal(t, spec.RoleAUTHENTICATED, u.Role)
		require.Nil(t, u.EmailVerifiedAt)
		require.Contains(t, smtp.Wait(t, "bob@example.com").Text, "/reset-password#")
	})
	t.Run("staff choose no passwords", func(t *testing.T) {
		p := apitest.Refused(admin, "POST", "/users", draft("eve@example.com", `"password":"tall ships sail at noon"`), spec.ProblemInvalidRequest)
		require.Equal(t, []string{"/password unknown"}, apitest.Pointers(p))
	})
	t.Run("taken", func(t *testing.T) {
		apitest.Refused(admin, "POST", "/users", draft("ANN@example.com"), spec.ProblemEmailTaken)
		apitest.Refused(admin, "POST", "/users", draft("eve@example.com", `"nickname":"ANN"`), spec.ProblemNicknameTaken)
	})
	t.Run("managers give roles up to author", func(t *testing.T) {
		manager := srv.Role(spec.RoleMANAGER)
		for _, role := range spec.Roles() {
			body := draft(string(role)+"@example.com", fmt.Sprintf(`"role":%q`, role))
			if role.Rank() <= spec.RoleAUTHOR.Rank() {
				apitest.Do[spec.User](manager, "POST", "/users", body, 201)
			} else {
				apitest.Refused(manager, "POST", "/users", body, spec.ProblemRoleNotGrantable)
			}
		}
	})
	t.Run("a narrowed token makes nobody who may do more", func(t *testing.T) {
		boss := srv.User(spec.RoleADMIN)
		tok := apitest.Do[spec.Token](srv.Nobody(), "POST", "/auth/token", map[string]string{
			"grant_type": "password", "username": boss.Email, "password": apitest.Password, "scope": "users:create"}, 200)
		narrow := srv.Bearer(tok.AccessToken)
		apitest.Refused(narrow, "POST", "/users", draft("mole@example.com", `"role":"ADMIN"`), spec.ProblemRoleNotGrantable)
		apitest.Do[spec.User](narrow, "POST", "/users", draft("writer@example.com", `"role":"AUTHOR"`), 201)
	})
	t.Run("whose address is known is no ANONYMOUS", func(t *testing.T) {
		u := apitest.Do[spec.User](admin, "POST", "/users", draft("known@example.com", `"role":"ANONYMOUS"`, `"email_verified":true`), 201)
		require.Equal(t, spec.RoleAUTHENTICATED, u.Role)
	})
	t.Run("links of other places", func(t *testing.T) {
		for field, url := range map[string]string{
			"github_url": "https://github.com.evil.example/ann", "linkedin_url": "http://linkedin.com/in/ann", "website_url": "https://www.paypal.com@evil.example/x",
		} {
			p := apitest.Refused(admin, "POST", "/users", draft("x@example.com", fmt.Sprintf(`%q:%q`, field, url)), spec.ProblemInvalidRequest)
			require.Equal(t, []string{"/" + field + " pattern"}, apitest.Pointers(p))
		}
	})
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) {
		d.Email, d.Nickname, d.Bio, d.Location = "ann@example.com", new("ann"), new("old"), new("Oslo")
	})
	other := srv.User(spec.RoleAUTHENTICATED)
	at := spec.UpdateUserPath(u.ID)

	got := apitest.Do[spec.User](admin, "PATCH", at, `{"bio":"new","location":null}`, 200)
	require.Equal(t, "new", *got.Bio)
	require.Nil(t, got.Location)
	require.Equal(t, "ann", got.Nickname, "what is left out stays")
	require.True(t, got.UpdatedAt.After(got.CreatedAt))

	t.Run("each optional field is cleared on its own", func(t *testing.T) {
		fields := map[string]string{"first_name": "A", "last_name": "B", "bio": "C", "location": "D", "locale": "de", "time_zone": "Europe/Berlin",
			"website_url": "https://a.example", "linkedin_url": "https://linkedin.com/in/a", "github_url": "https://github.com/a"}
		body, err := json.Marshal(fields)
		require.NoError(t, err)
		require.Equal(t, 200, admin.Send("PATCH", at, body).Status)
		for field := range fields {
			shown := apitest.Do[map[string]any](admin, "PATCH", at, fmt.Sprintf(`{%q:null}`, field), 200)
			require.Nil(t, shown[field], field)
			for other, value := range fields {
				if other != field {
					require.Equal(t, value, shown[other], "clearing %s", field)
				}
			}
			apitest.Do[spec.User](admin, "PATCH", at, fmt.Sprintf(`{%q:%q}`, field, fields[field]), 200)
		}
	})
	t.Run("the own e-mail address and nickname are no duplicates", func(t *testing.T) {
		got := apitest.Do[spec.User](admin, "PATCH", at, `{"email":"ANN@example.com","nickname":"Ann"}`, 200)
		require.Equal(t, "ANN@example.com", got.Email)
		require.NotNil(t, got.EmailVerifiedAt, "another spelling is no other address")
	})
	t.Run("those of others are", func(t *testing.T) {
		apitest.Refused(admin, "PATCH", at, fmt.Sprintf(`{"email":%q}`, strings.ToUpper(other.Email)), spec.ProblemEmailTaken)
		apitest.Refused(admin, "PATCH", at, fmt.Sprintf(`{"nickname":%q}`, strings.ToUpper(other.Nickname)), spec.ProblemNicknameTaken)
	})
	t.Run("what changes nothing announces nothing", func(t *testing.T) {
		before := srv.Facts()
		tag := admin.Send("GET", at, nil).Header.Get("ETag")
		require.Equal(t, tag, admin.Send("PATCH", at, `{"nickname":"Ann"}`).Header.Get("ETag"))
		require.Equal(t, before, srv.Facts())
	})
	t.Run("nobody locks themselves out with a mistyped address", func(t *testing.T) {
		me := srv.User(spec.RoleADMIN)
		apitest.Refused(srv.As(me), "PATCH", spec.UpdateUserPath(me.ID), `{"email":"tpyo@example.com"}`, spec.ProblemSelfEmailChange)
		apitest.Do[spec.User](srv.As(me), "PATCH", spec.UpdateUserPath(me.ID), fmt.Sprintf(`{"email":%q}`, strings.ToUpper(me.Email)), 200)
	})
	t.Run("managers do not reach admins", func(t *testing.T) {
		boss := srv.User(spec.RoleADMIN)
		manager := srv.Role(spec.RoleMANAGER)
		apitest.Refused(manager, "PATCH", spec.UpdateUserPath(boss.ID), `{"bio":"x"}`, spec.ProblemForbidden)
		shown := apitest.Do[spec.User](manager, "GET", spec.GetUserPath(boss.ID), nil, 200)
		require.Equal(t, []string{"self", "profile"}, apitest.Rels(shown.Links), "and are not offered to")
		peer := srv.User(spec.RoleMANAGER)
		apitest.Refused(manager, "PATCH", spec.UpdateUserPath(peer.ID), `{"email":"mine@example.com"}`, spec.ProblemForbidden)
	})
}

func TestMe(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	got := apitest.Do[spec.User](me, "GET", "/me", nil, 200)
	require.Equal(t, u.ID, got.ID)
	require.Equal(t, []string{"self", "audit", "change-email", "change-password", "end-other-sessions", "profile", "profile-fields", "second-factor", "sessions",
		"sign-out", "update"}, apitest.Rels(got.Links))
	for _, l := range got.Links.All() {
		if l.Method == http.MethodGet {
			require.Equal(t, 200, me.Send(l.Method, l.Href, nil).Status)
		}
	}
	got = apitest.Do[spec.User](me, "PATCH", "/me", `{"nickname":"brand-new","bio":"Hello"}`, 200)
	require.Equal(t, []string{"brand-new", "Hello"}, []string{got.Nickname, *got.Bio})
	taken := srv.User(spec.RoleAUTHENTICATED)
	apitest.Refused(me, "PATCH", "/me", fmt.Sprintf(`{"nickname":%q}`, taken.Nickname), spec.ProblemNicknameTaken)
	for _, field := range []string{"role", "email", "status", "professional", "email_verified_at", "id"} {
		p := apitest.Refused(me, "PATCH", "/me", fmt.Sprintf(`{%q:"ADMIN"}`, field), spec.ProblemInvalidRequest)
		require.Equal(t, []string{"/" + field + " unknown"}, apitest.Pointers(p))
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss := srv.User(spec.RoleADMIN)
	admin := srv.As(boss)
	u := srv.User(spec.RoleAUTHENTICATED)
	theirs := srv.As(u)

	apitest.Refused(admin, "DELETE", spec.DeleteUserPath(boss.ID), nil, spec.ProblemSelfDeletion)
	apitest.Refused(srv.Role(spec.RoleMANAGER), "DELETE", spec.DeleteUserPath(u.ID), nil, spec.ProblemForbidden)
	require.Equal(t, 204, admin.Send("DELETE", spec.DeleteUserPath(u.ID), nil).Status)
	apitest.Refused(admin, "GET", spec.GetUserPath(u.ID), nil, spec.ProblemNotFound)
	apitest.Refused(admin, "DELETE", spec.DeleteUserPath(u.ID), nil, spec.ProblemNotFound)
	apitest.Refused(theirs, "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Equal(t, []string{"user.deleted"}, srv.Facts())
	apitest.Do[spec.User](admin, "POST", "/users", draft(u.Email), 201)
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	for range 6 {
		srv.User(spec.RoleAUTHENTICATED)
	}
	first := apitest.Do[spec.UserPage](admin, "GET", "/users?limit=3&count=true", nil, 200)
	require.Len(t, first.Items, 3)
	require.EqualValues(t, 7, *first.Total)
	require.Equal(t, []string{"self", "first", "next", "create", "export", "import"}, apitest.Rels(first.Links))
	require.Equal(t, []string{"self", "change-role", "delete", "end-sessions", "lock", "profile", "reset-password", "sessions", "suspend", "update"}, apitest.Rels(first.Items[0].Links), "lists carry links too")

	var seen []uuid.UUID
	var pages []spec.UserPage
	for page := first; ; {
		pages = append(pages, page)
		for _, u := range page.Items {
			seen = append(seen, u.ID)
		}
		next := page.Links.Next
		if next == nil {
			break
		}
		require.Equal(t, 1, strings.Count(next.Href, "?"), "NEVER5")
		page = apitest.Do[spec.UserPage](admin, next.Method, next.Href, nil, 200)
		require.EqualValues(t, 7, *page.Total, "links repeat what was asked")
	}
	require.Len(t, seen, 7)
	require.IsDecreasing(t, text(seen), "newest first, none twice")

	last := pages[len(pages)-1]
	prev := last.Links.Prev
	require.NotNil(t, prev)
	require.Equal(t, pages[1].Items, apitest.Do[spec.UserPage](admin, "GET", prev.Href, nil, 200).Items)

	t.Run("rows that come and go do not move the pages", func(t *testing.T) {
		next := first.Links.Next
		srv.User(spec.RoleAUTHENTICATED)
		require.Equal(t, 204, admin.Send("DELETE", spec.DeleteUserPath(first.Items[2].ID), nil).Status)
		require.Equal(t, pages[1].Items, apitest.Do[spec.UserPage](admin, "GET", next.Href, nil, 200).Items)
	})
	t.Run("a cursor belongs to its query", func(t *testing.T) {
		next := first.Links.Next
		apitest.Refused(admin, "GET", strings.Replace(next.Href, "limit=3", "limit=4", 1), nil, spec.ProblemInvalidCursor)
	})
	t.Run("the Link header says the same", func(t *testing.T) {
		header := admin.Send("GET", "/users?limit=1", nil).Header.Get("Link")
		require.Contains(t, header, `rel="next"`)
		require.Contains(t, header, `</api/v1/users?limit=1>; rel="self"`)
	})
	t.Run("no total unless asked", func(t *testing.T) {
		require.Nil(t, apitest.Do[spec.UserPage](admin, "GET", "/users", nil, 200).Total)
	})
}

func text(ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

// TestStaffGiveAnotherAddress: it takes a recent sign-in, ends all sessions, voids what was mailed, and the old address
// is told.
func TestStaffGiveAnotherAddress(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	manager, u := srv.Role(spec.RoleMANAGER), srv.User(spec.RoleAUTHENTICATED)
	thief := srv.As(u)
	require.Equal(t, 200, manager.Send("PATCH", spec.UpdateUserPath(u.ID), `{"email":"new@example.com"}`).Status)
	apitest.Refused(thief, "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Contains(t, smtp.Wait(t, u.Email).Subject, "e-mail address")
	require.Contains(t, smtp.Wait(t, "new@example.com").Text, "/verify#")
	require.Equal(t, []string{"session.ended", "user.email-changed", "user.updated"}, srv.Facts())

	_, err := srv.DB.Exec(t.Context(), "UPDATE sessions SET authenticated_at = now() - interval '1 hour'")
	require.NoError(t, err)
	apitest.Refused(manager, "PATCH", spec.UpdateUserPath(u.ID), `{"email":"other@example.com"}`, spec.ProblemStepUpRequired)
	require.Equal(t, 200, manager.Send("PATCH", spec.UpdateUserPath(u.ID), `{"bio":"Edited."}`).Status)
	admin := srv.Role(spec.RoleADMIN)
	_, err = srv.DB.Exec(t.Context(), "UPDATE sessions SET authenticated_at = now() - interval '1 hour'")
	require.NoError(t, err)
	apitest.Refused(admin, "POST", "/users", `{"email":"a@example.com","role":"ADMIN"}`, spec.ProblemStepUpRequired)
	apitest.Do[spec.User](admin, "POST", "/users", `{"email":"a@example.com","role":"AUTHOR"}`, 201)
}

// TestSpellingsOfAnAddress: another spelling of the same mailbox stays confirmed; what only compares alike does not.
func TestSpellingsOfAnAddress(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	manager := srv.Role(spec.RoleMANAGER)
	u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.Email = "grosse@strasse.example" })
	edit := func(email string) spec.User {
		return apitest.Do[spec.User](manager, "PATCH", spec.UpdateUserPath(u.ID), fmt.Sprintf(`{"email":%q}`, email), 200)
	}
	require.NotNil(t, edit("GROSSE@Strasse.example").EmailVerifiedAt)
	require.Nil(t, edit("große@strasse.example").EmailVerifiedAt, "mail to it goes elsewhere")
	require.NotEqual(t, users.EmailKey("a@straße.example"), users.EmailKey("a@strasse.example"), "nor are these one domain")
}

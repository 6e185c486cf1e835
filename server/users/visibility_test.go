package users_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// TestReadersManageNobody: below staff there is no browsing, reading, adding, editing or deleting of accounts, and the
// refusal tells nothing about who exists (USER2).
func TestReadersManageNobody(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	somebody := srv.User(spec.RoleAUTHENTICATED)
	for _, role := range spec.Roles() {
		if role.Rank() >= spec.RoleMANAGER.Rank() {
			continue
		}
		me := srv.User(role)
		client := srv.As(me)
		refused := func(method, path string, body any) spec.ProblemDetails {
			p := apitest.Refused(client, method, path, body, spec.ProblemForbidden)
			p.Instance = ""
			return p
		}
		for method, body := range map[string]any{"GET": nil, "PATCH": `{"bio":"x"}`, "DELETE": nil} {
			want := refused(method, spec.GetUserPath(uuid.New()), body)
			for _, id := range []uuid.UUID{somebody.ID, me.ID} {
				require.Equal(t, want, refused(method, spec.GetUserPath(id), body), "%s as %s", method, role)
			}
		}
		refused("GET", "/users", nil)
		refused("GET", "/users?role=ADMIN&count=true", nil)
		refused("POST", "/users", draft(me.Email))
		refused("POST", "/users", draft("new@example.com"))
	}
	require.Nil(t, stored(t, srv, spec.User{ID: somebody.ID}).Bio)
}

// listed are the accounts that a list holds, all pages of it.
func listed(c *apitest.Client, path string) (ids []uuid.UUID) {
	for path != "" {
		page := apitest.Do[spec.UserPage](c, "GET", path, nil, 200)
		for _, u := range page.Items {
			ids = append(ids, u.ID)
		}
		path = ""
		if page.Links.Next != nil {
			path = page.Links.Next.Href
		}
	}
	return ids
}

// TestPeopleOfEachRole: readers, authors, moderators, managers and admins are each listed, read, edited and deleted by an
// ADMIN. A MANAGER sees them all, edits those below, and deletes nobody (USER1, USER9, USER12).
func TestPeopleOfEachRole(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss, deputy := srv.User(spec.RoleADMIN), srv.User(spec.RoleMANAGER)
	admin, manager := srv.As(boss), srv.As(deputy)
	for _, role := range spec.Roles() {
		others := listed(admin, fmt.Sprintf("/users?role=%s", role))
		var made []uuid.UUID
		for i := range 3 {
			u := apitest.Do[spec.User](admin, "POST", "/users", draft(fmt.Sprintf("%s-%d@example.com", role, i), fmt.Sprintf(`"role":%q`, role)), 201)
			require.Equal(t, role, u.Role)
			made = append(made, u.ID)
		}
		for _, c := range []*apitest.Client{admin, manager} {
			require.ElementsMatch(t, append(slices.Clone(made), others...), listed(c, fmt.Sprintf("/users?limit=2&role=%s", role)), role)
		}
		for _, id := range made {
			require.Equal(t, role, apitest.Do[spec.User](manager, "GET", spec.GetUserPath(id), nil, 200).Role)
			require.Equal(t, "By the boss.", *apitest.Do[spec.User](admin, "PATCH", spec.UpdateUserPath(id), `{"bio":"By the boss."}`, 200).Bio)
			if role.Rank() < spec.RoleMANAGER.Rank() {
				apitest.Do[spec.User](manager, "PATCH", spec.UpdateUserPath(id), `{"bio":"By the deputy."}`, 200)
			} else {
				apitest.Refused(manager, "PATCH", spec.UpdateUserPath(id), `{"bio":"By the deputy."}`, spec.ProblemForbidden)
			}
			apitest.Refused(manager, "DELETE", spec.DeleteUserPath(id), nil, spec.ProblemForbidden)
			require.Equal(t, 204, admin.Send("DELETE", spec.DeleteUserPath(id), nil).Status)
			apitest.Refused(admin, "GET", spec.GetUserPath(id), nil, spec.ProblemNotFound)
		}
		require.ElementsMatch(t, others, listed(admin, fmt.Sprintf("/users?role=%s", role)), role)
	}
}

// TestStaffSeeTimes: when somebody came, changed and was here last is in every view of staff (USER13, NEVER6).
func TestStaffSeeTimes(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	manager := srv.Role(spec.RoleMANAGER)
	require.Nil(t, apitest.Do[spec.User](manager, "GET", spec.GetUserPath(u.ID), nil, 200).LastLoginAt)
	apitest.Do[spec.Token](srv.Nobody(), "POST", "/auth/token", map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password}, 200)
	apitest.Do[spec.User](srv.As(u), "PATCH", "/me", `{"bio":"x"}`, 200)

	got := apitest.Do[spec.User](manager, "GET", spec.GetUserPath(u.ID), nil, 200)
	require.True(t, got.CreatedAt.Equal(u.CreatedAt))
	require.True(t, got.UpdatedAt.After(got.CreatedAt))
	require.WithinRange(t, *got.LastLoginAt, got.CreatedAt, time.Now().Add(time.Minute))
	page := apitest.Do[spec.UserPage](manager, "GET", "/users", nil, 200)
	at := slices.IndexFunc(page.Items, func(other spec.User) bool { return other.ID == u.ID })
	require.Equal(t, got, page.Items[at], "a list shows what the account shows")
}

// TestOneRole: the database itself takes no other role, and no account without one (USER13).
func TestOneRole(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	for _, role := range []string{"'KING'", "''", "'admin'", "NULL"} {
		_, err := srv.DB.Exec(t.Context(), "UPDATE users SET role = "+role+" WHERE id = $1", u.ID)
		require.Error(t, err, role)
	}
	kept, err := db.New().GetUser(t.Context(), srv.DB, u.ID)
	require.NoError(t, err)
	require.Equal(t, spec.RoleAUTHENTICATED, kept.Role)
}

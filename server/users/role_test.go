package users_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

func toRole(role spec.Role) spec.RoleChange {
	return spec.RoleChange{Role: role, Reason: "It is time."}
}

// entries are the entries of the audit log with an action, oldest first: who, whom, details.
func entries(t testing.TB, srv *apitest.Server, action string) []map[string]any {
	t.Helper()
	rows, err := srv.DB.Query(t.Context(), "SELECT actor_id, user_id, details FROM audit_entries WHERE action = $1 ORDER BY id", action)
	require.NoError(t, err)
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (map[string]any, error) {
		var by *string
		var about *uuid.UUID
		var details []byte
		if err := row.Scan(&by, &about, &details); err != nil {
			return nil, err
		}
		e := map[string]any{}
		if err := json.Unmarshal(details, &e); err != nil {
			return nil, err
		}
		if by != nil {
			e["actor"] = *by
		}
		if about != nil {
			e["about"] = about.String()
		}
		return e, nil
	})
	require.NoError(t, err)
	return out
}

// asOperator applies a rule on behalf of an operator.
func asOperator(t testing.TB, srv *apitest.Server, rule func(tx pgx.Tx) error) error {
	t.Helper()
	_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (any, error) { return nil, rule(tx) })
	return err
}

// TestChangeRole (F4.1, F4.3, F4.4): an ADMIN moves people up and down; it is logged with the reason, published and mailed.
func TestChangeRole(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	boss, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleAUTHOR)
	admin, at := srv.As(boss), spec.ChangeRolePath(u.ID)

	got := apitest.Do[spec.User](admin, "PUT", at, toRole(spec.RoleMODERATOR), 200)
	require.Equal(t, spec.RoleMODERATOR, got.Role)
	require.Equal(t, spec.RoleMODERATOR, apitest.Do[spec.User](admin, "GET", spec.GetUserPath(u.ID), nil, 200).Role)
	require.Equal(t, []string{"user.role-changed"}, srv.Facts())
	require.Equal(t, []map[string]any{{
		"actor": boss.ID.String(), "about": u.ID.String(), "user_id": u.ID.String(), "by": boss.ID.String(),
		"from": "AUTHOR", "to": "MODERATOR", "reason": "It is time.",
	}}, entries(t, srv, "user.role-changed"))
	letter := smtp.Wait(t, u.Email)
	require.Equal(t, "Your role at Usher has changed", letter.Subject)
	require.Contains(t, letter.Text, "It was author, and is moderator now.")
	require.NotContains(t, letter.Text, "It is time.", "the reason is for the log")

	t.Run("the role that it has changes nothing", func(t *testing.T) {
		tag := admin.Send("GET", spec.GetUserPath(u.ID), nil).Header.Get("ETag")
		require.Equal(t, tag, admin.Send("PUT", at, toRole(spec.RoleMODERATOR)).Header.Get("ETag"))
		require.Len(t, srv.Facts(), 1)
	})
	t.Run("to every role and back", func(t *testing.T) {
		for _, role := range append(spec.Roles(), spec.RoleANONYMOUS) {
			require.Equal(t, role, apitest.Do[spec.User](admin, "PUT", at, toRole(role), 200).Role)
		}
	})
	t.Run("a stale If-Match", func(t *testing.T) {
		tag := admin.Send("GET", spec.GetUserPath(u.ID), nil).Header.Get("ETag")
		require.Equal(t, 200, admin.With("If-Match", tag).Send("PUT", at, toRole(spec.RoleAUTHOR)).Status)
		apitest.Refused(admin.With("If-Match", tag), "PUT", at, toRole(spec.RoleMANAGER), spec.ProblemPreconditionFailed)
	})
	t.Run("an account that is not confirmed still has to be", func(t *testing.T) {
		fresh := srv.User(spec.RoleANONYMOUS, func(d *users.Draft) { d.Verified = false })
		got := apitest.Do[spec.User](admin, "PUT", spec.ChangeRolePath(fresh.ID), toRole(spec.RoleMODERATOR), 200)
		require.Nil(t, got.EmailVerifiedAt)
		apitest.Refused(srv.Nobody(), "POST", spec.IssueTokenPath(), credentials(fresh), spec.ProblemEmailUnverified)
	})
}

func credentials(u db.User) map[string]string {
	return map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password}
}

// TestRoleHoldsAtOnce (SIGN6, NEVER11): a token that is out has the new role from the next request on, at every replica.
func TestRoleHoldsAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	replica := apitest.On(t, srv.DB)
	admin, u := srv.Role(spec.RoleADMIN), srv.User(spec.RoleMANAGER)
	token := apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), credentials(u), 200).AccessToken
	browse := func(want int) {
		for _, at := range []*apitest.Server{replica, srv} {
			require.Equal(t, want, at.Bearer(token).Send("GET", "/users", nil).Status)
		}
	}
	browse(200)
	apitest.Do[spec.User](admin, "PUT", spec.ChangeRolePath(u.ID), toRole(spec.RoleAUTHOR), 200)
	browse(403)
	apitest.Do[spec.User](admin, "PUT", spec.ChangeRolePath(u.ID), toRole(spec.RoleADMIN), 200)
	browse(200)
}

// TestRefusedRoleChanges (F4.2, F4.5): each refusal has a problem of its own, changes nothing and is in the audit log.
func TestRefusedRoleChanges(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleAUTHOR)
	admin := srv.As(boss)
	narrowed := func(scope string) *apitest.Client {
		grant := credentials(boss)
		grant["scope"] = scope
		return srv.Bearer(apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), grant, 200).AccessToken)
	}
	narrow, author := narrowed("roles:change"), narrowed("roles:change "+spec.RoleScopes(spec.RoleAUTHOR).String())
	manager := srv.Role(spec.RoleMANAGER)
	mine, theirs := spec.ChangeRolePath(boss.ID), spec.ChangeRolePath(u.ID)

	apitest.Refused(admin, "PUT", spec.ChangeRolePath(uuid.New()), toRole(spec.RoleAUTHOR), spec.ProblemNotFound)
	p := apitest.Refused(admin, "PUT", theirs, `{"role":"KING","reason":"x"}`, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/role enum"}, apitest.Pointers(p))
	p = apitest.Refused(admin, "PUT", theirs, `{"role":"AUTHOR"}`, spec.ProblemInvalidRequest)
	require.Equal(t, []string{"/reason required"}, apitest.Pointers(p))
	require.Empty(t, entries(t, srv, outbox.OperationRefused))

	apitest.Refused(admin, "PUT", mine, toRole(spec.RoleAUTHOR), spec.ProblemSelfRoleChange)
	apitest.Refused(author, "PUT", theirs, toRole(spec.RoleADMIN), spec.ProblemRoleNotGrantable)
	apitest.Refused(narrow, "PUT", theirs, toRole(spec.RoleADMIN), spec.ProblemForbidden)
	apitest.Refused(manager, "PUT", theirs, toRole(spec.RoleMANAGER), spec.ProblemForbidden)
	var tried []string
	for _, e := range entries(t, srv, outbox.OperationRefused) {
		tried = append(tried, fmt.Sprint(e["operation"], " ", e["reason"], " ", e["about"], " ", e["asked"]))
	}
	require.Equal(t, []string{
		"changeRole self-role-change " + boss.ID.String() + " map[role:AUTHOR]", "changeRole role-not-grantable " + u.ID.String() + " map[role:ADMIN]",
		"changeRole forbidden " + u.ID.String() + " map[role:ADMIN]", "changeRole forbidden " + u.ID.String() + " map[role:MANAGER]",
	}, tried)
	require.Empty(t, entries(t, srv, "user.role-changed"))

	err := asOperator(t, srv, func(tx pgx.Tx) error {
		_, err := users.ChangeRole(t.Context(), tx, actor.Operator(), boss.ID, spec.RoleAUTHOR, "")
		return err
	})
	require.True(t, fault.Is(err, spec.ProblemLastAdmin), err)
}

// TestAuthorityIsReadUnderTheLock: who was let in as ADMIN and is none any more when the act begins is refused, and so is a
// MANAGER who was moved down.
func TestAuthorityIsReadUnderTheLock(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.User(spec.RoleADMIN)
	for _, role := range []spec.Role{spec.RoleADMIN, spec.RoleMANAGER} {
		for name, lost := range map[string]string{
			"moved down": "UPDATE users SET role = 'AUTHOR' WHERE id = $1", "suspended": "UPDATE users SET status = 'suspended' WHERE id = $1",
			"locked": "UPDATE users SET staff_lock_until = now() + interval '1 hour' WHERE id = $1", "deleted": "DELETE FROM users WHERE id = $1",
		} {
			by, u := srv.User(role), srv.User(spec.RoleAUTHENTICATED)
			_, err := srv.DB.Exec(t.Context(), lost, by.ID)
			require.NoError(t, err)
			as := actor.Actor{Caller: spec.Caller{ID: by.ID, Scopes: spec.RoleScopes(role)}, User: by}
			err = asOperator(t, srv, func(tx pgx.Tx) error {
				_, _, err := users.Take(t.Context(), tx, as, u.ID)
				return err
			})
			require.True(t, fault.Is(err, spec.ProblemForbidden), "%s %s: %v", role, name, err)
		}
	}
}

// TestConfirmedGuestsStay: an account that an ADMIN made ANONYMOUS is no registration that was never confirmed, and does not
// move up again by itself.
func TestConfirmedGuestsStay(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHOR)
	apitest.Do[spec.User](srv.Role(spec.RoleADMIN), "PUT", spec.ChangeRolePath(u.ID), toRole(spec.RoleANONYMOUS), 200)
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET created_at = now() - interval '1 year'")
	require.NoError(t, err)
	expiring, err := db.New().ListUnconfirmed(t.Context(), srv.DB, 0, 10)
	require.NoError(t, err)
	require.Empty(t, expiring)
	require.NoError(t, asOperator(t, srv, func(tx pgx.Tx) error { return users.Expire(t.Context(), tx, u.ID) }))
	tok := apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), credentials(u), 200)
	require.Empty(t, tok.Scope)
}

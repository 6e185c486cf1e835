package users_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// TestAuthorityLostMeanwhile: an ADMIN who is let in while another one is suspending them waits for that, and then does nothing
// to that account.
func TestAuthorityLostMeanwhile(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	tried := 0
	for _, op := range spec.Operations() {
		if op.Method == http.MethodGet || !strings.HasPrefix(op.Path, "/users/{user_id}") && op.ID != "endUserSession" {
			continue
		}
		bodies := []any{bodies[op.ID]}
		if op.ID == "updateUser" {
			bodies = append(bodies, `{"email":"stolen@example.com"}`)
		}
		for _, body := range bodies {
			tried++
			boss, evil := srv.User(spec.RoleADMIN), srv.User(spec.RoleADMIN)
			client := srv.As(evil)
			path := strings.Replace(op.Path, "{user_id}", boss.ID.String(), 1)
			if op.ID == "endUserSession" {
				srv.As(boss)
				path = spec.EndUserSessionPath(sessionOf(t, srv, boss))
			}
			before, facts := stored(t, srv, spec.User{ID: boss.ID}), len(srv.Facts())
			a := whileSuspended(t, srv, boss, evil, func() apitest.Answer { return client.Send(op.Method, path, body) })
			require.Equal(t, 403, a.Status, "%s %v: %s", op.ID, body, a.Body)
			require.Equal(t, before, stored(t, srv, spec.User{ID: boss.ID}), op.ID)
			require.Equal(t, []string{"session.ended", "user.suspended"}, srv.Facts()[facts:], "nothing but the suspension happened: %s", op.ID)
		}
	}
	require.GreaterOrEqual(t, tried, 12)
}

// sessionOf is a session of somebody.
func sessionOf(t *testing.T, srv *apitest.Server, u db.User) (id uuid.UUID) {
	t.Helper()
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT id FROM sessions WHERE user_id = $1 LIMIT 1", u.ID).Scan(&id))
	return id
}

// whileSuspended begins to suspend evil on behalf of boss, has send act until it waits for that, and lets it go on.
func whileSuspended(t *testing.T, srv *apitest.Server, boss, evil db.User, send func() apitest.Answer) apitest.Answer {
	t.Helper()
	answer := make(chan apitest.Answer, 1)
	_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (any, error) {
		by := actor.Actor{Caller: spec.Caller{ID: boss.ID, Scopes: spec.RoleScopes(boss.Role)}, User: boss, Recent: true}
		if _, err := users.Suspend(t.Context(), tx, by, evil.ID, "Stolen."); err != nil {
			return nil, err
		}
		go func() { answer <- send() }()
		require.Eventually(t, func() bool {
			var waits bool
			err := srv.DB.QueryRow(t.Context(),
				"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waits)
			return err == nil && waits
		}, 10*time.Second, 5*time.Millisecond)
		return nil, nil
	})
	require.NoError(t, err)
	return <-answer
}

// TestNarrowedTokensTakeNobodyOver: a token that was narrowed gets no power over accounts that may do more than it may: neither
// by a new address, nor by a new password, nor by another role. It is not offered to, either.
func TestNarrowedTokensTakeNobodyOver(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss, u := srv.User(spec.RoleADMIN), srv.User(spec.RoleADMIN)
	alter(t, srv, "UPDATE users SET second_factor_at = now() WHERE id = $1", u.ID)
	at := spec.GetUserPath(u.ID)
	bodies := map[string]any{
		"updateUser": `{"email":"stolen@example.com"}`, "startPasswordReset": nil, "resetSecondFactor": nil, "changeRole": toRole(spec.RoleAUTHOR),
	}
	rels := map[string]string{"startPasswordReset": "reset-password", "resetSecondFactor": "reset-second-factor", "changeRole": "change-role"}
	whole := apitest.Rels(apitest.Do[spec.User](srv.As(boss), "GET", at, nil, 200).Links)
	before := stored(t, srv, spec.User{ID: u.ID})
	for _, op := range spec.Operations() {
		body, gives := bodies[op.ID]
		if !gives {
			continue
		}
		delete(bodies, op.ID)
		grant := credentials(boss)
		grant["scope"] = "users:read users:read:own " + op.Any.String()
		token := apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), grant, 200).AccessToken
		narrow := srv.Bearer(token)
		apitest.Refused(narrow, op.Method, strings.Replace(op.Path, "{user_id}", u.ID.String(), 1), body, spec.ProblemForbidden)
		if rel := rels[op.ID]; rel != "" {
			require.Contains(t, whole, rel)
			require.NotContains(t, apitest.Rels(apitest.Do[spec.User](narrow, "GET", at, nil, 200).Links), rel)
		}
		if op.ID == "updateUser" {
			apitest.Do[spec.User](narrow, "PATCH", at, `{"bio":"Edited."}`, 200)
			before = stored(t, srv, spec.User{ID: u.ID})
		}
	}
	require.Empty(t, bodies, "operations that are no more")
	require.Equal(t, before, stored(t, srv, spec.User{ID: u.ID}))
}

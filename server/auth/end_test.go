package auth_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/fault"
)

// over holds that neither token of a session works.
func over(t testing.TB, srv *apitest.Server, tok spec.Token) {
	t.Helper()
	apitest.Refused(srv.Bearer(tok.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Equal(t, 400, refresh(srv, tok.RefreshToken).Status)
}

// TestEndSession (SIGN8, SIGN6): people end sessions of their own, at once and on every replica.
func TestEndSession(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	replica := apitest.On(t, srv.DB)
	u := srv.User(spec.RoleAUTHENTICATED)
	lost, stranger := signIn(t, srv, u.Email), signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	current := signIn(t, srv, u.Email)
	me := srv.Bearer(current.AccessToken)
	apitest.Do[spec.User](replica.Bearer(lost.AccessToken), "GET", "/me", nil, 200)

	end := apitest.Do[spec.SessionPage](me, "GET", "/me/sessions", nil, 200).Items[1].Links.End
	require.Equal(t, spec.EndSessionPath(read(t, lost.AccessToken).Session), end.Href)
	require.Equal(t, 204, me.Send(end.Method, end.Href, nil).Status)
	over(t, replica, lost)
	over(t, srv, lost)

	expired := read(t, signIn(t, srv, u.Email).AccessToken).Session
	_, err := srv.DB.Exec(t.Context(), "UPDATE sessions SET expires_at = now() WHERE id = $1", expired)
	require.NoError(t, err)
	for name, id := range map[string]uuid.UUID{
		"that has ended": read(t, lost.AccessToken).Session, "that was not refreshed": expired,
		"of somebody else": read(t, stranger.AccessToken).Session, "of nobody": uuid.New(),
	} {
		t.Run("a session "+name, func(t *testing.T) {
			apitest.Refused(me, "DELETE", spec.EndSessionPath(id), nil, spec.ProblemNotFound)
		})
	}
	apitest.Refused(me, "DELETE", "/me/sessions/1", nil, spec.ProblemInvalidRequest)
	apitest.Do[spec.User](srv.Bearer(stranger.AccessToken), "GET", "/me", nil, 200)

	require.Equal(t, 204, me.Send("DELETE", spec.EndSessionPath(read(t, current.AccessToken).Session), nil).Status)
	over(t, srv, current)
	require.Equal(t, []string{"ended", "signed-out"}, endings(t, srv))
}

// TestEndOtherSessions (SIGN8): people sign out everywhere but here.
func TestEndOtherSessions(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	stranger, first, second := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email), signIn(t, srv, u.Email), signIn(t, srv, u.Email)
	here := signIn(t, srv, u.Email)
	for range 2 {
		require.Equal(t, 204, srv.Bearer(here.AccessToken).Send("DELETE", spec.EndOtherSessionsPath(), nil).Status)
	}
	over(t, srv, first)
	over(t, srv, second)
	for _, tok := range []spec.Token{here, stranger} {
		apitest.Do[spec.User](srv.Bearer(tok.AccessToken), "GET", "/me", nil, 200)
		require.Equal(t, 200, refresh(srv, tok.RefreshToken).Status)
	}
	require.Equal(t, []string{"ended", "ended"}, endings(t, srv))
}

// TestSessionsOfOthers (SIGN8): an ADMIN sees the sessions of anybody, and nobody else does.
func TestSessionsOfOthers(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u, boss := srv.User(spec.RoleMANAGER), srv.User(spec.RoleADMIN)
	signIn(t, srv, u.Email)
	signIn(t, srv, u.Email)
	admin, path := srv.As(boss), spec.ListUserSessionsPath(u.ID)

	l := apitest.Do[spec.User](admin, "GET", spec.GetUserPath(u.ID), nil, 200).Links
	require.Equal(t, path, l.Sessions.Href)
	got := apitest.Do[spec.SessionPage](admin, "GET", path, nil, 200)
	require.Len(t, got.Items, 2)
	for _, s := range got.Items {
		require.False(t, s.Current)
		require.Equal(t, []string{"end"}, apitest.Rels(s.Links))
		require.Equal(t, spec.EndUserSessionPath(s.ID), s.Links.End.Href)
	}
	next := apitest.Do[spec.SessionPage](admin, "GET", path+"?limit=1", nil, 200).Links.Next
	require.Equal(t, got.Items[1:], apitest.Do[spec.SessionPage](admin, "GET", next.Href, nil, 200).Items)
	require.True(t, apitest.Do[spec.SessionPage](admin, "GET", spec.ListUserSessionsPath(boss.ID), nil, 200).Items[0].Current)

	apitest.Refused(admin, "GET", spec.ListUserSessionsPath(uuid.New()), nil, spec.ProblemNotFound)
	apitest.Refused(srv.As(u), "GET", path, nil, spec.ProblemForbidden)
	apitest.Refused(srv.Nobody(), "GET", path, nil, spec.ProblemUnauthenticated)
}

// TestEndSessionsOfOthers (SIGN8, SIGN6): an ADMIN ends one or all sessions of anybody, and nobody else does.
func TestEndSessionsOfOthers(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u, boss := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleADMIN)
	toks := []spec.Token{signIn(t, srv, u.Email), signIn(t, srv, u.Email), signIn(t, srv, u.Email)}
	admin := srv.As(boss)
	one, all := spec.EndUserSessionPath(read(t, toks[0].AccessToken).Session), spec.EndUserSessionsPath(u.ID)
	for _, role := range []spec.Role{spec.RoleAUTHENTICATED, spec.RoleMODERATOR, spec.RoleMANAGER} {
		apitest.Refused(srv.Role(role), "DELETE", one, nil, spec.ProblemForbidden)
		apitest.Refused(srv.Role(role), "DELETE", all, nil, spec.ProblemForbidden)
	}
	require.Empty(t, endings(t, srv))

	require.Equal(t, 204, admin.Send("DELETE", one, nil).Status)
	over(t, srv, toks[0])
	apitest.Do[spec.User](srv.Bearer(toks[1].AccessToken), "GET", "/me", nil, 200)
	apitest.Refused(admin, "DELETE", one, nil, spec.ProblemNotFound)
	apitest.Refused(admin, "DELETE", spec.EndUserSessionPath(uuid.New()), nil, spec.ProblemNotFound)
	apitest.Refused(admin, "DELETE", spec.EndUserSessionsPath(uuid.New()), nil, spec.ProblemNotFound)

	end := apitest.Do[spec.User](admin, "GET", spec.GetUserPath(u.ID), nil, 200).Links.EndSessions
	require.Equal(t, all, end.Href)
	for range 2 {
		require.Equal(t, 204, admin.Send(end.Method, end.Href, nil).Status)
	}
	over(t, srv, toks[1])
	over(t, srv, toks[2])
	require.Empty(t, apitest.Do[spec.SessionPage](admin, "GET", spec.ListUserSessionsPath(u.ID), nil, 200).Items)
	require.Equal(t, []string{"ended-by-staff", "ended-by-staff", "ended-by-staff"}, endings(t, srv))

	var logged int
	require.NoError(t, srv.DB.QueryRow(t.Context(), `SELECT count(*) FROM audit_entries
		WHERE action = 'session.ended' AND actor_kind = 'user' AND actor_id = $1 AND user_id = $2`, boss.ID.String(), u.ID).Scan(&logged))
	require.Equal(t, 3, logged)

	require.Equal(t, 204, admin.Send("DELETE", spec.EndUserSessionsPath(boss.ID), nil).Status)
	apitest.Refused(admin, "GET", "/me", nil, spec.ProblemUnauthenticated)
}

// TestEndForThoseBelow: whatever scopes a role may come to have, staff end sessions of those below them; an operator
// ends everybody's.
func TestEndForThoseBelow(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss := srv.User(spec.RoleADMIN)
	id := read(t, signIn(t, srv, boss.Email).AccessToken).Session
	manager := actor.Actor{User: srv.User(spec.RoleMANAGER)}
	for name, end := range map[string]func(tx pgx.Tx, by actor.Actor) error{
		"one": func(tx pgx.Tx, by actor.Actor) error { return auth.EndAnybodys(t.Context(), tx, by, id) },
		"all": func(tx pgx.Tx, by actor.Actor) error { return auth.EndAll(t.Context(), tx, by, boss.ID) },
	} {
		tx, err := srv.DB.Begin(t.Context())
		require.NoError(t, err)
		require.True(t, fault.Is(end(tx, manager), spec.ProblemForbidden), name)
		require.NoError(t, end(tx, actor.Operator()), name)
		require.NoError(t, tx.Rollback(t.Context()))
	}
}

// TestEndAtOnce: of many who end the same session, one does. Several are held up when they have seen that it is there.
func TestEndAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	id := read(t, signIn(t, srv, u.Email).AccessToken).Session
	me, admin := srv.Bearer(signIn(t, srv, u.Email).AccessToken), srv.Role(spec.RoleADMIN)
	tx, err := srv.DB.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM users u JOIN sessions s ON s.user_id = u.id WHERE s.id = $1 FOR UPDATE", id)
	require.NoError(t, err)
	done := make(chan map[int]int)
	go func() {
		done <- race(32, func(i int) int {
			if i%2 == 0 {
				return me.Send("DELETE", spec.EndSessionPath(id), nil).Status
			}
			return admin.Send("DELETE", spec.EndUserSessionPath(id), nil).Status
		})
	}()
	require.Eventually(t, func() bool {
		var waiting int
		err := tx.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND (transactionid = pg_current_xact_id()::xid
			OR database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&waiting)
		return err == nil && waiting >= 4
	}, waitFor, tick)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, map[int]int{204: 1, 404: 31}, <-done)
	require.Len(t, endings(t, srv), 1)
}

// TestEndEverythingAtOnce: those who end sessions in different ways do not get in each other's way, and each session
// ends once.
func TestEndEverythingAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	var toks []spec.Token
	for range 8 {
		toks = append(toks, signIn(t, srv, u.Email))
	}
	admin := srv.Role(spec.RoleADMIN)
	got := race(32, func(i int) int {
		tok := toks[i/4]
		switch i % 4 {
		case 0:
			return srv.Bearer(tok.AccessToken).Send("DELETE", spec.EndOtherSessionsPath(), nil).Status
		case 1:
			return admin.Send("DELETE", spec.EndUserSessionPath(read(t, tok.AccessToken).Session), nil).Status
		case 2:
			return admin.Send("DELETE", spec.EndUserSessionsPath(u.ID), nil).Status
		}
		return refresh(srv, tok.RefreshToken).Status
	})
	for status := range got {
		require.True(t, slices.Contains([]int{200, 204, 400, 401, 404}, status), "%v", got)
	}
	require.Len(t, endings(t, srv), len(toks))
}

// TestEndIsTheEnd: a session that ends while it is refreshed has ended.
func TestEndIsTheEnd(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.Bearer(signIn(t, srv, u.Email).AccessToken)
	for range 5 {
		tok := signIn(t, srv, u.Email)
		id := read(t, tok.AccessToken).Session
		got := race(8, func(i int) string {
			if i == 0 {
				me.Send("DELETE", spec.EndSessionPath(id), nil)
				return ""
			}
			a := refresh(srv, tok.RefreshToken)
			if a.Status != 200 {
				return ""
			}
			return decode[spec.Token](t, a.Body).RefreshToken
		})
		for next := range got {
			if next != "" {
				require.Equal(t, 400, refresh(srv, next).Status)
			}
		}
		over(t, srv, tok)
	}
	require.Equal(t, slices.Repeat([]string{"ended"}, 5), endings(t, srv))
}

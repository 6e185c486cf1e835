package fields_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/fields"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// checked waits until a field is, and returns it.
func checked(t *testing.T, admin *apitest.Client, id uuid.UUID) (f spec.ProfileField) {
	t.Helper()
	require.Eventually(t, func() bool {
		f = apitest.Do[spec.ProfileField](admin, "GET", spec.GetProfileFieldPath(id), nil, 200)
		return f.CheckedAt != nil
	}, 30*time.Second, 20*time.Millisecond)
	return f
}

// many stores accounts with what a field holds, by the number of the account.
func many(t *testing.T, srv *apitest.Server, n int, value string) {
	t.Helper()
	_, err := srv.DB.Exec(t.Context(), `INSERT INTO users (id, email, email_key, nickname, nickname_key, role, registered_as, fields)
		SELECT uuid_v7(), i || '@many.example', i || '@many.example', 'many-' || i, 'many-' || i, 'AUTHENTICATED', 'reader', (`+value+`)::jsonb
		FROM generate_series(1, $1) i`, n)
	require.NoError(t, err)
}

// TestOldValuesAreReported: a definition that changes leaves values that do not match. They stay, are found in the
// background, counted and listed, and are off the list when they are edited, but for values that still do not match.
func TestOldValuesAreReported(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	f := define(admin, "grade", `{"type":"integer"}`)
	many(t, srv, 2500, `CASE WHEN i % 2 = 0 THEN '{}' ELSE '{"grade":' || i || '}' END`)
	u := srv.User(spec.RoleAUTHENTICATED)
	require.Equal(t, 200, srv.As(u).Send("PATCH", "/me", `{"fields":{"grade":50}}`).Status)
	at := spec.GetProfileFieldPath(f.ID)
	replaced := apitest.Do[spec.ProfileField](admin, "PUT", at, `{"title":"T","schema":{"type":"integer","maximum":49}}`, 200)
	require.Nil(t, replaced.CheckedAt)
	require.Zero(t, *replaced.Violations)
	srv.Work()
	require.EqualValues(t, 1225+1, *checked(t, admin, f.ID).Violations)

	seen, page := map[uuid.UUID]bool{}, at+"/violations?limit=100"
	for page != "" {
		got := apitest.Do[spec.FieldViolationPage](admin, "GET", page, nil, 200)
		for _, v := range got.Items {
			seen[v.UserID] = true
			require.Equal(t, "Send at most 49.", v.Detail)
			require.Equal(t, spec.GetUserPath(v.UserID), v.Links.User.Href)
		}
		if page = ""; got.Links.Next != nil {
			page = got.Links.Next.Href
		}
	}
	require.Len(t, seen, 1226)
	require.True(t, seen[u.ID])

	count := func() int64 { return *apitest.Do[spec.ProfileField](admin, "GET", at, nil, 200).Violations }
	require.Equal(t, 200, srv.As(u).Send("PATCH", "/me", `{"bio":"x","fields":{"grade":50}}`).Status, "what stays is not held to anything")
	require.EqualValues(t, 1226, count())
	apitest.Refused(srv.As(u), "PATCH", "/me", `{"fields":{"grade":51}}`, spec.ProblemInvalidRequest)
	require.EqualValues(t, 1226, count())
	require.Equal(t, 200, srv.As(u).Send("PATCH", "/me", `{"fields":{"grade":49}}`).Status)
	require.EqualValues(t, 1225, count())

	same := apitest.Do[spec.ProfileField](admin, "PUT", at, `{"title":"Other","schema":{"type":"integer","maximum":49},"public":true}`, 200)
	require.NotNil(t, same.CheckedAt, "the same schema needs no other check")
	require.EqualValues(t, 1225, *same.Violations)
	apitest.Do[spec.ProfileField](admin, "PUT", at, `{"title":"T","schema":{}}`, 200)
	require.Zero(t, *checked(t, admin, f.ID).Violations)
	apitest.Refused(admin, "GET", spec.ListProfileFieldViolationsPath(uuid.New()), nil, spec.ProblemNotFound)
}

// TestTheLastDefinitionCounts: of definitions that follow each other quickly, values are held to the last.
func TestTheLastDefinitionCounts(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	f := define(admin, "home", `{}`)
	many(t, srv, 1500, `'{"home":{"zip":' || i || '}}'`)
	srv.Work()
	for i := range 10 {
		definition := fmt.Sprintf(`{"title":"T","schema":{"properties":{"zip":{"maximum":%d}}}}`, i*100)
		apitest.Do[spec.ProfileField](admin, "PUT", spec.GetProfileFieldPath(f.ID), definition, 200)
	}
	require.EqualValues(t, 600, *checked(t, admin, f.ID).Violations)
	got := apitest.Do[spec.FieldViolationPage](admin, "GET", spec.ListProfileFieldViolationsPath(f.ID), nil, 200)
	require.Equal(t, "/zip: Send at most 900.", got.Items[0].Detail)
}

// TestRemovedFieldsAreCleared: the values of a field that was removed go in the background, and nobody can define a field of
// that name before they are gone. Accounts count as unedited.
func TestRemovedFieldsAreCleared(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	f := define(admin, "team", `{"type":"string"}`)
	define(admin, "other", `{}`)
	many(t, srv, 2500, `'{"team":"red","other":' || i || '}'`)
	u := srv.User(spec.RoleAUTHENTICATED)
	me := srv.As(u)
	tag := me.Send("PATCH", "/me", `{"fields":{"team":"red","other":0}}`).Header.Get("ETag")
	require.Equal(t, 204, admin.Send("DELETE", spec.GetProfileFieldPath(f.ID), nil).Status)
	apitest.Refused(me, "PATCH", "/me", `{"fields":{"team":"blue"}}`, spec.ProblemInvalidRequest)
	apitest.Refused(admin, "POST", "/profile-fields", team, spec.ProblemFieldNameTaken)
	apitest.Refused(admin, "GET", spec.GetProfileFieldPath(f.ID), nil, spec.ProblemNotFound)
	facts := len(srv.Facts())

	srv.Work()
	require.Eventually(t, func() bool { return admin.Send("POST", "/profile-fields", team).Status == http.StatusCreated }, 30*time.Second, 20*time.Millisecond)
	var teams, others int
	require.NoError(t, srv.DB.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE fields ? 'team'),
		count(*) FILTER (WHERE fields ? 'other') FROM users`).Scan(&teams, &others))
	require.Equal(t, []int{0, 2501}, []int{teams, others})
	require.JSONEq(t, `{"other":0}`, string(apitest.Do[spec.User](me, "GET", "/me", nil, 200).Fields))
	require.Equal(t, 200, me.With("If-Match", tag).Send("PATCH", "/me", `{"fields":{"team":"red"}}`).Status)
	require.Len(t, srv.Facts(), facts+1, "clearing is no edit")
}

// TestHundredFields: however many define the last field at once, there are never more than a hundred.
func TestHundredFields(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	_, err := srv.DB.Exec(t.Context(), `INSERT INTO profile_fields (id, name, title, schema, filterable, public)
		SELECT uuid_v7(), 'f' || i, 'T', '{}', false, false FROM generate_series(1, 99) i`)
	require.NoError(t, err)
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			switch status := admin.Send("POST", "/profile-fields", fmt.Sprintf(`{"name":"g%d","title":"T","schema":{}}`, i)).Status; status {
			case 201:
				made.Add(1)
			default:
				assert.Equal(t, 409, status)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
	apitest.Refused(admin, "POST", "/profile-fields", team, spec.ProblemTooManyFields)
	require.Len(t, apitest.Do[spec.ProfileFieldPage](admin, "GET", "/profile-fields?limit=100", nil, 200).Items, 100)
}

// TestNoValueSlipsThrough: while values are stored and definitions change, each value that does not match at the end is
// reported, and none that does.
func TestNoValueSlipsThrough(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	f := define(admin, "n", `{"type":"integer"}`)
	srv.Work()
	var wg sync.WaitGroup
	for worker := range 8 {
		me := srv.Role(spec.RoleAUTHENTICATED)
		wg.Go(func() {
			for i := range 25 {
				status := me.Send("PATCH", "/me", fmt.Sprintf(`{"fields":{"n":%d}}`, (i*7+worker)%20)).Status
				assert.Contains(t, []int{200, 422}, status)
			}
		})
	}
	for i := range 20 {
		definition := fmt.Sprintf(`{"title":"T","schema":{"type":"integer","maximum":%d}}`, (i*11)%20)
		apitest.Do[spec.ProfileField](admin, "PUT", spec.GetProfileFieldPath(f.ID), definition, 200)
	}
	wg.Wait()
	checked(t, admin, f.ID) // against the last definition: at most 9
	var wrong, missed int
	require.NoError(t, srv.DB.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE v.user_id IS NOT NULL AND (u.fields ->> 'n')::int <= 9),
		count(*) FILTER (WHERE v.user_id IS NULL AND (u.fields ->> 'n')::int > 9)
		FROM users u LEFT JOIN profile_field_violations v ON v.user_id = u.id`).Scan(&wrong, &missed))
	require.Equal(t, []int{0, 0}, []int{wrong, missed})
}

// waits waits until somebody waits for a lock.
func waits(t *testing.T, srv *apitest.Server) {
	t.Helper()
	require.Eventually(t, func() bool {
		var some bool
		require.NoError(t, srv.DB.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&some))
		return some
	}, 10*time.Second, 5*time.Millisecond)
}

// TestDefiningWaitsForValues: a value that was held to the old definition and is not yet stored when the new one comes is
// found all the same.
func TestDefiningWaitsForValues(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	f, gone := define(admin, "n", `{"type":"integer"}`), define(admin, "gone", `{}`)
	u := srv.User(spec.RoleAUTHENTICATED)
	storing, err := srv.DB.Begin(t.Context())
	require.NoError(t, err)
	defer storing.Rollback(t.Context())
	_, err = users.Update(t.Context(), storing, actor.Operator(), u.ID, spec.UserPatch{Fields: []byte(`{"n":7,"gone":1}`)})
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		apitest.Do[spec.ProfileField](admin, "PUT", spec.GetProfileFieldPath(f.ID), `{"title":"T","schema":{"type":"string"}}`, 200)
	})
	wg.Go(func() { assert.Equal(t, 204, admin.Send("DELETE", spec.GetProfileFieldPath(gone.ID), nil).Status) })
	waits(t, srv)
	require.NoError(t, storing.Commit(t.Context()))
	wg.Wait()
	srv.Work()
	require.EqualValues(t, 1, *checked(t, admin, f.ID).Violations)
	require.Eventually(t, func() bool { return string(user(t, srv, u.ID).Fields) == `{"n": 7}` }, 10*time.Second, 20*time.Millisecond)
}

// TestEditedWhileChecked: a value that is edited while the check goes on is not reported as it was.
func TestEditedWhileChecked(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	f := define(admin, "n", `{"type":"integer"}`)
	u := srv.User(spec.RoleAUTHENTICATED)
	require.Equal(t, 200, srv.As(u).Send("PATCH", "/me", `{"fields":{"n":7}}`).Status)
	apitest.Do[spec.ProfileField](admin, "PUT", spec.GetProfileFieldPath(f.ID), `{"title":"T","schema":{"maximum":5}}`, 200)
	editing, err := srv.DB.Begin(t.Context())
	require.NoError(t, err)
	defer editing.Rollback(t.Context())
	_, err = users.Update(t.Context(), editing, actor.Operator(), u.ID, spec.UserPatch{Fields: []byte(`{"n":3}`)})
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (any, error) {
			return nil, fields.CheckValues(t.Context(), tx, fields.Checking{FieldID: f.ID, Version: 2})
		})
		assert.NoError(t, err)
	})
	waits(t, srv)
	require.NoError(t, editing.Commit(t.Context()))
	wg.Wait()
	got := apitest.Do[spec.ProfileField](admin, "GET", spec.GetProfileFieldPath(f.ID), nil, 200)
	require.NotNil(t, got.CheckedAt)
	require.Zero(t, *got.Violations)
}

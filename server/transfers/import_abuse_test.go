package transfers_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/transfers"
)

// watched tells when a file is read.
type watched struct {
	io.ReaderAt
	read func()
}

// ReadAt reads.
func (w watched) ReadAt(p []byte, off int64) (int, error) {
	w.read()
	return w.ReaderAt.ReadAt(p, off)
}

// TestImportTurns: when its turn is over an import stops after the row it is at, however many more a portion has, and goes on
// there the next time, with the same separator.
func TestImportTurns(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{",", ";", "\t"} {
		pool, file := dbtest.New(t), strings.ReplaceAll(many(500), ",", mark)
		im, i := begun(t, pool, actor.Operator(), transfers.Upload{}, file)
		turn := time.Now().Add(time.Second)
		im, err := i.Work(t.Context(), im.ID, watched{strings.NewReader(file), func() { <-time.After(time.Until(turn)) }}, turn)
		require.NoError(t, err)
		require.Equal(t, []any{spec.ImportStateChecking, int64(1), int64(0)}, []any{im.State, im.RowsRead, im.RowsBad})
		im = work(t, i, im.ID, file)
		require.Equal(t, []any{spec.ImportStateDone, int64(500)}, []any{im.State, im.RowsStored})
	}
}

// TestImportEndsWithTheService: who is told to stop reads no further.
func TestImportEndsWithTheService(t *testing.T) {
	t.Parallel()
	pool, file := dbtest.New(t), "email,bio\n"+strings.Repeat("x,"+strings.Repeat("y", 100<<10)+"\n", 30)
	im, i := begun(t, pool, actor.Operator(), transfers.Upload{}, file)
	ctx, stop := context.WithCancel(t.Context())
	after := 0
	_, err := i.Work(ctx, im.ID, watched{strings.NewReader(file), func() {
		if ctx.Err() != nil {
			after++
		}
		stop()
	}}, time.Now().Add(time.Minute))
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, after, 5, "of some fifty")
}

// TestImportEscalation: a MANAGER who tries to make ADMINs, or names that are kept, makes neither, and the log tells how often
// they tried.
func TestImportEscalation(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	manager, admin := srv.Role(spec.RoleMANAGER), srv.Role(spec.RoleADMIN)
	const file = "Email , NICKNAME,role\na@example.com,,ADMIN\nb@example.com,,MODERATOR\nc@example.com,admin,\nd@example.com,dora,AUTHOR\n"
	im := over(t, manager, send(manager, "?skip_bad=true&mail=false", file))
	require.Equal(t, []string{"2:3 role not-grantable", "3:3 role not-grantable", "4:2 nickname reserved"}, wrong(manager, im))
	require.EqualValues(t, 1, im.RowsStored)
	require.Equal(t, 1, count(t, srv, "SELECT count(*) FROM audit_entries WHERE action = 'import.finished' AND details->>'not_grantable' = '2'"))
	im = over(t, admin, send(admin, "?mail=false", "email,nickname,role\nc@example.com,admin,ADMIN\n"))
	require.Equal(t, spec.ImportStateDone, im.State)
	require.Equal(t, 1, count(t, srv, "SELECT count(*) FROM audit_entries WHERE action = 'import.finished' AND NOT details ? 'not_grantable'"))
}

// TestCancelRights: a MANAGER cancels what they began themselves, an ADMIN everything.
func TestCancelRights(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin, manager, other := srv.Role(spec.RoleADMIN), srv.Role(spec.RoleMANAGER), srv.Role(spec.RoleMANAGER)
	theirs, mine := send(admin, "", "email\n"), send(manager, "", "email\n")
	for _, im := range []spec.Import{theirs, mine} {
		seen := apitest.Do[spec.Import](other, "GET", im.Links.Self.Href, nil, http.StatusOK)
		require.Nil(t, seen.Links.Cancel)
		apitest.Refused(other, "DELETE", im.Links.Self.Href, nil, spec.ProblemForbidden)
	}
	require.Equal(t, http.StatusNoContent, manager.Send("DELETE", mine.Links.Cancel.Href, nil).Status)
	apitest.Refused(other, "DELETE", mine.Links.Self.Href, nil, spec.ProblemForbidden)
	again := send(manager, "", "email\n")
	for _, im := range []spec.Import{theirs, again} {
		seen := apitest.Do[spec.Import](admin, "GET", im.Links.Self.Href, nil, http.StatusOK)
		require.Equal(t, http.StatusNoContent, admin.Send("DELETE", seen.Links.Cancel.Href, nil).Status)
	}
	require.Equal(t, 3, count(t, srv, "SELECT count(*) FROM imports WHERE state = 'cancelled'"))
}

// TestImporterIsErased: with an account go the files it sent and had written, and where it was then. Nobody gets its id anew,
// and with it what the log tells of the one before.
func TestImporterIsErased(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin, gone := srv.Role(spec.RoleADMIN), srv.User(spec.RoleADMIN)
	c := srv.As(gone)
	im := send(c, "", "email\nfriend@example.com\n")
	apitest.Do[spec.Export](c, http.MethodPost, exports, nil, http.StatusAccepted)
	_, err := srv.DB.Exec(t.Context(), "INSERT INTO file_chunks SELECT id, 0, 'x' FROM exports")
	require.NoError(t, err)
	require.Equal(t, 2, count(t, srv, "SELECT count(*) FROM file_chunks"))
	require.Equal(t, http.StatusNoContent, admin.Send("DELETE", spec.GetUserPath(gone.ID), nil).Status)
	require.Zero(t, count(t, srv, "SELECT (SELECT count(*) FROM file_chunks) + (SELECT count(*) FROM exports)"))
	require.Zero(t, count(t, srv, "SELECT count(*) FROM imports WHERE origin <> '{}'"))
	srv.Work()
	require.Equal(t, spec.ImportStateFailed, over(t, admin, im).State)
	im = over(t, admin, send(admin, "", "email,id\nnew@example.com,"+gone.ID.String()+"\n"))
	require.Equal(t, []string{"2:2 id taken"}, wrong(admin, im))
}

// TestImportedNumbers: a number that a float cannot hold is the same when it is stored as when it was checked.
func TestImportedNumbers(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	field := `{"name": "big", "title": "Big", "schema": {"type": "integer", "enum": [9007199254740993]}}`
	require.Equal(t, http.StatusCreated, srv.Role(spec.RoleADMIN).Send("POST", "/profile-fields", field).Status)
	const file = "email,fields.big\na@example.com,9007199254740993\n"
	im, i := begun(t, srv.DB, actor.Operator(), transfers.Upload{}, file)
	require.Equal(t, spec.ImportStateDone, work(t, i, im.ID, file).State)
	u, err := db.New().GetUserByEmail(t.Context(), srv.DB, "a@example.com")
	require.NoError(t, err)
	require.Contains(t, string(u.Fields), "9007199254740993")
}

// TestExportLogKeepsNoTerms: the log tells that somebody searched, and not for whom.
func TestExportLogKeepsNoTerms(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	field := `{"name": "team", "title": "Team", "filterable": true, "schema": {"type": "string"}}`
	require.Equal(t, http.StatusCreated, admin.Send("POST", "/profile-fields", field).Status)
	apitest.Do[spec.Export](admin, http.MethodPost, exports+"?q=zebulon&text=quackenbush&field=team:zeb&role=AUTHOR", nil, http.StatusAccepted)
	var details string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT details::text FROM audit_entries WHERE action = 'export.started'").Scan(&details))
	require.NotContains(t, details, "zeb")
	require.NotContains(t, details, "quack")
	require.JSONEq(t, `{"filter": {"q": "not kept", "text": "not kept", "field": ["team"], "role": "AUTHOR"}}`, details)
}

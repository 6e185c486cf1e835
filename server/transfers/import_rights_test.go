package transfers_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/transfers"
)

// TestImportRights: a MANAGER makes readers and authors and sets nothing that only an ADMIN may; lower roles make nobody.
func TestImportRights(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	manager, csv := srv.Role(spec.RoleMANAGER), "text/csv; charset=utf-8"
	im := over(t, manager, send(manager, "?skip_bad=true", "email,role\na@example.com,AUTHOR\nb@example.com,MANAGER\nc@example.com,\n"))
	require.Equal(t, spec.ImportStateDone, im.State)
	require.Equal(t, []int64{3, 1, 2}, []int64{im.RowsRead, im.RowsBad, im.RowsStored})
	require.Equal(t, []string{"3:2 role not-grantable"}, wrong(manager, im))
	im = over(t, manager, send(manager, "?skip_bad=true", "email,id,status,professional,email_verified_at,created_at,last_login_at,password,password_hash\n"))
	require.Equal(t, spec.ImportStateRefused, im.State)
	require.Len(t, wrong(manager, im), 8)

	for _, role := range []spec.Role{spec.RoleANONYMOUS, spec.RoleAUTHENTICATED, spec.RoleAUTHOR, spec.RoleMODERATOR} {
		lower := srv.Role(role)
		apitest.Refused(lower.With("Content-Type", csv), "POST", "/imports", "email\n", spec.ProblemForbidden)
		apitest.Refused(lower, "GET", "/imports", nil, spec.ProblemForbidden)
		apitest.Refused(lower, "GET", "/imports/"+im.ID.String(), nil, spec.ProblemForbidden)
		apitest.Refused(lower, "DELETE", "/imports/"+im.ID.String(), nil, spec.ProblemForbidden)
		apitest.Refused(lower, "GET", "/imports/"+im.ID.String()+"/problems", nil, spec.ProblemForbidden)
	}
	apitest.Refused(manager.With("Content-Type", "application/json"), "POST", "/imports", "{}", spec.ProblemUnsupportedMediaType)
	apitest.Refused(manager.With("Content-Type", "text/csv; charset=latin1"), "POST", "/imports", "email\n", spec.ProblemUnsupportedMediaType)
	nothing := "/imports/" + uuid.NewString()
	apitest.Refused(manager, "GET", nothing, nil, spec.ProblemNotFound)
	apitest.Refused(manager, "GET", nothing+"/problems", nil, spec.ProblemNotFound)
	apitest.Refused(manager, "DELETE", nothing, nil, spec.ProblemNotFound)
	_, err := srv.DB.Exec(t.Context(), "UPDATE sessions SET authenticated_at = now() - interval '1 hour'")
	require.NoError(t, err)
	apitest.Refused(manager.With("Content-Type", csv), "POST", "/imports", "email\n", spec.ProblemStepUpRequired)
}

// TestImportPages: imports are listed newest first, and problems in the order of the file, page by page.
func TestImportPages(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	admin := srv.Role(spec.RoleADMIN)
	first := over(t, admin, send(admin, "?dry_run=true", "email\nx\ny\nz@example.com\n"))
	second := over(t, admin, send(admin, "?dry_run=true&mail=false", "email\nz@example.com\n"))
	require.Equal(t, []spec.ImportState{spec.ImportStateRefused, spec.ImportStateDone}, []spec.ImportState{first.State, second.State})
	require.InDelta(t, 1, second.Progress, 0)
	require.EqualValues(t, 1, total(t, srv.DB), "a dry run stores nobody")

	page := apitest.Do[spec.ImportPage](admin, "GET", "/imports?limit=1", nil, http.StatusOK)
	require.Equal(t, second.ID, page.Items[0].ID)
	require.Equal(t, []string{"self", "first", "next", "create"}, apitest.Rels(page.Links))
	page = apitest.Do[spec.ImportPage](admin, "GET", page.Links.Next.Href, nil, http.StatusOK)
	require.Equal(t, first.ID, page.Items[0].ID)
	page = apitest.Do[spec.ImportPage](admin, "GET", page.Links.Prev.Href, nil, http.StatusOK)
	require.Equal(t, second.ID, page.Items[0].ID)

	problems := apitest.Do[spec.ImportProblemPage](admin, "GET", "/imports/"+first.ID.String()+"/problems?limit=1", nil, http.StatusOK)
	require.EqualValues(t, 2, problems.Items[0].Line)
	problems = apitest.Do[spec.ImportProblemPage](admin, "GET", problems.Links.Next.Href, nil, http.StatusOK)
	require.EqualValues(t, 3, problems.Items[0].Line)
	require.Nil(t, problems.Links.Next)
	problems = apitest.Do[spec.ImportProblemPage](admin, "GET", problems.Links.Prev.Href, nil, http.StatusOK)
	require.EqualValues(t, 2, problems.Items[0].Line)
}

// TestCancelImport: one that is not over ends, and its file is gone; one that is over stays as it is.
func TestCancelImport(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	im := send(admin, "", "email\na@example.com\n")
	require.Equal(t, []string{"self", "cancel", "problems"}, apitest.Rels(im.Links))
	require.Equal(t, spec.ImportStateQueued, im.State)
	for range 2 {
		require.Equal(t, http.StatusNoContent, admin.Send("DELETE", im.Links.Cancel.Href, nil).Status)
	}
	im = apitest.Do[spec.Import](admin, "GET", im.Links.Self.Href, nil, http.StatusOK)
	require.Equal(t, spec.ImportStateCancelled, im.State)
	require.Nil(t, im.Links.Cancel)
	srv.Work()
	require.Eventually(t, func() bool { return count(t, srv, "SELECT count(*) FROM file_chunks") == 0 }, soon, tick)
	require.EqualValues(t, 1, total(t, srv.DB))
	require.Equal(t, 1, count(t, srv, "SELECT count(*) FROM audit_entries WHERE action = 'import.cancelled'"))
}

// TestUploadsThatFail: of a file that is too large or breaks off nothing is kept.
func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	h := &transfers.Handlers{DB: srv.DB, Files: token.NewSealer(apitest.Secret(t), "files")}
	large := http.MaxBytesReader(httptest.NewRecorder(), io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20))), 600<<10)
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 600<<10)), failing{})
	for want, body := range map[spec.Problem]io.Reader{spec.ProblemBodyTooLarge: large, spec.ProblemMalformedRequest: broken} {
		_, err := h.ImportUsers(t.Context(), api.ImportUsersRequestObject{Body: body})
		require.True(t, fault.Is(err, want), err)
		require.Zero(t, count(t, srv, "SELECT count(*) FROM file_chunks"))
	}
	require.Zero(t, count(t, srv, "SELECT count(*) FROM imports"))
}

// TestSweep: what nobody goes on with is cleared away in time: uploads that broke off, the rest of imports that were cancelled,
// and after 30 days imports themselves.
func TestSweep(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	going, cancelled, old := send(admin, "", "email\n"), send(admin, "", "email\n"), send(admin, "", "email\n")
	require.Equal(t, http.StatusNoContent, admin.Send("DELETE", cancelled.Links.Cancel.Href, nil).Status)
	_, err := srv.DB.Exec(t.Context(), "UPDATE imports SET created_at = now() - interval '31 days' WHERE id = $1", old.ID)
	require.NoError(t, err)
	recent := uuid.Must(uuid.NewV7())
	_, err = srv.DB.Exec(t.Context(), `INSERT INTO file_chunks VALUES ('01900000-0000-7000-8000-000000000000', 0, 'x'), ($1, 0, 'x')`, recent)
	require.NoError(t, err)
	require.NoError(t, transfers.SweepAll(t.Context(), srv.DB))
	require.Equal(t, 2, count(t, srv, "SELECT count(*) FROM file_chunks WHERE file_id IN ($1, $2)", going.ID, recent))
	require.Equal(t, 2, count(t, srv, "SELECT count(*) FROM file_chunks"))
	require.Equal(t, 2, count(t, srv, "SELECT count(*) FROM imports WHERE id IN ($1, $2)", going.ID, cancelled.ID))
	require.Equal(t, 2, count(t, srv, "SELECT count(*) FROM imports"))
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("hung up") }

func count(t *testing.T, srv *apitest.Server, sql string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, srv.DB.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

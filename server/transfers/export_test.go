package transfers_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/transfers"
	"github.com/usherhq/usher/server/users"
)

const exports = "/exports"

// finish waits until an export is over.
func finish(t *testing.T, c *apitest.Client, e spec.Export) spec.Export {
	t.Helper()
	require.Eventually(t, func() bool {
		e = apitest.Do[spec.Export](c, http.MethodGet, e.Links.Self.Href, nil, http.StatusOK)
		return e.State == spec.ExportStateDone || e.State == spec.ExportStateFailed
	}, 30*time.Second, 20*time.Millisecond)
	return e
}

// exported has the accounts exported that match a query, and returns the lines of the file after the first.
func exported(t *testing.T, c *apitest.Client, query string) [][]string {
	t.Helper()
	e := finish(t, c, apitest.Do[spec.Export](c, http.MethodPost, exports+query, nil, http.StatusAccepted))
	require.Equal(t, spec.ExportStateDone, e.State)
	lines := parse(t, c.Send(http.MethodGet, e.Links.File.Href, nil).Body)
	require.EqualValues(t, len(lines)-1, e.Rows)
	return lines[1:]
}

func parse(t *testing.T, file []byte) [][]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(string(file))).ReadAll()
	require.NoError(t, err)
	return lines
}

func ids(lines [][]string) []string {
	out := []string{}
	for _, line := range lines {
		out = append(out, line[0])
	}
	return out
}

// crowd stores so many accounts at once, a microsecond after each other except for some that come together.
func crowd(t *testing.T, srv *apitest.Server, size int) {
	t.Helper()
	_, err := srv.DB.Exec(t.Context(), `
		INSERT INTO users (id, email, email_key, nickname, nickname_key, role, registered_as, created_at)
		SELECT gen_random_uuid(), 'p' || n || '@example.com', 'p' || n || '@example.com', 'p-' || n, 'p-' || n, 'AUTHENTICATED', 'reader',
			'2026-01-01'::timestamptz + (n / 7) * interval '1 microsecond'
		FROM generate_series(1, $1) n`, size)
	require.NoError(t, err)
}

// TestExport: an ADMIN gets a link, follows it until the file is there, and finds in it what is known about accounts but no
// secret (F10.5, REG12).
func TestExport(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.User(spec.RoleADMIN)
	c := srv.As(admin)
	kim := srv.User(spec.RoleAUTHOR, func(d *users.Draft) {
		d.Email, d.Nickname, d.FirstName, d.Bio = "kim@example.com", new("kim"), new("Kim, or \"K\""), new("=1+1\nline\ttwo")
	})
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET status = 'suspended', professional = true, last_login_at = '2026-11-21T10:30:00.5+01' WHERE id = $1", kim.ID)
	require.NoError(t, err)

	begun := c.Send(http.MethodPost, exports+"?role=AUTHOR", nil)
	require.Equal(t, http.StatusAccepted, begun.Status, string(begun.Body))
	var e spec.Export
	require.NoError(t, json.Unmarshal(begun.Body, &e))
	require.Equal(t, e.Links.Self.Href, begun.Header.Get("Location"))
	require.Equal(t, []string{"self"}, apitest.Rels(e.Links))
	require.Equal(t, spec.ExportStateQueued, e.State)
	apitest.Refused(c, http.MethodGet, e.Links.Self.Href+"/file", nil, spec.ProblemNotFinished)

	srv.Work()
	e = finish(t, c, e)
	require.Equal(t, []any{spec.ExportStateDone, int64(1), true}, []any{e.State, e.Rows, e.FinishedAt != nil})
	require.Equal(t, e.CreatedAt.Add(24*time.Hour), e.ExpiresAt)
	require.Equal(t, []string{"self", "file"}, apitest.Rels(e.Links))
	file := c.Send(http.MethodGet, e.Links.File.Href, nil)
	require.Equal(t, http.StatusOK, file.Status)
	require.Equal(t, "text/csv", file.Header.Get("Content-Type"))
	require.Equal(t, fmt.Sprintf(`attachment; filename="users-%s.csv"`, e.CreatedAt.Format(time.DateOnly)), file.Header.Get("Content-Disposition"))
	require.EqualValues(t, len(file.Body), e.Size)
	require.NotContains(t, string(file.Body), *kim.PasswordHash)
	const exact = "2006-01-02T15:04:05.000000Z"
	require.Equal(t, [][]string{
		strings.Split("id,email,email_verified_at,nickname,first_name,last_name,bio,location,locale,time_zone,website_url,linkedin_url,"+
			"github_url,role,status,professional,created_at,last_login_at", ","),
		{kim.ID.String(), "kim@example.com", kim.EmailVerifiedAt.UTC().Format(exact), "kim", `Kim, or "K"`, "", "'=1+1\nline\ttwo", "", "", "", "", "",
			"", "AUTHOR", "suspended", "true", kim.CreatedAt.UTC().Format(exact), "2026-11-21T09:30:00.500000Z"},
	}, parse(t, file.Body))

	var log []string
	rows, err := srv.DB.Query(t.Context(), "SELECT action || ' ' || details::text FROM audit_entries WHERE actor_id = $1 ORDER BY id", admin.ID.String())
	require.NoError(t, err)
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		log = append(log, line)
	}
	require.Equal(t, []string{
		`export.started {"filter": {"role": "AUTHOR"}}`, `export.downloaded {"rows": 1, "export_id": "` + e.ID.String() + `"}`,
	}, log)
}

// TestExportRetried (USER15): who asks again with the same key gets the export that they have, and who asks for another is told.
func TestExportRetried(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	c := srv.Role(spec.RoleADMIN).With("Idempotency-Key", "once")
	first := apitest.Do[spec.Export](c, http.MethodPost, exports+"?role=AUTHOR", nil, http.StatusAccepted)
	again := apitest.Do[spec.Export](c, http.MethodPost, exports+"?role=AUTHOR", nil, http.StatusAccepted)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, 1, count(t, srv, "SELECT count(*) FROM exports"))
	require.Equal(t, 1, count(t, srv, "SELECT count(*) FROM river_job WHERE kind = 'exporting'"))
	apitest.Refused(c, http.MethodPost, exports+"?role=MANAGER", nil, spec.ProblemIdempotencyKeyReused)
	require.Equal(t, 1, count(t, srv, "SELECT count(*) FROM exports"))
}

// TestExportNotModified: who has the file is not sent it again, and nothing says that they took it.
func TestExportNotModified(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	c := srv.Role(spec.RoleADMIN)
	srv.Work()
	e := finish(t, c, apitest.Do[spec.Export](c, http.MethodPost, exports, nil, http.StatusAccepted))
	for _, path := range []string{e.Links.Self.Href, e.Links.File.Href} {
		first := c.Send(http.MethodGet, path, nil)
		again := c.With("If-None-Match", first.Header.Get("ETag")).Send(http.MethodGet, path, nil)
		require.Equal(t, http.StatusNotModified, again.Status)
		require.Empty(t, again.Body)
		require.Equal(t, first.Header.Get("ETag"), again.Header.Get("ETag"))
		require.Equal(t, http.StatusOK, c.With("If-None-Match", `"other"`).Send(http.MethodGet, path, nil).Status)
	}
	var taken int
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM audit_entries WHERE action = 'export.downloaded'").Scan(&taken))
	require.Equal(t, 2, taken)
}

// TestExportIsOnesOwn: nobody sees the export of another, ADMIN or not, and it takes an ADMIN to make one.
func TestExportIsOnesOwn(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	c, other, manager := srv.Role(spec.RoleADMIN), srv.Role(spec.RoleADMIN), srv.Role(spec.RoleMANAGER)
	srv.Work()
	e := finish(t, c, apitest.Do[spec.Export](c, http.MethodPost, exports, nil, http.StatusAccepted))
	for _, path := range []string{e.Links.Self.Href, e.Links.File.Href} {
		apitest.Refused(other, http.MethodGet, path, nil, spec.ProblemNotFound)
		apitest.Refused(manager, http.MethodGet, path, nil, spec.ProblemForbidden)
		apitest.Refused(srv.Nobody(), http.MethodGet, path, nil, spec.ProblemUnauthenticated)
	}
	apitest.Refused(manager, http.MethodPost, exports, nil, spec.ProblemForbidden)
	_, err := srv.DB.Exec(t.Context(), "UPDATE sessions SET authenticated_at = now() - interval '1 hour'")
	require.NoError(t, err)
	apitest.Refused(c, http.MethodPost, exports, nil, spec.ProblemStepUpRequired)
}

// TestExportExpires: after a day the file is gone, from the list at once and from the database with the next cleanup.
func TestExportExpires(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	c := srv.Role(spec.RoleADMIN)
	var paths []string
	for range 12 {
		e := apitest.Do[spec.Export](c, http.MethodPost, exports, nil, http.StatusAccepted)
		for more := true; more; {
			var err error
			more, err = transfers.WriteExport(t.Context(), srv.DB, sealer(t), e.ID)
			require.NoError(t, err)
		}
		paths = append(paths, e.Links.Self.Href)
	}
	young := apitest.Do[spec.Export](c, http.MethodPost, exports, nil, http.StatusAccepted)
	_, err := srv.DB.Exec(t.Context(), "UPDATE exports SET expires_at = now() WHERE id <> $1", young.ID)
	require.NoError(t, err)
	for _, path := range paths {
		apitest.Refused(c, http.MethodGet, path, nil, spec.ProblemNotFound)
		apitest.Refused(c, http.MethodGet, path+"/file", nil, spec.ProblemNotFound)
	}
	srv.Work() // cleans up when it starts
	finish(t, c, young)
	count := func(sql string) (n int) {
		require.NoError(t, srv.DB.QueryRow(t.Context(), sql).Scan(&n))
		return n
	}
	require.Eventually(t, func() bool {
		return count("SELECT count(*) FROM exports") == 1 && count("SELECT count(DISTINCT file_id) FROM file_chunks") == 1
	}, 20*time.Second, 20*time.Millisecond)
}

// TestExportFilters: an export holds whom a list with the same query shows, the first to come first.
func TestExportFilters(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	c := srv.Role(spec.RoleADMIN)
	crowd(t, srv, 30)
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET status = 'suspended' WHERE nickname_key IN ('p-3', 'p-4')")
	require.NoError(t, err)
	for _, query := range []string{"", "?q=p-1", "?role=MANAGER", "?status=suspended&q=p-3", "?verified=false", "?registered_to=2026-01-01T00:00:00.000002Z"} {
		var shown []string
		list := spec.BasePath + "/users?sort=created_at&" + strings.TrimPrefix(query, "?")
		for next := new(list); next != nil; {
			page := apitest.Do[spec.UserPage](c, http.MethodGet, *next, nil, http.StatusOK)
			for _, u := range page.Items {
				shown = append(shown, u.ID.String())
			}
			next = nil
			if page.Links.Next != nil {
				next = &page.Links.Next.Href
			}
		}
		require.ElementsMatch(t, shown, ids(exported(t, c, query)), query)
	}
	apitest.Refused(c, http.MethodPost, exports+"?role=KING", nil, spec.ProblemInvalidRequest)
	apitest.Refused(c, http.MethodPost, exports+"?field=shoe-size:44", nil, spec.ProblemInvalidRequest)
}

// TestExportOfNobody: a file without accounts still has its header.
func TestExportOfNobody(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	require.Empty(t, exported(t, srv.Role(spec.RoleADMIN), "?role=MODERATOR"))
	apitest.Refused(srv.Role(spec.RoleADMIN), http.MethodGet, exports+"/"+uuid.NewString(), nil, spec.ProblemNotFound)
}

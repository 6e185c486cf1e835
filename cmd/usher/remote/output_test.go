package remote

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// hostile is what somebody writes into their profile who thinks of a staff member's terminal and spreadsheet.
const hostile = "=cmd|'/c calc'!A1\x1b]0;owned\x07\u202e\u009b31m red"

// person is an account as the service shows it.
func person(id, email string, changes map[string]any) map[string]any {
	u := map[string]any{
		"id": id, "email": email, "email_verified_at": "2026-11-21T08:01:10Z", "nickname": strings.Split(email, "@")[0],
		"first_name": nil, "last_name": nil, "bio": nil, "location": nil, "locale": "en-GB", "time_zone": nil, "website_url": nil,
		"linkedin_url": nil, "github_url": nil, "fields": map[string]any{}, "professional": false, "role": "AUTHENTICATED",
		"status": "active", "pending_email": nil, "second_factor": false, "locked_until": nil,
		"created_at": "2026-11-21T08:00:00Z", "updated_at": "2026-11-21T08:01:10Z", "last_login_at": nil,
		"_links": map[string]any{"self": map[string]any{"href": "/api/v1/users/" + id, "method": "GET"}},
	}
	maps.Copy(u, changes)
	return u
}

const (
	adaID = "019b76da-a800-7000-8000-00000000ada0"
	bobID = "019b76da-a800-7000-8000-00000000b0b0"
	eveID = "019b76da-a800-7000-8000-000000000e7e"
)

// people is a service with three accounts on two pages.
func people(t *testing.T) *service {
	t.Helper()
	return listen(t, func(w http.ResponseWriter, r *http.Request) {
		links := map[string]any{}
		items := []any{
			person(adaID, "ada@example.com", map[string]any{"role": "ADMIN", "fields": map[string]any{"team": "red"}, "bio": "Wrote the first\nprogram, \"the\" one."}),
			person(bobID, "bob@example.com", map[string]any{"last_login_at": "2026-11-21T09:30:00Z", "professional": true}),
		}
		switch {
		case strings.HasPrefix(r.URL.Path, spec.BasePath+"/users/"):
			reply(w, http.StatusOK, jsonType, person(eveID, "eve@example.com", map[string]any{"bio": hostile}))
			return
		case r.URL.Query().Get("cursor") == "":
			links["next"] = map[string]any{"href": "/api/v1/users?cursor=abc&limit=2", "method": "GET"}
		default:
			items = []any{person(eveID, "eve@example.com", map[string]any{"bio": hostile, "nickname": strings.Repeat("e", 60)})}
		}
		page := map[string]any{"items": items, "_links": links}
		if r.URL.Query().Has("count") {
			page["total"] = 3
		}
		reply(w, http.StatusOK, jsonType, page)
	})
}

// TestLists: the same accounts as people, spreadsheets and programs read them.
func TestLists(t *testing.T) {
	t.Parallel()
	s, d := people(t), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	for name, line := range map[string]string{
		"list.table":   "list-users --output table",
		"list.columns": "list-users --output table --columns nickname,fields.team,bio,last_login_at",
		"list.json":    "list-users",
		"list.csv":     "list-users --output csv",
		"all.table":    "list-users --output table --all",
		"all.json":     "list-users --all",
		"all.csv":      "list-users --output csv --all --columns id,bio,fields",
		"one.table":    "get-user --output table " + eveID,
		"one.columns":  "get-user --output table --columns email,role " + eveID,
		"one.json":     "get-user " + eveID,
		"one.csv":      "get-user --output csv " + eveID,
	} {
		got := d.does(append([]string{"api"}, strings.Fields(line)...)...)
		require.False(t, strings.ContainsFunc(strings.ReplaceAll(got, "\n", ""), dangerous), name)
		golden(t, name, got)
	}
	require.Equal(t, "There are 3.\nThere are more: --all shows them.\n", d.usher("", "api", "list-users", "--output", "table", "--count").errs)
	require.Equal(t, "There are 3.\n", d.usher("", "api", "list-users", "--output", "table", "--count", "--all").errs)
	require.Equal(t, "limit=100", s.firstQuery(d, "list-users", "--all"), "as few pages as can be")

	e := d.usher("", "api", "list-users", "--output", "csv", "--columns", "id,secret")
	require.ErrorContains(t, e.err, "--columns: there is no secret; want some of id, email, ")
}

// TestNarrowTerminals: what there is no room for is named, and the last column, which may be the one that explains, is whole.
func TestNarrowTerminals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("because ", 20)
	problem := object{"row": "7", "column": strings.Repeat("c", 50), "code": "format", "note": "much", "detail": long}
	columns := []column{{"row", 1}, {"column", 1}, {"code", 1}, {"note", 4}, {"detail", 1}}
	var out, errs bytes.Buffer
	p := &tablePrinter{out: &out, errs: &errs, columns: columns, wide: 100}
	require.NoError(t, p.rows([]object{problem}))
	require.Equal(t, "ROW  COLUMN                                    CODE    DETAIL\n7    "+strings.Repeat("c", 39)+"…  format  "+strings.TrimSpace(long)+"\n", out.String())
	require.Equal(t, "There is no room for note: --columns shows what it names.\n", errs.String())

	out.Reset()
	require.NoError(t, (&tablePrinter{out: &out, columns: columns}).rows([]object{problem}))
	require.Contains(t, out.String(), strings.Repeat("c", 50)+"  format  much  because", "elsewhere nothing is cut")
}

// TestAuditAsTable: who did it to whom, and what else is known, has columns of its own.
func TestAuditAsTable(t *testing.T) {
	t.Parallel()
	s, d := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, jsonType, `{"items":[{"id":"`+someID+`","recorded_at":"2026-11-21T08:00:00Z","action":"user.locked",
			"actor":{"kind":"user","id":"`+adaID+`"},"user_id":"`+bobID+`","address":null,"device":null,"request_id":"5f3c2b1a9d8e",
			"details":{"reason":"Odd.","until":"2026-11-22T08:00:00Z"}}],"_links":{}}`)
	}), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	golden(t, "audit.table", d.does("api", "list-audit-entries", "--output", "table"))
}

// firstQuery is the query of the first request of a command.
func (s *service) firstQuery(d *desk, operation, flag string) string {
	before := len(s.heard())
	d.does("api", operation, flag)
	return s.heard()[before].query
}

// TestNothingToShow: what an operation did is told to people, and programs look at the exit code.
func TestNothingToShow(t *testing.T) {
	t.Parallel()
	s, d := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"7"`)
		w.WriteHeader(http.StatusNoContent)
	}), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	quiet := d.usher("", "api", "unlock-user", someID)
	require.Equal(t, []string{"", "The account is not locked.\n"}, []string{quiet.out, quiet.errs})
	require.Equal(t, "The account is not locked.\n", d.does("api", "unlock-user", someID, "--output", "table"))
	e := d.usher("", "api", "get-user", someID, "--if-none-match", `"7"`)
	require.NoError(t, e.err)
	require.Equal(t, "Not modified.\n", e.errs)
	e = d.usher("", "api", "unlock-user", someID, "--headers")
	require.Contains(t, e.errs, "204 No Content\n")
	require.Contains(t, e.errs, "Etag: \"7\"\n")
}

// TestFiles: a file is there when it is whole, and only then.
func TestFiles(t *testing.T) {
	t.Parallel()
	whole := true
	s, d := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		if !whole {
			w.Header().Set("Content-Length", "100")
		}
		reply(w, http.StatusOK, "text/csv", "email\nada@example.com\n")
	}), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
	file := filepath.Join(d.folder, "users.csv")
	require.Equal(t, "email\nada@example.com\n", d.does("api", "download-export", someID))
	require.Contains(t, s.heard()[0].header.Get("Accept"), "text/csv")
	require.Equal(t, "email\nada@example.com\n", d.does("api", "download-export", someID, "--out", "-"))
	e := d.usher("", "api", "download-export", someID, "--out", file)
	require.NoError(t, e.err)
	require.Equal(t, []string{"", "Wrote " + file + ".\n"}, []string{e.out, e.errs})
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "email\nada@example.com\n", string(b))
	about, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), about.Mode().Perm(), "it is about people")
	require.Empty(t, d.does("api", "download-export", someID, "--out", os.DevNull))
	require.ErrorContains(t, d.usher("", "api", "download-export", someID, "--out", d.folder).err, "--out: this is a folder")

	s.safely(func() { whole = false })
	broken := filepath.Join(d.folder, "broken.csv")
	require.ErrorContains(t, d.usher("", "api", "download-export", someID, "--out", broken).err, "--out: the file broke off: unexpected EOF")
	left, err := filepath.Glob(broken + "*")
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestFollow: work in the background is looked at until it is over, and its file fetched.
func TestFollow(t *testing.T) {
	t.Parallel()
	states := []string{}
	s, d := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/file") {
			reply(w, http.StatusOK, "text/csv", "email\n")
			return
		}
		status, over := http.StatusOK, "null"
		if r.Method == http.MethodPost {
			status = http.StatusAccepted
		}
		if len(states) == 1 {
			over = `"2026-11-21T09:30:04Z"`
		}
		self := strings.TrimSuffix(r.URL.Path, "/"+someID) + "/" + someID
		reply(w, status, jsonType, `{"id":"`+someID+`","state":"`+states[0]+`","rows":`+[]string{"3", "2", "0", "0"}[len(states)-1]+`,"detail":"No room.",
			"finished_at":`+over+`,"_links":{"self":{"href":"`+self+`","method":"GET"},"file":{"href":"`+self+`/file","method":"GET"}}}`)
		states = states[1:]
	}), sit(t)
	d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}

	s.safely(func() { states = []string{"queued", "writing", "writing", "done"} })
	e := d.usher("", "api", "export-users", "--follow", "--out", "-", "--role", "ADMIN")
	require.NoError(t, e.err)
	require.Equal(t, "email\n", e.out)
	require.Equal(t, "queued, rows 0\nwriting, rows 0\nwriting, rows 2\ndone, rows 3\n", e.errs)
	require.Len(t, d.pauses, 3)
	require.Equal(t, "POST /api/v1/exports", s.said()[0])
	require.Equal(t, "GET /api/v1/exports/"+someID+"/file", s.said()[4])

	s.safely(func() { states = []string{"checking", "refused"} })
	e = d.usher("email\n", "api", "import-users", "--file", "-", "--follow", "--output", "table", "--columns", "id,state")
	require.EqualError(t, e.err, "this ended as refused: No room.")
	require.Equal(t, "id     "+someID+"\nstate  refused\n", e.out)
}

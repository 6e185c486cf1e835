package transfers

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/users"
)

// exported are the columns of every exported file, in order. Those of profile fields follow. Never a password or a hash.
var exported = []struct {
	name string
	cell func(u *db.User) string
}{
	{"id", func(u *db.User) string { return u.ID.String() }},
	{"email", func(u *db.User) string { return u.Email }},
	{"email_verified_at", func(u *db.User) string { return moment(u.EmailVerifiedAt) }},
	{"nickname", func(u *db.User) string { return u.Nickname }},
	{"first_name", func(u *db.User) string { return written(u.FirstName) }},
	{"last_name", func(u *db.User) string { return written(u.LastName) }},
	{"bio", func(u *db.User) string { return written(u.Bio) }},
	{"location", func(u *db.User) string { return written(u.Location) }},
	{"locale", func(u *db.User) string { return written(u.Locale) }},
	{"time_zone", func(u *db.User) string { return written(u.TimeZone) }},
	{"website_url", func(u *db.User) string { return written(u.WebsiteURL) }},
	{"linkedin_url", func(u *db.User) string { return written(u.LinkedinURL) }},
	{"github_url", func(u *db.User) string { return written(u.GithubURL) }},
	{"role", func(u *db.User) string { return string(u.Role) }},
	{"status", func(u *db.User) string { return string(u.Status) }},
	{"professional", func(u *db.User) string { return strconv.FormatBool(u.Professional) }},
	{"created_at", func(u *db.User) string { return moment(&u.CreatedAt) }},
	{"last_login_at", func(u *db.User) string { return moment(u.LastLoginAt) }},
}

// table writes accounts as CSV (RFC 4180), one a line.
type table struct {
	names  []string
	fields users.Fields
	out    *csv.Writer
	cells  []string
}

// newTable writes to w, with columns for the profile fields of these names.
func newTable(ctx context.Context, conn db.DBTX, w io.Writer, names []string) (t *table, err error) {
	t = &table{names: names, out: csv.NewWriter(w), cells: make([]string, 0, len(exported)+len(names))}
	if len(names) > 0 {
		t.fields, err = users.LoadFields(ctx, conn)
	}
	return t, err
}

// head writes the names of the columns.
func (t *table) head() error {
	t.cells = t.cells[:0]
	for _, c := range exported {
		t.cells = append(t.cells, c.name)
	}
	for _, name := range t.names {
		t.cells = append(t.cells, fieldPrefix+name)
	}
	return t.out.Write(t.cells)
}

// add writes a line for each account.
func (t *table) add(accounts []db.User) error {
	for i := range accounts {
		if err := t.line(&accounts[i]); err != nil {
			return err
		}
	}
	t.out.Flush()
	return t.out.Error()
}

func (t *table) line(u *db.User) error {
	t.cells = t.cells[:0]
	for _, c := range exported {
		t.cells = append(t.cells, Escape(c.cell(u)))
	}
	if len(t.names) > 0 {
		values := map[string]json.RawMessage{}
		if err := json.Unmarshal(u.Fields, &values); err != nil {
			return err
		}
		for _, name := range t.names {
			cell := ""
			if v, ok := values[name]; ok {
				cell = Escape(t.fields.Text(name, v))
			}
			t.cells = append(t.cells, cell)
		}
	}
	return t.out.Write(t.cells)
}

// moment is a time as exact as Postgres keeps it.
func moment(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// written is a text, if there is one.
func written(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

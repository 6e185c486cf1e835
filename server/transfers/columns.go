package transfers

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/users"
)

// column is a column that files may have.
type column struct {
	name   string
	schema string // in the contract, of what its cells hold; empty: set knows
	few    bool   // its values repeat, so those that were found good are remembered
	top    bool   // it is for ADMINs and operators
	secret bool   // exports never have it, so no cell of it was escaped
	set    func(r *row, cell string) *flaw
}

// flaw is what is wrong with a cell. It never quotes the cell, which may be a password.
type flaw struct {
	code   spec.FieldProblem
	detail string
}

const (
	draftOf   = "#/components/schemas/UserDraft/properties/"
	accountOf = "#/components/schemas/User/properties/"
	newOf     = "#/components/schemas/Registration/properties/"
)

// fieldPrefix begins the names of columns that are profile fields of this service.
const fieldPrefix = "fields."

// columns are all that files may have beside profile fields.
func columns() []column {
	return []column{
		{name: "email", schema: draftOf, set: func(r *row, cell string) *flaw { r.email = cell; return nil }},
		text("nickname", func(r *row) **string { return &r.nickname }),
		text("first_name", func(r *row) **string { return &r.firstName }),
		text("last_name", func(r *row) **string { return &r.lastName }),
		text("bio", func(r *row) **string { return &r.bio }),
		text("location", func(r *row) **string { return &r.location }),
		few(text("locale", func(r *row) **string { return &r.locale })),
		few(text("time_zone", func(r *row) **string { return &r.timeZone })),
		text("website_url", func(r *row) **string { return &r.websiteURL }),
		text("linkedin_url", func(r *row) **string { return &r.linkedinURL }),
		text("github_url", func(r *row) **string { return &r.githubURL }),
		few(column{name: "role", schema: draftOf, set: func(r *row, cell string) *flaw { r.role = spec.Role(cell); return nil }}),
		top(few(column{name: "status", schema: accountOf, set: func(r *row, cell string) *flaw { r.status = spec.UserStatus(cell); return nil }})),
		top(column{name: "professional", set: setProfessional}),
		top(instant("email_verified_at", func(r *row) **time.Time { return &r.emailVerifiedAt })),
		top(instant("created_at", func(r *row) **time.Time { return &r.createdAt })),
		top(instant("last_login_at", func(r *row) **time.Time { return &r.lastLoginAt })),
		top(column{name: "id", schema: accountOf, set: setID}),
		top(column{name: "password", schema: newOf, secret: true, set: func(r *row, cell string) *flaw { r.secret = cell; return nil }}),
		top(column{name: "password_hash", secret: true, set: setHash}),
	}
}

func few(c column) column { c.few = true; return c }

func top(c column) column { c.top = true; return c }

func text(name string, of func(*row) **string) column {
	return column{name: name, schema: draftOf, set: func(r *row, cell string) *flaw {
		*of(r) = &cell
		return nil
	}}
}

func instant(name string, of func(*row) **time.Time) column {
	return column{name: name, set: func(r *row, cell string) *flaw {
		t, err := time.Parse(time.RFC3339Nano, cell)
		if err != nil {
			t, err = time.Parse(time.DateOnly, cell) // its first moment, UTC
		}
		switch {
		case err != nil:
			return &flaw{spec.FieldProblemFormat, "Write a date or a time, such as 2024-01-02 or 2024-01-02T15:04:05Z."}
		case t.After(time.Now()):
			return &flaw{spec.FieldProblemInvalid, "This is in the future."}
		case t.Before(time.Unix(0, 0)): // a time zone further, and the year may be none of RFC 3339
			return &flaw{spec.FieldProblemInvalid, "This is before 1970."}
		}
		*of(r) = &t
		return nil
	}}
}

func setID(r *row, cell string) *flaw {
	id, err := uuid.Parse(cell)
	if err != nil || id == uuid.Nil || id == uuid.Max {
		return &flaw{spec.FieldProblemFormat, "This is not a valid uuid."}
	}
	r.id, r.givenID = id, true
	return nil
}

func setHash(r *row, cell string) *flaw {
	if err := password.Recognise(cell); err != nil {
		return &flaw{spec.FieldProblemFormat, "This is not a password hash of a kind that is known here, or its parameters are out of bounds."}
	}
	r.passwordHash = &cell
	return nil
}

func setProfessional(r *row, cell string) (f *flaw) {
	r.professional, f = truth(cell)
	return f
}

// truth reads a cell as a boolean, which spreadsheets write in capitals.
func truth(cell string) (bool, *flaw) {
	is := strings.EqualFold(cell, "true")
	if !is && !strings.EqualFold(cell, "false") {
		return false, &flaw{spec.FieldProblemType, "Write true or false."}
	}
	return is, nil
}

// checker holds cells to the contract.
type checker struct {
	columns []column
	schemas map[string]*contract.Schema
}

func newChecker() (*checker, error) {
	c := &checker{columns: columns(), schemas: map[string]*contract.Schema{}}
	var names, pointers []string
	for _, col := range c.columns {
		if col.schema != "" {
			names, pointers = append(names, col.name), append(pointers, col.schema+col.name)
		}
	}
	formats := users.FieldFormats()
	formats["password"] = password.CheckText
	parts, err := contract.Parts(api.JSON, formats, pointers...)
	for i, part := range parts {
		c.schemas[names[i]] = part
	}
	return c, err
}

// check lists what is wrong with a cell.
func (c *checker) check(col column, cell string) []flaw {
	schema := c.schemas[col.name]
	if schema == nil {
		return nil
	}
	var out []flaw
	for _, f := range schema.Check("", cell) {
		out = append(out, flaw{f.Code, f.Detail})
	}
	return out
}

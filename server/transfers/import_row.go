package transfers

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/users"
)

// row is a row of a file, as far as it is understood.
type row struct {
	line            int64
	id              uuid.UUID
	givenID         bool
	email, emailKey string
	emailVerifiedAt *time.Time
	nickname        *string
	nicknameKey     string
	look            string // see users.NicknameKeys
	secret          string
	passwordHash    *string
	fields          map[string]any
	role            spec.Role
	status          spec.UserStatus
	professional    bool
	createdAt       *time.Time
	lastLoginAt     *time.Time

	firstName, lastName, bio, location, locale, timeZone *string
	websiteURL, linkedinURL, githubURL                   *string
}

// problem is what is wrong with a row, or with a cell of it.
type problem struct {
	line   int64
	column int // from 1; 0: the row as a whole
	field  string
	flaw
}

// layout is which column each cell of a file is in.
type layout struct {
	*checker
	by      actor.Actor
	fields  users.Fields
	columns []column
	place   map[string]int             // of columns by name, from 1
	good    map[string]map[string]bool // cells that were found good, of columns with few values
}

// maxGood bounds how many cells of a column are remembered.
const maxGood = 1000

// row makes an account of a record, or says what is wrong with it.
func (l *layout) row(record []string, line int64) (row, []problem) {
	r := row{line: line, role: spec.RoleAUTHENTICATED, status: spec.UserStatusActive}
	if len(record) != len(l.columns) {
		const uneven = "The number of cells in this row is %d, in the header %d."
		return r, []problem{{line: line, flaw: flaw{spec.FieldProblemInvalid, fmt.Sprintf(uneven, len(record), len(l.columns))}}}
	}
	var out []problem
	for i, cell := range record {
		for _, f := range l.cell(&r, l.columns[i], cell) {
			out = append(out, l.problem(line, l.columns[i].name, f))
		}
	}
	if r.email == "" && len(out) == 0 {
		out = append(out, l.problem(line, "email", flaw{spec.FieldProblemRequired, "This field is missing."}))
	}
	if len(out) == 0 {
		out = l.whole(&r)
	}
	if len(out) == 0 {
		r.complete()
	}
	return r, out
}

func (l *layout) problem(line int64, name string, f flaw) problem {
	return problem{line, l.place[name], name, f}
}

// cell reads a cell into a row. An empty one is none.
func (l *layout) cell(r *row, col column, cell string) []flaw {
	if cell == "" {
		return nil
	}
	if !utf8.ValidString(cell) {
		return []flaw{{spec.FieldProblemEncoding, "This is not valid UTF-8."}}
	}
	if cell = norm.NFC.String(cell); !col.secret {
		cell = unescape(cell)
	}
	good := l.good[col.name]
	if !good[cell] {
		if flaws := l.check(col, cell); len(flaws) > 0 {
			return flaws
		}
		if col.few && len(good) < maxGood {
			good[strings.Clone(cell)] = true // without the row that it is cut from
		}
	}
	if f := col.set(r, cell); f != nil {
		return []flaw{*f}
	}
	return nil
}

// whole holds a row, of which each cell is good, to what is said of several cells.
func (l *layout) whole(r *row) []problem {
	var out []problem
	if !users.MayGrant(l.by, r.role) {
		out = append(out, l.problem(r.line, "role", flaw{spec.FieldProblemNotGrantable, "You cannot give this role."}))
	}
	if r.nickname != nil {
		if err := users.CheckNicknameFor(l.by, *r.nickname); err != nil {
			out = append(out, l.problem(r.line, "nickname", flaw{spec.FieldProblemReserved, err.Error()}))
		}
	}
	if r.secret != "" && r.passwordHash != nil {
		out = append(out, l.problem(r.line, "password_hash", flaw{spec.FieldProblemInvalid, "Give a password or its hash."}))
	}
	if r.secret != "" {
		err := users.CheckPassword(password.MinLength, "", r.secret, &r.email, r.nickname, r.firstName, r.lastName)
		if f := fault.Of(err); f != nil {
			for _, field := range f.Fields {
				out = append(out, l.problem(r.line, "password", flaw{field.Code, field.Detail}))
			}
		}
	}
	for _, f := range l.fields.Check(r.fields) {
		out = append(out, l.problem(r.line, fieldName(f.Pointer), flaw{f.Code, f.Detail}))
	}
	return out
}

// fieldName is the column of the profile field that a pointer leads to.
func fieldName(pointer string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/fields/"), "/")
	return fieldPrefix + name
}

// complete adds what follows from the rest.
func (r *row) complete() {
	r.emailKey = users.EmailKey(r.email)
	if r.nickname != nil {
		r.nicknameKey, r.look = users.NicknameKeys(*r.nickname)
	}
	if r.emailVerifiedAt != nil && r.role == spec.RoleANONYMOUS {
		r.role = spec.RoleAUTHENTICATED // which is what confirming would make of them
	}
	if !r.givenID {
		r.id = idOf(r.createdAt)
	}
}

// idOf is a UUIDv7 (RFC 9562 section 5.7) of a time, or of now.
func idOf(t *time.Time) uuid.UUID {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // for want of random bytes, as crypto/rand does
	}
	if t == nil {
		return id
	}
	milliseconds := max(0, t.UnixMilli())
	for i := range 6 {
		id[i] = byte(milliseconds >> (40 - 8*i))
	}
	version, variant := id[6]&0xf0, id[8]&0xc0
	_, _ = rand.Read(id[6:]) // never fails
	id[6], id[8] = id[6]&0x0f|version, id[8]&0x3f|variant
	return id
}

// copied are the columns of import_rows that values gives, in its order.
var copied = []string{"import_id", "line", "id", "email", "email_key", "email_verified_at", "nickname", "nickname_key", "nickname_skeleton",
	"password_hash", "first_name", "last_name", "bio", "location", "locale", "time_zone", "website_url", "linkedin_url", "github_url",
	"fields", "professional", "role", "status", "last_login_at", "created_at"}

// values is the row as it is kept until it is stored.
func (r *row) values(importID uuid.UUID) ([]any, error) {
	var key, look *string
	if r.nickname != nil {
		key, look = &r.nicknameKey, &r.look
	}
	fields := json.RawMessage("{}")
	if len(r.fields) > 0 {
		var err error
		if fields, err = json.Marshal(r.fields); err != nil {
			return nil, err
		}
	}
	return []any{importID, r.line, r.id, r.email, r.emailKey, r.emailVerifiedAt, r.nickname, key, look,
		r.passwordHash, r.firstName, r.lastName, r.bio, r.location, r.locale, r.timeZone, r.websiteURL, r.linkedinURL, r.githubURL,
		fields, r.professional, string(r.role), string(r.status), r.lastLoginAt, r.createdAt}, nil
}

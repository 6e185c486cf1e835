package transfers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/usherhq/usher/gen/spec"
)

// maxColumns is how many columns a file has at most.
const maxColumns = 200

// separator is what stands between the cells of a file: whatever the header has most of. Where a comma is the decimal mark,
// spreadsheets write semicolons.
func separator(file io.ReaderAt, size int64) rune {
	head := make([]byte, 16<<10)
	n, _ := io.ReadFull(io.NewSectionReader(file, 0, size), head) // what cannot be read is found out later
	line := bytes.TrimLeft(bytes.TrimPrefix(head[:n], []byte(byteOrderMark)), "\r\n")
	line, _, _ = bytes.Cut(line, []byte("\n"))
	most, best := 0, ','
	for _, mark := range ",;\t" {
		if n := bytes.Count(line, []byte(string(mark))); n > most {
			most, best = n, mark
		}
	}
	return best
}

// header reads which columns a file has.
func (l *layout) header(s *source) ([]problem, error) {
	record, line, wrong, err := s.read()
	switch {
	case wrong != nil:
		return []problem{*wrong}, nil
	case errors.Is(err, io.EOF):
		const empty = "The file is empty. It needs a header line with the names of the columns."
		return []problem{{line: 1, flaw: flaw{spec.FieldProblemEmpty, empty}}}, nil
	case err != nil:
		return nil, err
	case len(record) > maxColumns:
		const wide = "The header has %d columns; a file has at most %d."
		return []problem{{line: line, flaw: flaw{spec.FieldProblemTooMany, fmt.Sprintf(wide, len(record), maxColumns)}}}, nil
	}
	if text := strings.Join(record, ""); !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		const coded = "This is not valid UTF-8. Save the file as CSV in UTF-8."
		return []problem{{line: line, flaw: flaw{spec.FieldProblemEncoding, coded}}}, nil
	}
	found := l.find(record)
	if isData(record, found) {
		const none = "The first line is no header. It has to name the columns, such as email."
		return []problem{{line: line, flaw: flaw{spec.FieldProblemInvalid, none}}}, nil
	}
	return l.arrange(record, line, found), nil
}

// find looks the columns up that a header names. Letter case and spaces around a name make no difference. A column that is
// not known has no name.
func (l *layout) find(record []string) []column {
	known := map[string]column{}
	for _, col := range l.checker.columns {
		known[col.name] = col
	}
	out := make([]column, len(record))
	for i, name := range record {
		name = strings.ToLower(strings.TrimSpace(unescape(name)))
		out[i] = known[name]
		if field, is := strings.CutPrefix(name, fieldPrefix); is {
			if _, ok := l.fields[field]; ok {
				out[i] = l.field(name, field)
			}
		}
	}
	return out
}

// isData reports whether a header is rather the first row of a file without one, of which nothing is to be told.
func isData(record []string, found []column) bool {
	return slices.ContainsFunc(record, func(cell string) bool { return strings.Contains(cell, "@") }) ||
		!slices.ContainsFunc(found, func(col column) bool { return col.name != "" })
}

// arrange takes the columns of a header, or says what is wrong with them.
func (l *layout) arrange(record []string, line int64, found []column) (out []problem) {
	l.place, l.good = map[string]int{}, map[string]map[string]bool{}
	for i, col := range found {
		refuse := func(name string, code spec.FieldProblem, detail string) {
			out = append(out, problem{line, i + 1, name, flaw{code, detail}})
		}
		switch {
		case col.name == "":
			refuse(shown(record[i]), spec.FieldProblemUnknown, "There is no such column.")
		case l.place[col.name] > 0:
			refuse(col.name, spec.FieldProblemDuplicate, "There is a column of this name already.")
		case col.top && !l.by.Tops():
			refuse(col.name, spec.FieldProblemNotGrantable, "Only an ADMIN sets this.")
		}
		l.place[col.name], l.good[col.name] = i+1, map[string]bool{}
	}
	if l.columns = found; l.place["email"] == 0 {
		out = append(out, problem{line, 0, "email", flaw{spec.FieldProblemRequired, "This column is missing."}})
	}
	return out
}

// field is the column of a profile field.
func (l *layout) field(name, field string) column {
	return column{name: name, set: func(r *row, cell string) *flaw {
		if r.fields == nil {
			r.fields = map[string]any{}
		}
		if l.fields[field].Schema.Type() == "boolean" {
			is, f := truth(cell)
			r.fields[field] = is
			return f
		}
		r.fields[field] = l.fields.Parse(field, cell)
		return nil
	}}
}

// plausible are the names of columns that can be told; others may be what somebody wrote into a cell.
var plausible = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_. -]{0,39}$`)

// shown is the name of a column as it can be told; empty if it cannot.
func shown(name string) string {
	if name = strings.TrimSpace(name); plausible.MatchString(name) {
		return name
	}
	return ""
}

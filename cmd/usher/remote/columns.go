package remote

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	tableWidth = 120 // of a terminal that does not tell
	cellWidth  = 40  // of a table with several columns
	gap        = 2
)

// column is a member of what is shown, or a member of a member.
type column struct {
	name string // with dots
	rank int    // the lower, the sooner it finds a place in a table
}

// columns are the members of an object of the shape, in the order of the contract; objects with members of their own are
// taken apart. Links are for programs.
func (s shape) columns(prefix string) (out []column) {
	for _, m := range s.members() {
		name := prefix + m.name
		switch {
		case m.name == "_links":
		case m.is("object") && len(m.members()) > 0 && prefix == "":
			out = append(out, m.columns(name+".")...)
		default:
			out = append(out, column{name, m.rank(name)})
		}
	}
	return out
}

// rank says how much a column tells about a thing among others: what it is called and what state it is in before when
// that was, and what may be empty last.
func (s shape) rank(name string) int {
	switch {
	case name == "id", len(s.enum) > 0 && !s.nullable:
		return 0
	case s.nullable && s.is("string") && s.format != "":
		return 3
	case s.nullable:
		return 4
	case !s.is("string", "integer", "number", "boolean"):
		return 5
	case s.is("string") && s.format != "date-time":
		return 1
	}
	return 2
}

// object is a JSON object of an answer.
type object map[string]any

func readObject(text []byte) (object, error) {
	var o object
	from := json.NewDecoder(strings.NewReader(string(text)))
	from.UseNumber()
	if err := from.Decode(&o); err != nil {
		return nil, fmt.Errorf("the answer is not what the contract says: %w", err)
	}
	return o, nil
}

// cell is a member of an object, at a path with dots; empty if it is missing or null.
func (o object) cell(name string) string {
	var v any = map[string]any(o)
	for step := range strings.SplitSeq(name, ".") {
		m, _ := v.(map[string]any)
		v = m[step]
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	return compact(v)
}

// lacks says what is wrong with the columns that --columns names.
func (s shape) lacks(names []string) error {
	for _, name := range names {
		first, _, _ := strings.Cut(name, ".")
		if _, known := s.member(first); known {
			continue
		}
		var offered []string
		for _, c := range s.columns("") {
			offered = append(offered, c.name)
		}
		return fmt.Errorf("--columns: there is no %s; want some of %s", clean(name), strings.Join(offered, ", "))
	}
	return nil
}

// shown are the columns of these names; without any, all.
func (s shape) shown(names []string) (out []column) {
	if len(names) == 0 {
		return s.columns("")
	}
	for _, name := range names {
		out = append(out, column{name: name})
	}
	return out
}

// fitting are the columns that tell most and find a place in a table of these rows, in the order they came in, and the names
// of those that find none. Columns that are empty in all rows are left out. Without a width there is room for all.
func fitting(all []column, rows []object, width int) (fit []column, left []string) {
	ranked := slices.Clone(all)
	slices.SortStableFunc(ranked, func(a, b column) int { return a.rank - b.rank })
	chosen, room := map[string]bool{}, width
	for _, c := range ranked {
		if len(rows) > 0 && !slices.ContainsFunc(rows, func(o object) bool { return o.cell(c.name) != "" }) {
			continue
		}
		wide := breadth(c, rows, true) + gap
		if chosen[c.name] = width == 0 || wide <= room || len(chosen) == 0; chosen[c.name] {
			room -= wide
		} else {
			left = append(left, c.name)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c column) bool { return !chosen[c.name] }), left
}

// breadth is how wide a column of a table has to be.
func breadth(c column, rows []object, cut bool) int {
	wide := letters(c.name)
	for _, o := range rows {
		wide = max(wide, letters(shown(o.cell(c.name), cut)))
	}
	return wide
}

package main

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"github.com/usherhq/usher/server/transfers"
)

// csvRows writes things as CSV, for programs: a column for each member of their JSON, under its name, first those that the
// table has. What there is none of is an empty cell, and no cell is taken for a formula.
func csvRows[T any](w io.Writer, columns []column[T]) (write func(T) error, end func() error, err error) {
	var none T
	members, err := membersOf(none)
	if err != nil {
		return nil, nil, err
	}
	var titles, names []string
	for _, col := range columns {
		titles = append(titles, strings.ReplaceAll(strings.ToLower(col.title), " ", "_"))
	}
	for _, m := range members {
		names = append(names, m.name)
	}
	place := func(name string) int {
		if i := slices.Index(titles, name); i >= 0 {
			return i
		}
		return len(titles)
	}
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	out := csv.NewWriter(w)
	failed := out.Write(names)
	return func(thing T) error {
			members, err := membersOf(thing)
			if err != nil {
				return err
			}
			cells := make([]string, len(names))
			for _, m := range members {
				if i := slices.Index(names, m.name); i >= 0 {
					cells[i] = transfers.Escape(visibleLines(m.cell()))
				}
			}
			return out.Write(cells)
		}, func() error {
			out.Flush()
			return firstOf(failed, out.Error())
		}, nil
}

// visibleLines is visible that leaves line breaks.
func visibleLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"

	"github.com/spf13/cobra"
)

// What --output takes.
const (
	asText = "table" // a table, names and values, or a sentence
	asJSON = "json"
	asCSV  = "csv"
)

// withOutput gives a command the flag --output, which showAll, showOne and say obey.
func withOutput(c *cobra.Command, more ...string) *cobra.Command {
	forms := append([]string{asText, asJSON}, more...)
	addChoice(c, "output", asText, "how to show it; json is one object a line", forms...)
	return c
}

func outputOf(c *cobra.Command) string { return c.Flags().Lookup("output").Value.String() }

// column is a column of a table of things.
type column[T any] struct {
	title string
	cell  func(T) string
}

// showAll writes things as they come: a table, an object a line, or CSV.
func showAll[T any](c *cobra.Command, things iter.Seq2[T, error], columns ...column[T]) error {
	var write func(T) error
	end := func() error { return nil }
	switch outputOf(c) {
	case asJSON:
		write = func(thing T) error { return writeJSON(c.OutOrStdout(), thing) }
	case asCSV:
		var err error
		if write, end, err = csvRows(c.OutOrStdout(), columns); err != nil {
			return err
		}
	default:
		write, end = rows(tableWriter(c.OutOrStdout()), columns)
	}
	for thing, err := range things {
		if err != nil {
			return err
		}
		if err := write(thing); err != nil {
			return err
		}
	}
	return end()
}

// all is a sequence of things that were read at once.
func all[T any](things []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, thing := range things {
			if !yield(thing, nil) {
				return
			}
		}
	}
}

// showOne writes one thing: each of its members with its value, or an object.
func showOne(c *cobra.Command, thing any) error {
	if outputOf(c) == asJSON {
		return writeJSON(c.OutOrStdout(), thing)
	}
	members, err := membersOf(thing)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	for _, m := range members {
		fmt.Fprintf(out, "%s\t%s\n", visible(m.name), visible(m.text()))
	}
	return out.Flush()
}

// say writes what was done: a sentence (fmt.Sprintf), or thing as an object.
func say(c *cobra.Command, thing any, sentence string, args ...any) error {
	if outputOf(c) == asJSON {
		return writeJSON(c.OutOrStdout(), thing)
	}
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = visible(text)
		}
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), sentence, args...)
	return err
}

// rowWriter writes cells.
type rowWriter struct {
	row func(cells []string) error
	end func() error
}

// rows writes the titles, and then things by their cells.
func rows[T any](w rowWriter, columns []column[T]) (write func(T) error, end func() error) {
	titles := make([]string, len(columns))
	for i, col := range columns {
		titles[i] = col.title
	}
	failed := w.row(titles)
	return func(thing T) error {
		cells := make([]string, len(columns))
		for i, col := range columns {
			cells[i] = visible(col.cell(thing))
		}
		return w.row(cells)
	}, func() error { return firstOf(failed, w.end()) }
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func firstOf(errs ...error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

func tableWriter(w io.Writer) rowWriter {
	out := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	return rowWriter{func(cells []string) error {
		_, err := fmt.Fprintln(out, strings.Join(cells, "\t"))
		return err
	}, out.Flush}
}

// writeJSON writes a line.
func writeJSON(w io.Writer, thing any) error {
	var line bytes.Buffer
	out := json.NewEncoder(&line)
	out.SetEscapeHTML(false)
	if err := out.Encode(thing); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, visible(strings.TrimSuffix(line.String(), "\n")))
	return err
}

// visible writes characters that nobody sees as JSON escapes: to a terminal some of them are commands, and others turn
// text around. JSON stays the same value.
func visible(s string) string {
	var out strings.Builder
	for _, r := range s {
		switch hi, lo := utf16.EncodeRune(r); {
		case unicode.IsGraphic(r):
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case hi != unicode.ReplacementChar:
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

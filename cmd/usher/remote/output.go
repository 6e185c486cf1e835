package remote

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The forms that answers are shown in.
const (
	asTable = "table"
	asJSON  = "json"
	asCSV   = "csv"
)

var errOutput = errors.New("--output: want table, json or csv")

// form is how answers are shown: for people on a terminal, for programs elsewhere.
func form(wanted string, out io.Writer) (string, error) {
	switch wanted {
	case "":
		if width(out) > 0 {
			return asTable, nil
		}
		return asJSON, nil
	case asTable, asJSON, asCSV:
		return wanted, nil
	}
	return "", errOutput
}

// printer shows things one after the other as rows.
type printer interface {
	rows(rows []object) error
}

// tablePrinter decides with the first rows which columns there are and how wide they are.
type tablePrinter struct {
	out     io.Writer
	errs    io.Writer // is told what is left out
	columns []column
	chosen  bool // by the caller, so all of them are shown
	wide    int  // the terminal; 0: there is none, so everything is shown
	widths  []int
}

func (p *tablePrinter) rows(rows []object) error {
	if p.widths == nil {
		if !p.chosen {
			p.fit(rows)
		}
		head := []string{}
		for i, c := range p.columns {
			p.widths = append(p.widths, breadth(c, rows, p.cut(i)))
			head = append(head, strings.ToUpper(c.name))
		}
		if err := p.line(head); err != nil {
			return err
		}
	}
	for _, o := range rows {
		cells := []string{}
		for i, c := range p.columns {
			cells = append(cells, shown(o.cell(c.name), p.cut(i)))
		}
		if err := p.line(cells); err != nil {
			return err
		}
	}
	return nil
}

// fit leaves out what there is no room for, and says so.
func (p *tablePrinter) fit(rows []object) {
	var left []string
	p.columns, left = fitting(p.columns, rows, p.wide)
	if len(left) > 0 {
		note(p.errs, "There is no room for %s: --columns shows what it names.", strings.Join(left, ", "))
	}
}

// cut reports whether long cells of a column are cut: nothing follows those of the last, so they may be as long as they are.
func (p *tablePrinter) cut(column int) bool { return p.wide > 0 && column < len(p.columns)-1 }

func (p *tablePrinter) line(cells []string) error {
	var out strings.Builder
	for i, text := range cells {
		if text == "" {
			text = "-"
		}
		out.WriteString(text + strings.Repeat(" ", max(p.widths[i]-letters(text), 0)+gap))
	}
	_, err := fmt.Fprintln(p.out, strings.TrimRight(out.String(), " "))
	return err
}

// shown is a cell of a table: one line, and if it is cut not too long.
func shown(text string, cut bool) string {
	text = clean(text)
	if cut && letters(text) > cellWidth {
		return string([]rune(text)[:cellWidth-1]) + "…"
	}
	return text
}

func letters(text string) int { return utf8.RuneCountInString(text) }

// csvPrinter writes RFC 4180, harmless to spreadsheets.
type csvPrinter struct {
	out     *csv.Writer
	columns []column
	begun   bool
}

func (p *csvPrinter) rows(rows []object) error {
	if !p.begun {
		p.begun = true
		head := []string{}
		for _, c := range p.columns {
			head = append(head, c.name)
		}
		_ = p.out.Write(head) // Flush tells
	}
	for _, o := range rows {
		cells := []string{}
		for _, c := range p.columns {
			cells = append(cells, formula(cleanLines(o.cell(c.name))))
		}
		_ = p.out.Write(cells)
	}
	p.out.Flush()
	return p.out.Error()
}

// rowPrinter makes what shows things of a shape as rows.
func (k *call) rowPrinter(form string, out, errs io.Writer, s shape) printer {
	if form == asCSV {
		return &csvPrinter{out: csv.NewWriter(out), columns: s.shown(k.columns)}
	}
	return &tablePrinter{out: out, errs: errs, columns: s.shown(k.columns), chosen: len(k.columns) > 0, wide: width(out)}
}

// printJSON shows an answer as it came, indented.
func printJSON(out io.Writer, text []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, cleanJSON(bytes.TrimSpace(text)), "", "  "); err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	_, err := fmt.Fprintln(out, b.String())
	return err
}

// printOne shows one thing as names and values, a line each.
func printOne(out io.Writer, s shape, names []string, o object) error {
	columns, wide := s.shown(names), 0
	for _, c := range columns {
		wide = max(wide, letters(c.name))
	}
	for _, c := range columns {
		text := clean(o.cell(c.name))
		if text == "" {
			text = "-"
		}
		if _, err := fmt.Fprintf(out, "%-*s  %s\n", wide, c.name, text); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// row is one line of the table.
type row struct {
	what, floor, service, ratio, target string
	met                                 bool
}

// render is the rows as a table.
func render(rows []row) string {
	cells := [][]string{{"requests/s, p50, p99", "floor", "service", "ratio", "target", "met"}}
	for _, r := range rows {
		met := "no"
		if r.met {
			met = "yes"
		}
		cells = append(cells, []string{r.what, r.floor, r.service, r.ratio, r.target, met})
	}
	return layOut(cells)
}

// layOut makes a Markdown table of lines, the first of them the head. Its columns are aligned in plain text too.
func layOut(cells [][]string) string {
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, line := range cells {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %-*s ", widths[i], cell)
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, w := range widths {
				b.WriteString("|" + strings.Repeat("-", w+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// String is the sample as the table shows it: 7,312/s, 1.02ms, 2.31ms.
func (s sample) String() string {
	return fmt.Sprintf("%s/s, %s, %s", count(int(s.rate+0.5)), short(s.p50), short(s.p99))
}

// short is a duration with three digits or so.
func short(d time.Duration) string {
	unit := time.Millisecond
	for d < 100*unit && unit > time.Microsecond {
		unit /= 10
	}
	return d.Round(unit).String()
}

func count(n int) string { return message.NewPrinter(language.English).Sprint(n) }

// megabytes is a size in MB; one that could not be found out is 0.
func megabytes(bytes int64) string {
	if bytes == 0 {
		return "?"
	}
	return fmt.Sprintf("%d MB", (bytes+500_000)/1_000_000)
}

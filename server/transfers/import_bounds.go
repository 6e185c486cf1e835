package transfers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
)

// maxSwallowed is how many lines a row that is refused may have taken in. Beyond that too many people are missing for the
// rest to be stored, however it is asked for.
const maxSwallowed = 100

// maxWhole is how many rows are stored in one transaction: until it is over, nobody registers with an address of the file
// and no profile field changes.
const maxWhole = 250_000

// swallowed adds to what is wrong with a row how far it reaches, if it took in lines that look like rows of their own. It
// returns why the import is refused if they are many. last is the line that the row ends on.
func swallowed(record []string, problems []problem, last int64) string {
	if !torn(record, problems) || last == problems[0].line {
		return ""
	}
	first := problems[0].line
	reach := fmt.Sprintf("begins on line %d and ends on line %d; is a quotation mark never closed?", first, last)
	problems[0].detail += " This row " + reach
	if last-first <= maxSwallowed {
		return ""
	}
	return "A row " + reach + " Nothing was stored."
}

// torn reports whether what is wrong with a row is its shape, or a cell of several lines. Where it is another cell, a text of
// several lines is likely meant.
func torn(record []string, problems []problem) bool {
	for _, p := range problems {
		switch {
		case record == nil, p.column == 0 && p.field == "":
			return true
		case p.column > 0 && strings.Contains(record[p.column-1], "\n"):
			return true
		}
	}
	return false
}

// bounded refuses a file with more rows than can be stored at once, before hours are spent on them.
func (r *run) bounded(ctx context.Context, im db.Import) error {
	most := int64(maxWhole)
	if r.MaxWhole > 0 {
		most = r.MaxWhole
	}
	if im.Read > 0 || im.SkipBad || im.DryRun || im.Size <= most { // a row is a byte at least
		return nil
	}
	rows := from(r.file, im.Size, 0, 1, r.rows.csv.Comma)
	for n := int64(-1); n <= most; n++ { // the first is the header
		if err := ctx.Err(); err != nil {
			return err
		}
		switch _, _, _, err := rows.read(); {
		case errors.Is(err, io.EOF), errors.Is(err, errEndless): // which is told in its place
			return nil
		case err != nil:
			return err
		}
	}
	const many = "The file has more than %d rows, too many to store all or none. Store the good ones (skip_bad), or split it into several files."
	return &stopped{state: spec.ImportStateRefused, detail: fmt.Sprintf(many, most)}
}

package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/transfers"
)

// importReport is what became of an import.
type importReport struct {
	ID         uuid.UUID            `json:"id"`
	State      spec.ImportState     `json:"state"`
	RowsRead   int64                `json:"rows_read"`
	RowsBad    int64                `json:"rows_bad"`
	RowsStored int64                `json:"rows_stored"`
	Detail     *string              `json:"detail"`
	Problems   []spec.ImportProblem `json:"problems"`
}

// shownProblems is how many problems people are shown; JSON holds all that were kept.
const shownProblems = 100

// report tells what became of an import. It fails if anything was refused.
func report(c *cobra.Command, pool *pgxpool.Pool, im db.Import, name string) error {
	rows, err := db.New().ListImportProblems(c.Context(), pool, db.ListImportProblemsParams{ImportID: im.ID, Line: math.MinInt64, Size: math.MaxInt32})
	if err != nil {
		return err
	}
	r := importReport{im.ID, im.State, im.RowsRead, im.RowsBad, im.RowsStored, im.Detail, make([]spec.ImportProblem, len(rows))}
	for i, p := range rows {
		r.Problems[i] = spec.ImportProblem{Line: p.Line, Column: int(p.Column), Field: p.Field, Code: spec.FieldProblem(p.Code), Detail: p.Detail}
	}
	if outputOf(c) != asJSON {
		r.list(c.ErrOrStderr(), name)
	}
	done := "Imported %v of %v accounts.\n"
	count := im.RowsStored
	if im.DryRun {
		done, count = "Good: %v of %v rows. Nothing was stored.\n", im.RowsRead-im.RowsBad
	}
	if err := say(c, r, done, count, im.RowsRead); err != nil {
		return err
	}
	switch {
	case im.Detail != nil:
		return errors.New(*im.Detail)
	case im.State != spec.ImportStateDone:
		return fmt.Errorf("the import was %s", im.State)
	case im.RowsBad > 0:
		return fmt.Errorf("rows that are bad and were left out: %d", im.RowsBad)
	}
	return nil
}

// list writes where what is wrong is, as compilers do.
func (r importReport) list(w io.Writer, name string) {
	for _, p := range r.Problems[:min(len(r.Problems), shownProblems)] {
		at := fmt.Sprintf("%s:%d", name, p.Line)
		if p.Column > 0 {
			at += fmt.Sprintf(":%d", p.Column)
		}
		if p.Field != nil {
			at += ": " + *p.Field
		}
		fmt.Fprintln(w, visible(at+": "+p.Detail))
	}
	if more := len(r.Problems) - shownProblems; more > 0 {
		fmt.Fprintf(w, "... and %d more; --output json lists up to 10,000.\n", more)
	}
}

// importProgress shows how far an import is: a bar on a terminal, a line now and then anywhere else.
type importProgress struct {
	w        io.Writer
	terminal bool
	last     time.Time
}

func newImportProgress(w io.Writer) *importProgress {
	file, ok := w.(*os.File)
	return &importProgress{w: w, terminal: ok && term.IsTerminal(int(file.Fd())), last: time.Now()}
}

func (p *importProgress) tell(im db.Import) {
	every := 10 * time.Second
	if p.terminal {
		every = 100 * time.Millisecond
	}
	if time.Since(p.last) < every || im.FinishedAt != nil {
		return
	}
	p.last = time.Now()
	const width = 30
	part := transfers.Progress(im)
	told := fmt.Sprintf("%3.0f %% %s: %d rows read, %d bad, %d written", 100*part, im.State, im.RowsRead, im.RowsBad, im.RowsWritten)
	if !p.terminal {
		fmt.Fprintln(p.w, told)
		return
	}
	full := int(part * width)
	fmt.Fprintf(p.w, "\r\x1b[K[%s%s] %s", strings.Repeat("=", full), strings.Repeat(" ", width-full), told)
}

// end wipes the bar away.
func (p *importProgress) end() {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

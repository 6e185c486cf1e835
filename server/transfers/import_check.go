package transfers

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/store"
)

// What a portion has at most. The bytes bound memory, the passwords time: each takes some ten milliseconds of a core.
const (
	portionRows    = 2000
	portionBytes   = 4 << 20
	portionSecrets = 64
)

// portion are rows that are checked, and stored or refused, together.
type portion struct {
	rows     []row
	problems []problem
	read     int64  // rows
	end      bool   // of the file
	why      string // the import is refused, if it is
}

// check reads a portion of the file and keeps the rows that are good.
func (r *run) check(ctx context.Context, im db.Import, by actor.Actor) error {
	if r.rows == nil || r.rows.place() != im.Read {
		if err := r.open(ctx, im, by); err != nil {
			return err
		}
	}
	p, err := r.portion(ctx)
	if err != nil {
		return r.unreadable(err)
	}
	if !im.DryRun && p.why == "" && (im.SkipBad || im.RowsBad == 0) { // else nothing will be stored
		if err := r.hash(ctx, p.rows); err != nil {
			return err
		}
	}
	next := db.AdvanceImportParams{ID: im.ID, State: spec.ImportStateChecking, Read: r.rows.place(), Line: r.rows.next, RowsRead: p.read}
	_, err = store.InTx(ctx, r.DB, func(tx pgx.Tx) (db.Import, error) {
		if err := take(ctx, tx, im.ID); err != nil {
			return im, err
		}
		now, err := lock(ctx, tx, im.ID)
		if err != nil {
			return im, err
		}
		if now.State != im.State || now.Read != im.Read {
			return im, ErrBusy
		}
		good, problems, err := r.unique(ctx, tx, im, p)
		if err != nil {
			return im, err
		}
		next.RowsBad, next.RowsAbove = bad(problems), above(problems)
		if err := stage(ctx, tx, im, good); err != nil {
			return im, err
		}
		if next.Problems, err = keep(ctx, tx, im, problems); err != nil {
			return im, err
		}
		return checked(ctx, tx, next, p)
	})
	return err
}

// checked writes down that a portion was checked. After the last one it is known whether anything will be stored.
func checked(ctx context.Context, tx pgx.Tx, next db.AdvanceImportParams, p portion) (db.Import, error) {
	if p.end {
		next.State = spec.ImportStateStoring
	}
	im, err := db.New().AdvanceImport(ctx, tx, next)
	switch {
	case err == nil && p.why != "":
		return finish(ctx, tx, im.ID, stopped{state: spec.ImportStateRefused, detail: p.why})
	case err != nil || !p.end:
		return im, err
	case im.RowsBad > 0 && !im.SkipBad:
		return finish(ctx, tx, im.ID, stopped{state: spec.ImportStateRefused, detail: "Some rows are bad, so none was stored."})
	case im.DryRun:
		return finish(ctx, tx, im.ID, stopped{state: spec.ImportStateDone})
	}
	return im, nil
}

// portion reads rows: fewer when the time is over, since a row can take long, at least one.
func (r *run) portion(ctx context.Context) (portion, error) {
	var p portion
	begin, secrets := r.rows.place(), 0
	full := func() bool {
		return p.read == portionRows || r.rows.place()-begin >= portionBytes || secrets == portionSecrets || len(p.problems) >= maxProblems ||
			p.read > 0 && time.Now().After(r.until) || p.why != ""
	}
	for !full() {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		made, problems, err := r.row(&p)
		switch {
		case errors.Is(err, io.EOF):
			p.end = true
			return p, nil
		case err != nil:
			return p, err
		case len(problems) > 0:
			p.problems = append(p.problems, problems...)
		default:
			p.rows = append(p.rows, made)
		}
		if p.read++; made.secret != "" {
			secrets++
		}
	}
	return p, nil
}

// row reads a row, or says what is wrong with it. One that took many others in ends the import.
func (r *run) row(p *portion) (made row, problems []problem, err error) {
	record, line, wrong, err := r.rows.read()
	switch {
	case err != nil:
		return made, nil, err
	case wrong != nil:
		problems = []problem{*wrong}
	default:
		made, problems = r.layout.row(record, line)
	}
	p.why = swallowed(record, problems, r.rows.next-1)
	return made, problems, nil
}

// stage keeps good rows until they are stored.
func stage(ctx context.Context, tx pgx.Tx, im db.Import, rows []row) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"import_rows"}, copied, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		return rows[i].values(im.ID)
	}))
	return err
}

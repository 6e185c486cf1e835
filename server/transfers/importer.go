package transfers

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/users"
)

// Importer works imports off, in portions: each is a transaction that also writes down how far the import is, so whoever
// goes on after a crash loses nothing and repeats nothing. Two who work on one import get in each other's way and do no harm.
type Importer struct {
	DB     *pgxpool.Pool
	Hasher *password.Hasher
	Sealer *token.Sealer   // of uploaded files
	Told   func(db.Import) // how far the import is; may be nil

	MaxWhole int64 // rows that are stored all or none; 0: as many as is good for those who wait meanwhile

	compile sync.Once
	checker *checker
	failed  error
}

// ErrBusy is that somebody else works on the import just now.
var ErrBusy = errors.New("somebody else works on this import")

// errOver is that the import was ended meanwhile.
var errOver = errors.New("the import is over")

// run is one go at an import.
type run struct {
	*Importer
	file   io.ReaderAt
	until  time.Time // when others have their turn
	rows   *source
	layout *layout
}

func (r *run) step(ctx context.Context, im db.Import) error {
	by, err := authority(ctx, r.DB, im)
	if err == nil {
		ctx = actor.With(ctx, by)
		switch {
		case im.State != spec.ImportStateStoring:
			err = r.check(ctx, im, by)
		case im.SkipBad:
			err = r.storeGood(ctx, im)
		default:
			err = r.storeAll(ctx, im)
		}
	}
	if end, is := errors.AsType[*stopped](err); is {
		_, err = store.InTx(ctx, r.DB, func(tx pgx.Tx) (db.Import, error) { return finish(ctx, tx, im.ID, *end) })
	}
	return err
}

// open reads the header and goes to where the import is.
func (r *run) open(ctx context.Context, im db.Import, by actor.Actor) error {
	r.compile.Do(func() { r.checker, r.failed = newChecker() })
	if r.failed != nil {
		return r.failed
	}
	if r.file == nil {
		r.file = Files{Conn: r.DB, Sealer: r.Sealer}.Open(ctx, im.ID, im.Size)
	}
	fields, err := users.LoadFields(ctx, r.DB)
	if err != nil {
		return err
	}
	r.layout = &layout{checker: r.checker, by: by, fields: fields}
	r.rows = from(r.file, im.Size, 0, 1, separator(r.file, im.Size))
	problems, err := r.layout.header(r.rows)
	if err == nil && len(problems) > 0 {
		return &stopped{state: spec.ImportStateRefused, detail: "The header is not one that can be imported.", problems: problems}
	}
	if err == nil {
		err = r.bounded(ctx, im)
	}
	if err == nil && im.Read > 0 {
		r.rows = from(r.file, im.Size, im.Read, im.Line, r.rows.csv.Comma)
	}
	return r.unreadable(err)
}

// unreadable makes the end of an import of what no second try mends.
func (r *run) unreadable(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, token.ErrInvalid):
		return &stopped{state: spec.ImportStateFailed, detail: "The file cannot be read any more, or has changed."}
	case errors.Is(err, errEndless):
		return &stopped{state: spec.ImportStateRefused, detail: "The file cannot be read to its end.", problems: []problem{
			{line: r.rows.next, flaw: flaw{spec.FieldProblemTooLong, endless}},
		}}
	}
	return err
}

package transfers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/users"
)

// pieceSize is how many accounts are read and written at a time.
const pieceSize = 1000

// piece is what one step adds to an export.
type piece struct {
	content []byte
	place   json.RawMessage
	rows    int64
	last    bool
}

// WriteExport adds the next piece of accounts to the file of an export and reports whether there is more to do. Each
// piece is committed with the place it goes up to, so whoever goes on after a crash repeats nothing. An account that
// changes meanwhile is written as it was or as it is.
func WriteExport(ctx context.Context, pool *pgxpool.Pool, sealer *token.Sealer, id uuid.UUID) (more bool, err error) {
	e, err := db.New().GetExportToWrite(ctx, pool, id)
	if fault.Is(err, spec.ProblemNotFound) {
		return false, nil // its time is over
	}
	if err != nil || over(e) {
		return false, err
	}
	p, err := nextPiece(ctx, store.Planned(pool), e)
	if err != nil {
		return false, err
	}
	return store.InTx(ctx, pool, func(tx pgx.Tx) (bool, error) { return advance(ctx, tx, sealer, e, p) })
}

// FailExport ends an export that cannot go on.
func FailExport(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID, why spec.Problem) error {
	return db.New().FailExport(ctx, pool, why.Title(), id)
}

// advance stores a piece, unless another worker was faster.
func advance(ctx context.Context, tx pgx.Tx, sealer *token.Sealer, e db.Export, p piece) (more bool, err error) {
	_, err = db.New().LockExport(ctx, tx, e.ID, e.Version)
	if fault.Is(err, spec.ProblemNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if err := (Files{Conn: tx, Sealer: sealer}).Append(ctx, e.ID, e.Size, p.content); err != nil {
		return false, err
	}
	return !p.last, db.New().AdvanceExport(ctx, tx, db.AdvanceExportParams{
		ID: e.ID, Place: p.place, Rows: p.rows, Size: int64(len(p.content)), Last: p.last,
	})
}

// nextPiece reads and formats what comes next.
func nextPiece(ctx context.Context, conn db.DBTX, e db.Export) (p piece, err error) {
	var filter users.Filter
	var after users.Place
	if err := json.Unmarshal(e.Filter, &filter); err != nil {
		return p, err
	}
	if err := json.Unmarshal(e.Place, &after); err != nil {
		return p, err
	}
	found, err := users.List(ctx, conn, filter, spec.UserOrderCreatedAt, after, pieceSize)
	if err != nil {
		return p, err
	}
	var content bytes.Buffer
	out, err := newTable(ctx, conn, &content, e.Fields)
	if err != nil {
		return p, err
	}
	if e.Size == 0 {
		if err := out.head(); err != nil {
			return p, err
		}
	}
	if err := out.add(found); err != nil {
		return p, err
	}
	if len(found) > 0 {
		after = users.PlaceOf(found[len(found)-1], spec.UserOrderCreatedAt)
	}
	p = piece{content: content.Bytes(), rows: int64(len(found)), last: len(found) < pieceSize}
	p.place, err = json.Marshal(after)
	return p, err
}

// Write writes the accounts that match a filter to w as they are read, and calls told with how many there are so far.
func Write(ctx context.Context, pool *pgxpool.Pool, f users.Filter, w io.Writer, told func(rows int64)) (rows int64, err error) {
	names, err := db.New().ListFieldNames(ctx, pool)
	if err != nil {
		return 0, err
	}
	out, err := newTable(ctx, pool, w, names)
	if err != nil {
		return 0, err
	}
	if err := out.head(); err != nil {
		return 0, err
	}
	for after, more := (users.Place{}), true; more; told(rows) {
		found, err := users.List(ctx, store.Planned(pool), f, spec.UserOrderCreatedAt, after, pieceSize)
		if err != nil {
			return rows, err
		}
		if err := out.add(found); err != nil {
			return rows, err
		}
		rows += int64(len(found))
		if more = len(found) == pieceSize; more {
			after = users.PlaceOf(found[pieceSize-1], spec.UserOrderCreatedAt)
		}
	}
	return rows, nil
}

// over reports whether nothing happens to an export any more.
func over(e db.Export) bool {
	return e.State == spec.ExportStateDone || e.State == spec.ExportStateFailed
}

package transfers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// authority is on whose behalf an import is done: they must still be let in, and have the role that they had.
func authority(ctx context.Context, conn db.DBTX, im db.Import) (actor.Actor, error) {
	if im.ByOperator {
		return actor.Operator(), nil
	}
	gone := &stopped{state: spec.ImportStateFailed, detail: "Whoever began this import may not do so any more."}
	u, err := db.New().GetUser(ctx, conn, *im.CreatedBy)
	if fault.Is(err, spec.ProblemNotFound) {
		return actor.Actor{}, gone
	}
	if err != nil {
		return actor.Actor{}, err
	}
	if !users.MayGoOn(u, *im.Role) {
		return actor.Actor{}, gone
	}
	by := actor.Actor{Caller: spec.Caller{ID: u.ID}, User: u}
	by.Scopes, _ = spec.ParseScopes(im.Scopes) // which wrote them
	by.Scopes &= spec.RoleScopes(u.Role)
	return by, json.Unmarshal(im.Origin, &by.Origin)
}

// stopped is a reason to end an import for good; it is shown.
type stopped struct {
	state    spec.ImportState
	detail   string
	problems []problem
	bad      int64 // rows that they are about, if they are about rows
	stored   int64 // accounts, besides those that were counted before
}

// Error says why.
func (s *stopped) Error() string { return s.detail }

// Work goes on with an import until it is over or a time has come, and returns how far it is. file is what was uploaded if
// it is nil. Errors: not-found, ErrBusy, and those of the database, after which somebody may go on.
func (i *Importer) Work(ctx context.Context, id uuid.UUID, file io.ReaderAt, until time.Time) (db.Import, error) {
	r := &run{Importer: i, file: file, until: until}
	for {
		im, err := db.New().GetImport(ctx, i.DB, id)
		if err != nil {
			return im, err
		}
		if i.Told != nil {
			i.Told(im)
		}
		if im.FinishedAt != nil {
			return im, Sweep(ctx, i.DB, id)
		}
		if time.Now().After(until) {
			return im, nil
		}
		if err := r.step(ctx, im); err != nil && !errors.Is(err, errOver) {
			return im, err
		}
	}
}

// take keeps others from an import until the transaction is over.
func take(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	mine, err := db.New().TryImport(ctx, tx, id)
	if err == nil && !mine {
		return ErrBusy
	}
	return err
}

// lock reads an import that is not over, for a change of its row.
func lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (db.Import, error) {
	im, err := db.New().LockImport(ctx, tx, id)
	if err == nil && im.FinishedAt != nil {
		return im, errOver
	}
	return im, err
}

// finish ends an import that is not over.
func finish(ctx context.Context, tx pgx.Tx, id uuid.UUID, end stopped) (db.Import, error) {
	im, err := lock(ctx, tx, id)
	if err != nil {
		return im, err
	}
	kept, err := keep(ctx, tx, im, end.problems)
	if err != nil {
		return im, err
	}
	p := db.FinishImportParams{ID: id, State: end.state, RowsStored: im.RowsStored + end.stored, RowsBad: end.bad, Problems: kept}
	if end.detail != "" {
		p.Detail = &end.detail
	}
	if im, err = db.New().FinishImport(ctx, tx, p); err != nil {
		return im, err
	}
	told := map[string]any{
		"import_id": id, "state": im.State, "rows_read": im.RowsRead, "rows_bad": im.RowsBad, "rows_stored": im.RowsStored,
	}
	if im.RowsAbove > 0 {
		told["not_grantable"] = im.RowsAbove
	}
	return im, outbox.Record(ctx, tx, outbox.ImportFinished, uuid.Nil, told)
}

// Fail ends an import that the service cannot go on with.
func Fail(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID, why spec.Problem) error {
	_, err := store.InTx(ctx, pool, func(tx pgx.Tx) (db.Import, error) {
		return finish(ctx, tx, id, stopped{state: spec.ImportStateFailed, detail: why.Title()})
	})
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

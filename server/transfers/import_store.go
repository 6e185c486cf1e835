package transfers

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
)

// storeGood stores a portion of the rows; those that went bad since they were checked become problems.
func (r *run) storeGood(ctx context.Context, im db.Import) error {
	_, err := store.InTx(ctx, r.DB, func(tx pgx.Tx) (db.Import, error) {
		if err := take(ctx, tx, im.ID); err != nil {
			return im, err
		}
		now, err := lock(ctx, tx, im.ID)
		if err != nil {
			return im, err
		}
		if _, err := authority(ctx, tx, now); err != nil {
			return im, err
		}
		done, err := storePortion(ctx, tx, now, 0)
		if err != nil {
			return im, err
		}
		if done.last == 0 {
			return finish(ctx, tx, im.ID, stopped{state: spec.ImportStateDone})
		}
		kept, err := keep(ctx, tx, now, done.problems)
		if err != nil {
			return im, err
		}
		return db.New().CountStored(ctx, tx, db.CountStoredParams{ID: im.ID, RowsStored: done.stored, RowsBad: bad(done.problems), Problems: kept})
	})
	return err
}

// storeAll stores all rows in one transaction, or none when one of them went bad since it was checked.
func (r *run) storeAll(ctx context.Context, im db.Import) error {
	_, err := store.InTx(ctx, r.DB, func(tx pgx.Tx) (db.Import, error) {
		if err := take(ctx, tx, im.ID); err != nil {
			return im, err
		}
		all := stopped{state: spec.ImportStateDone}
		for after := int64(0); ; {
			done, err := storePortion(ctx, tx, im, after)
			if err != nil {
				return im, err
			}
			if len(done.problems) > 0 {
				return im, &stopped{
					state: spec.ImportStateRefused, detail: "Some rows went bad after they were checked, so none was stored.",
					problems: done.problems, bad: bad(done.problems),
				}
			}
			if done.last == 0 {
				break
			}
			after, all.stored = done.last, all.stored+done.stored
			if err := r.tell(ctx, im.ID, all.stored); err != nil {
				return im, err
			}
		}
		if _, err := authority(ctx, tx, im); err != nil { // it took a while
			return im, err
		}
		return finish(ctx, tx, im.ID, all)
	})
	return err
}

// tell writes down, outside of the transaction, how far it is. Errors: errOver, when somebody cancelled the import.
func (r *run) tell(ctx context.Context, id uuid.UUID, written int64) error {
	im, err := db.New().TellWritten(ctx, r.DB, written, id)
	if fault.Is(err, spec.ProblemNotFound) {
		return errOver
	}
	if err == nil && r.Told != nil {
		r.Told(im)
	}
	return err
}

package transfers

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/db"
)

// sweptRows is how many rows are deleted at a time, which is a matter of milliseconds.
const sweptRows = 5000

// Sweep deletes what an import that is over needed: its file, and the rows that were not stored.
func Sweep(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID) error {
	if err := db.New().DeleteFile(ctx, pool, id); err != nil {
		return err
	}
	for {
		n, err := db.New().DeleteSomeImportRows(ctx, pool, id, sweptRows)
		if err != nil || n < sweptRows {
			return err
		}
	}
}

// SweepAll deletes what imports left behind that nobody went on with, whole imports after 30 days, and uploads that broke off.
func SweepAll(ctx context.Context, pool *pgxpool.Pool) error {
	over, err := db.New().ListLeftImports(ctx, pool)
	failed := []error{err}
	for _, id := range over {
		failed = append(failed, Sweep(ctx, pool, id))
	}
	old, err := db.New().ListOldImports(ctx, pool)
	failed = append(failed, err)
	for _, id := range old {
		if err := Sweep(ctx, pool, id); err != nil {
			failed = append(failed, err)
			continue
		}
		failed = append(failed, db.New().DeleteImport(ctx, pool, id))
	}
	_, err = db.New().DeleteLostUploads(ctx, pool, idOf(new(time.Now().Add(-24*time.Hour))))
	return errors.Join(append(failed, err)...)
}

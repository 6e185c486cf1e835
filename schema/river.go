package schema

import (
	"context"
	"database/sql"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	// riverNumber leaves the low numbers to the SQL files. When River gets a newer schema, it comes as one more migration
	// with a number above this one; what is applied stays as it is.
	riverNumber = 90

	// riverVersion is the schema of River that this release works with. Pinned, so that a new version of the library
	// changes no database before somebody says so here.
	riverVersion = 8
)

// river makes the tables of the job queue, or removes them with all the jobs in them. River brings its own migrations and
// runs them in transactions of its own, because some need the commit of the one before: hence pool, and not the
// connection that goose would pass. Both directions can be repeated after a failure half way.
func river(pool *pgxpool.Pool) *goose.Migration {
	run := func(direction rivermigrate.Direction, target int) *goose.GoFunc {
		return &goose.GoFunc{RunDB: func(ctx context.Context, _ *sql.DB) error {
			m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				return err
			}
			_, err = m.Migrate(ctx, direction, &rivermigrate.MigrateOpts{TargetVersion: target})
			return err
		}}
	}
	const nothing = -1 // River's word for: undo all
	return goose.NewGoMigration(riverNumber,
		run(rivermigrate.DirectionUp, riverVersion),
		run(rivermigrate.DirectionDown, nothing))
}

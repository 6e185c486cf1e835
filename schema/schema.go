// Package schema is the shape of the database: the migrations, embedded in the binary, and what runs them. Nothing here
// logs; an error says which migration failed and why.
package schema

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Up applies every migration that the database lacks. Processes that call it at once take turns; the later ones find
// nothing left to do. A database that is newer than this binary is left as it is.
func Up(ctx context.Context, pool *pgxpool.Pool) error {
	return migrate(ctx, pool, func(p *goose.Provider, conn *sql.Conn) error {
		if _, err := p.Up(ctx); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, protect)
		return err
	})
}

// Down undoes the migration that was applied last, and with it the data that only the newer schema can hold. It does
// nothing when none is applied.
func Down(ctx context.Context, pool *pgxpool.Pool) error {
	return migrate(ctx, pool, func(p *goose.Provider, _ *sql.Conn) error {
		_, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		return err
	})
}

// Reset removes everything that the migrations made, all data included. Up works afterwards.
func Reset(ctx context.Context, pool *pgxpool.Pool) error {
	return migrate(ctx, pool, func(p *goose.Provider, conn *sql.Conn) error {
		if _, err := p.DownTo(ctx, 0); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "DROP TABLE "+goose.DefaultTablename)
		return err
	})
}

// migrate calls run while no other process migrates this database.
func migrate(ctx context.Context, pool *pgxpool.Pool, run func(*goose.Provider, *sql.Conn) error) (err error) {
	own, err := pgxpool.NewWithConfig(ctx, patient(pool.Config()))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer own.Close()
	db := stdlib.OpenDBFromPool(own)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Close()

	// The locker asks again every second instead of waiting inside Postgres: a waiting statement would hold the snapshot
	// that CREATE INDEX CONCURRENTLY in the other process waits for.
	turn, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := turn.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("migrate: wait for another process that migrates: %w", err)
	}
	defer func() { err = errors.Join(err, turn.SessionUnlock(context.WithoutCancel(ctx), conn)) }()

	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(river(own)),
		// River's number is above those of the SQL files, which go on counting below it.
		goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := run(provider, conn); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// patient turns the settings of the service's pool into those for migrating. The service's hooks may need types that do
// not exist yet, and its timeouts are made for requests: a migration may run for long. It may not wait for long, because
// whatever comes after it in the queue for a table's lock waits too.
func patient(c *pgxpool.Config) *pgxpool.Config {
	c.MaxConns, c.MinConns, c.MinIdleConns = 4, 0, 0
	c.AfterConnect, c.PrepareConn = nil, nil
	set := c.ConnConfig.RuntimeParams
	set["timezone"] = "UTC"
	set["statement_timeout"] = "0"
	set["idle_in_transaction_session_timeout"] = "0"
	set["lock_timeout"] = "10s"
	return c
}

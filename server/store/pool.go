package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// Limits bound what one request can ask of Postgres, so that a stalled server fails requests instead of collecting them.
type Limits struct {
	MaxConns         int32
	StatementTimeout time.Duration
	LockTimeout      time.Duration
}

// Open returns a pool on url. It does not wait for the server: a service may start before its database.
func Open(ctx context.Context, url string, l Limits) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL is not a Postgres URL") // the parser's error may quote the password
	}
	c.MaxConns = l.MaxConns
	c.MaxConnIdleTime = 5 * time.Minute
	c.MaxConnLifetime = time.Hour
	c.MaxConnLifetimeJitter = 5 * time.Minute
	c.HealthCheckPeriod = 5 * time.Second
	c.ConnConfig.ConnectTimeout = 3 * time.Second
	c.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgxuuid.Register(conn.TypeMap()) // as 16 bytes; without it each id goes as text, by way of an error
		return nil
	}
	set := c.ConnConfig.RuntimeParams
	set["application_name"] = "usher"
	set["timezone"] = "UTC"
	// Queries are small: to compile one, or to start processes that help with it, takes longer than to run it.
	set["jit"] = "off"
	set["max_parallel_workers_per_gather"] = "0"
	set["statement_timeout"] = milliseconds(l.StatementTimeout)
	set["lock_timeout"] = milliseconds(l.LockTimeout)
	set["idle_in_transaction_session_timeout"] = milliseconds(2 * l.StatementTimeout)
	return pgxpool.NewWithConfig(ctx, c)
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Planner runs each query with a plan of its own.
type Planner struct{ pool *pgxpool.Pool }

// Planned returns what runs queries on pool that have Postgres plan for the values they come with, each time. Statements
// are prepared otherwise, and after five runs Postgres may settle for one plan for all values. Searches want this: a rare
// value and a frequent one are found by different indexes, and a filter that is left out by none.
func Planned(pool *pgxpool.Pool) Planner { return Planner{pool} }

// planned makes the mode the first argument, which is where pgx takes it from: the unnamed statement, which is planned
// when values are bound to it. pgx remembers its types, so it is one round trip all the same.
func planned(args []any) []any { return append([]any{pgx.QueryExecModeCacheDescribe}, args...) }

// Exec runs a statement that returns no rows.
func (p Planner) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return p.pool.Exec(ctx, sql, planned(args)...)
}

// Query runs a query for rows.
func (p Planner) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return p.pool.Query(ctx, sql, planned(args)...)
}

// QueryRow runs a query for one row.
func (p Planner) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return p.pool.QueryRow(ctx, sql, planned(args)...)
}

// Package store opens the connection pool and the transactions. Functions that change state take the pgx.Tx it hands
// out, so none of them can run outside one.
package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const attempts = 5

// InTx runs fn in one transaction and returns its result once committed. It runs fn again when Postgres asks for that
// (serialization failure, deadlock), so fn must have no effect outside the transaction.
func InTx[T any](ctx context.Context, pool *pgxpool.Pool, fn func(pgx.Tx) (T, error)) (T, error) {
	var out T
	around := from(ctx)
	once := func(tx pgx.Tx) (err error) {
		if err = around.Begin(ctx, tx); err != nil {
			return err
		}
		if out, err = fn(tx); err != nil {
			return err
		}
		return around.Commit(ctx, tx, out)
	}
	var err error
	for i := range attempts {
		if err = pgx.BeginFunc(ctx, pool, once); err == nil {
			return out, nil
		}
		if !retryable(err) || !pause(ctx, i) {
			break
		}
	}
	var zero T
	return zero, err
}

func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// pause lets the others of a race finish; false when ctx ended meanwhile.
func pause(ctx context.Context, attempt int) bool {
	t := time.NewTimer(time.Duration(1+rand.IntN(5<<attempt)) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Around is what happens in a transaction before and after the work of a request: the same commit holds both. It is for
// requests with an Idempotency-Key, so a handler whose operation takes one opens one transaction and returns its answer
// from there.
type Around struct {
	Begin  func(ctx context.Context, tx pgx.Tx) error
	Commit func(ctx context.Context, tx pgx.Tx, result any) error
}

type key struct{}

// With returns a context whose transactions run a around their work.
func With(ctx context.Context, a Around) context.Context { return context.WithValue(ctx, key{}, a) }

func from(ctx context.Context) Around {
	if a, ok := ctx.Value(key{}).(Around); ok {
		return a
	}
	return Around{
		Begin:  func(context.Context, pgx.Tx) error { return nil },
		Commit: func(context.Context, pgx.Tx, any) error { return nil },
	}
}

//go:build !unix

package dev

import (
	"context"
	"errors"
)

// Postgres is a running server of our own, where there can be one.
type Postgres struct{}

// StartPostgres fails: running a server of our own needs process groups, file locks and signals.
func StartPostgres(context.Context, string, PostgresOptions) (*Postgres, error) {
	return nil, errors.New("the private Postgres of usher dev runs on Linux, Mac and BSD only: set DATABASE_URL to a Postgres that runs")
}

// URL is how to connect.
func (*Postgres) URL() string { return "" }

// Stop does nothing.
func (*Postgres) Stop() error { return nil }

// Package audit shows the log of who did what, to whom, when and from where. Package outbox writes it.
package audit

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/api"
)

// Handlers serves the operations tagged audit.
type Handlers struct {
	DB *pgxpool.Pool
}

var _ api.Audit = (*Handlers)(nil)

// Package transfers moves accounts in and out by the thousand, as CSV.
package transfers

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/server/token"
)

// Queue holds the jobs of transfers, which take long, apart from all others.
const Queue = "transfers"

// Handlers serves the operations tagged transfers.
type Handlers struct {
	DB    *pgxpool.Pool
	Files *token.Sealer // hides files at rest: they may hold passwords
}

var _ api.Transfers = (*Handlers)(nil)

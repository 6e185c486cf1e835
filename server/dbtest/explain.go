//go:build unix

package dbtest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
)

// Plan is a node of what EXPLAIN (ANALYZE, BUFFERS) tells.
type Plan struct {
	Node    string `json:"Node Type"`
	Index   string `json:"Index Name"`
	Hit     int    `json:"Shared Hit Blocks"`
	Read    int    `json:"Shared Read Blocks"`
	Removed int    `json:"Rows Removed by Filter"`
	Plans   []Plan
}

// Explained runs queries, and has Postgres tell how it did the last one.
type Explained struct {
	db.DBTX
	Plan Plan
	Text string // as Postgres told it
	t    testing.TB
}

// Explain returns what runs queries on conn and tells how.
func Explain(t testing.TB, conn db.DBTX) *Explained {
	t.Helper()
	return &Explained{DBTX: conn, t: t}
}

// Query runs a query for rows twice, the first time for its plan.
func (e *Explained) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	e.t.Helper()
	require.NoError(e.t, e.DBTX.QueryRow(ctx, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+sql, args...).Scan(&e.Text))
	var told []struct{ Plan Plan }
	require.NoError(e.t, json.Unmarshal([]byte(e.Text), &told))
	e.Plan = told[0].Plan
	return e.DBTX.Query(ctx, sql, args...)
}

// ByIndex tells whether all is found by indexes.
func (p Plan) ByIndex() bool {
	if strings.Contains(p.Node, "Seq Scan") || strings.Contains(p.Node, "Index") && p.Index == "" {
		return false
	}
	for _, sub := range p.Plans {
		if !sub.ByIndex() {
			return false
		}
	}
	return true
}

// Wasted counts the rows that were read and not wanted.
func (p Plan) Wasted() int {
	n := p.Removed
	for _, sub := range p.Plans {
		n += sub.Wasted()
	}
	return n
}

// Buffers counts the blocks that were looked at.
func (p Plan) Buffers() int { return p.Hit + p.Read }

package users_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/users"
)

// TestSlowSearches: searches that do not come to an end are ended, and never have all connections.
func TestSlowSearches(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	h := users.New(pool)
	var now, most atomic.Int32
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			err := h.Search(t.Context(), func(ctx context.Context) error {
				n := now.Add(1)
				defer now.Add(-1)
				for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
				}
				_, err := pool.Exec(ctx, "SELECT pg_sleep(60)")
				return err
			})
			f := fault.Of(err)
			if f == nil || f.Problem != spec.ProblemUnavailable || f.RetryAfter == 0 || f.Detail == "" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Positive(t, most.Load())
	require.Less(t, most.Load(), pool.Config().MaxConns)
}

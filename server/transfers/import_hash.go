package transfers

import (
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/usherhq/usher/server/password"
)

// hash replaces passwords by their hashes.
func (r *run) hash(ctx context.Context, rows []row) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range rows {
		if rows[i].secret == "" {
			continue
		}
		group.Go(func() error {
			hash, err := r.Hasher.Hash(ctx, rows[i].secret)
			for errors.Is(err, password.ErrBusy) { // people who sign in come first
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(100 * time.Millisecond):
				}
				hash, err = r.Hasher.Hash(ctx, rows[i].secret)
			}
			rows[i].passwordHash, rows[i].secret = &hash, ""
			return err
		})
	}
	return group.Wait()
}

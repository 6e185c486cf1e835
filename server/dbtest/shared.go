//go:build unix

package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/usherhq/usher/server/dev"
)

func connectShared(ctx context.Context) (*server, error) {
	return currentRun().connect(ctx, dev.PostgresOptions{Throwaway: true, Detached: true, Installed: true})
}

// connect goes to the run's server. The first to come starts it while the others wait.
func (r run) connect(ctx context.Context, opts dev.PostgresOptions) (*server, error) {
	if s, err := r.running(ctx); err == nil {
		return s, nil
	}
	unlock, err := r.lock()
	if err != nil {
		return nil, fmt.Errorf("share a Postgres with the other tests: %w", err)
	}
	defer unlock()
	if s, err := r.running(ctx); err == nil {
		return s, nil
	}
	if err := r.start(ctx, opts); err != nil {
		return nil, err
	}
	return r.running(ctx)
}

func (r run) running(ctx context.Context) (*server, error) {
	at, err := os.ReadFile(r.file("url"))
	if err != nil {
		return nil, err
	}
	if r.has("container") && !r.has(joined()) {
		return nil, errors.New("the container may end without us")
	}
	return dial(ctx, string(at))
}

// start starts a server that ends with the run, and writes down its URL.
func (r run) start(ctx context.Context, opts dev.PostgresOptions) error {
	if err := r.watch(); err != nil {
		return err
	}
	p, err := dev.StartPostgres(ctx, r.file("postgres"), opts)
	if errors.Is(err, dev.ErrNotInstalled) {
		return r.contain(ctx)
	}
	if err != nil {
		return err
	}
	return r.announce(p.URL())
}

func (r run) contain(ctx context.Context) error {
	at, err := container(ctx, filepath.Base(r.folder))
	if err != nil {
		return fmt.Errorf("no Postgres for the tests (%w): install Postgres 15 or newer (apt install postgresql, "+
			"brew install postgresql), start Docker, or set TEST_DATABASE_URL to a server on which tests may create databases", err)
	}
	return errors.Join(r.write("container", ""), r.write(joined(), ""), r.announce(at))
}

// announce writes the URL at one stroke, since the other packages read it without asking for the lock.
func (r run) announce(url string) error {
	if err := r.write("url.new", url); err != nil {
		return err
	}
	return os.Rename(r.file("url.new"), r.file("url"))
}

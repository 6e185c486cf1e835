package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/schema"
	"github.com/usherhq/usher/server/dev"
)

const (
	module   = "github.com/usherhq/usher"
	poolSize = 8 // connections to Postgres, of the service and of the floor each
)

// lab is where the measuring is done: a folder with both programs, a Postgres full of users, and whatever is started in
// it. All of that is gone after close.
type lab struct {
	options
	dir      string
	database string // its URL
	db       *pgxpool.Pool
	secret   string   // of the service; its keys in the database are good for no other
	settings []string // of the service, beside the usual
	accounts accounts
	closers  []func()
}

func newLab(ctx context.Context, o options) (*lab, error) {
	dir, err := os.MkdirTemp("", "usher-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{options: o, dir: dir, secret: rand.Text() + rand.Text()}
	l.closers = append(l.closers, func() { _ = os.RemoveAll(dir) }) // it is a temporary folder
	if err := l.fill(ctx); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() {
	for _, c := range slices.Backward(l.closers) {
		c()
	}
}

func (l *lab) fill(ctx context.Context) error {
	if err := l.build(ctx); err != nil {
		return err
	}
	postgres, err := dev.StartPostgres(ctx, filepath.Join(l.dir, "postgres"), dev.PostgresOptions{})
	if err != nil {
		return err
	}
	l.closers = append(l.closers, func() { _ = postgres.Stop() }) // it ends with this process at the latest
	l.database = postgres.URL()
	if l.db, err = pgxpool.New(ctx, l.database); err != nil {
		return err
	}
	l.closers = append(l.closers, l.db.Close)
	if err := schema.Up(ctx, l.db); err != nil {
		return err
	}
	l.accounts, err = seed(ctx, l.db, l.users, l.hashing)
	return err
}

// build makes the programs as a release would. A smoke run leaves the paths in, for Go has most of that compiled already;
// a run for profiles leaves the names of functions in.
func (l *lab) build(ctx context.Context) error {
	args := []string{"build", "-o", l.dir + string(filepath.Separator)}
	if !l.quick {
		args = append(args, "-trimpath")
	}
	if l.profiles == "" {
		args = append(args, "-ldflags=-s -w")
	}
	c := exec.CommandContext(ctx, "go", append(args, module+"/cmd/usher", module+"/cmd/bench/floor")...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// service starts the service with everything on, the log too.
func (l *lab) service(ctx context.Context) (*server, error) {
	return l.start(ctx, "usher", func(address string) ([]string, []string) {
		return []string{"serve"}, append([]string{
			"DATABASE_URL=" + l.database, "SMTP_URL=file://" + filepath.Join(l.dir, "mail"),
			"USHER_SECRET=" + l.secret, "USHER_BASE_URL=http://localhost", "USHER_LISTEN=" + address,
			fmt.Sprint("USHER_DB_CONNECTIONS=", poolSize), "USHER_LOG_LEVEL=info", "USHER_ACCESS_LIFETIME=24h", "USHER_DRAIN=0s",
			fmt.Sprint("USHER_HASH_MEMORY_KIB=", l.hashing.MemoryKiB), fmt.Sprint("USHER_HASH_ITERATIONS=", l.hashing.Iterations),
			fmt.Sprint("USHER_HASH_PARALLELISM=", l.hashing.Parallelism),
		}, l.settings...)
	})
}

func (l *lab) floor(ctx context.Context) (*server, error) {
	return l.start(ctx, "floor", func(address string) ([]string, []string) {
		return []string{"-listen", address, "-connections", fmt.Sprint(poolSize)}, []string{"DATABASE_URL=" + l.database}
	})
}

// start starts one of the programs on a free port, with the arguments and the environment for it.
func (l *lab) start(ctx context.Context, program string, with func(address string) (args, env []string)) (*server, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, err
	}
	args, env := with(address)
	s, err := start(ctx, address, filepath.Join(l.dir, program), args, env)
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, s.stop)
	return s, nil
}

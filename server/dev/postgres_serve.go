//go:build unix

package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how long a server may take to get ready: after a crash it first reads its log.
const patience = 2 * time.Minute

// serve starts the server and returns once it answers. Between choosing a free port and its use somebody else may take
// it, and the children of a killed server may hold the data for a moment: hence more than one try.
func (f *folder) serve(ctx context.Context, bin string, opts PostgresOptions) (*Postgres, error) {
	password, err := os.ReadFile(filepath.Join(f.dir, "password"))
	if err != nil {
		return nil, fmt.Errorf("the password of the database in %s is lost (%w): move %s away to start with an empty database", f.dir, err, f.data())
	}
	for range 5 {
		var p *Postgres
		if p, err = f.attempt(ctx, bin, string(password), opts); err == nil {
			return p, nil
		}
		if !errors.Is(err, errEnded) {
			return nil, err
		}
		if !pause(ctx, 100*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
	log, _ := os.ReadFile(f.log())
	return nil, fmt.Errorf("Postgres does not start in %s; the end of %s:\n%s", f.dir, f.log(), tail(log))
}

var errEnded = errors.New("the server ended")

func (f *folder) attempt(ctx context.Context, bin, password string, opts PostgresOptions) (*Postgres, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(f.log())
	if err != nil {
		return nil, unusable(f.dir, err)
	}
	defer log.Close()
	cmd := f.command(context.WithoutCancel(ctx), bin, "postgres", settings(f.path("data"), port, opts.Throwaway)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("Postgres does not start: %w", err)
	}
	p := &Postgres{url: address(port, password, database), process: cmd.Process, exited: make(chan struct{}), folder: f}
	ended, err := leash(cmd.Process.Pid, opts.Detached)
	go func() {
		_ = cmd.Wait() // how it went is in the log
		ended()
		close(p.exited)
	}()
	if err == nil {
		err = p.ready(ctx, address(port, password, "postgres"))
	}
	if err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

func settings(data string, port int, throwaway bool) []string {
	args := []string{"-D", data}
	set := func(pairs ...string) {
		for _, pair := range pairs {
			args = append(args, "-c", pair)
		}
	}
	// TCP only: the path of a socket in the folder could be longer than the 100 bytes that sockets allow.
	set(fmt.Sprintf("port=%d", port), "listen_addresses=127.0.0.1", "unix_socket_directories=")
	if throwaway {
		set("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "max_connections=300",
			"wal_level=minimal", "max_wal_senders=0", "min_wal_size=32MB", "max_wal_size=256MB")
	}
	return args
}

// ready waits until the server takes connections and makes the database in a new cluster.
func (p *Postgres) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	for ; err != nil; conn, err = pgx.Connect(ctx, url) {
		select {
		case <-p.exited:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("Postgres does not get ready: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists); err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
	return err
}

func (f *folder) log() string { return filepath.Join(f.dir, "postgres.log") }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("no free port on 127.0.0.1 for Postgres: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

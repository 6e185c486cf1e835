//go:build unix

package dev

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
)

const (
	owner    = "usher" // the superuser of the private cluster
	database = "usher"
)

// Postgres is a running server of our own. It lives until Stop, or until this process dies, be it by kill -9. Should it
// survive that, the next StartPostgres on its folder ends it first.
type Postgres struct {
	url     string
	process *os.Process
	exited  chan struct{}
	folder  *folder
}

// StartPostgres starts a private Postgres that keeps its data in dir and listens on 127.0.0.1 only, on a port that is
// new each time, behind a random password. It makes dir and the data when they are absent; ctx bounds the start only.
// One process at a time can use dir. The errors are sentences for the person at the keyboard.
func StartPostgres(ctx context.Context, dir string, opts PostgresOptions) (*Postgres, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	p, err := f.start(ctx, opts)
	if err != nil {
		f.close()
		return nil, err
	}
	return p, nil
}

func (f *folder) start(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	major, err := f.major()
	if err != nil {
		return nil, err
	}
	bin, err := f.binaries(ctx, major, opts)
	if err != nil {
		return nil, err
	}
	if err := f.stopLeftover(); err != nil {
		return nil, err
	}
	if major == 0 {
		if err := f.create(ctx, bin, opts.Throwaway); err != nil {
			return nil, err
		}
	}
	return f.serve(ctx, bin, opts)
}

// URL is how to connect, as the superuser, to the database usher.
func (p *Postgres) URL() string { return p.url }

// Stop ends the server: connections are cut, open transactions roll back, the data is on disk when it returns. A server
// that takes too long is ended harder and recovers at the next start. Calling it again does nothing.
func (p *Postgres) Stop() error {
	defer p.folder.close()
	return p.end()
}

func (p *Postgres) end() error {
	return stop(p.process, func() bool {
		select {
		case <-p.exited:
			return true
		default:
			return false
		}
	})
}

func address(port int, password, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(owner, password),
		Host:     fmt.Sprintf("127.0.0.1:%d", port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

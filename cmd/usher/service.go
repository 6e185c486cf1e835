package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/schema"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/audit"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/fields"
	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/site"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/transfers"
	"github.com/usherhq/usher/server/users"
	"github.com/usherhq/usher/server/worker"
)

// open returns a pool on the database of the settings.
func (d Database) open(ctx context.Context) (*pgxpool.Pool, error) {
	return store.Open(ctx, d.DatabaseURL, store.Limits{
		MaxConns: int32(d.Connections), StatementTimeout: 8 * time.Second, LockTimeout: 4 * time.Second,
	})
}

// connect returns a pool on a database that answers now.
func (d Database) connect(ctx context.Context) (*pgxpool.Pool, error) {
	pool, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the database does not answer: %s", lastTry(err))
	}
	return pool, nil
}

// lastTry is what became of the last of all attempts to connect, which an error lists line by line.
func lastTry(err error) string {
	lines := strings.Split(err.Error(), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func (h Hashing) hasher() (*password.Hasher, error) {
	slots := h.HashSlots
	if slots == 0 {
		slots = max(1, runtime.GOMAXPROCS(0)-1) // see tune
	}
	return password.NewHasher(password.Params{
		MemoryKiB: uint32(h.HashMemoryKiB), Iterations: uint32(h.HashIterations), Parallelism: uint8(h.HashParallelism),
	}, slots, h.HashQueue)
}

// service is the HTTP side: everything that `serve` and `dev` run.
type service struct {
	handler  http.Handler
	keys     *token.Keys
	keep     func(context.Context) (*token.Keyring, error)
	drain    time.Duration
	draining atomic.Bool
	log      *slog.Logger
}

// newService waits for the database, then builds the service on it. extra are pages beside the usual ones.
func newService(ctx context.Context, s settings, pool *pgxpool.Pool, log *slog.Logger, extra map[string]http.Handler) (*service, error) {
	secret, err := token.NewSecret([]byte(s.Secret))
	if err != nil {
		return nil, fmt.Errorf("USHER_SECRET: %w", err)
	}
	hasher, err := s.hasher()
	if err != nil {
		return nil, err
	}
	if err := await(ctx, pool, log); err != nil {
		return nil, err
	}
	policy := s.policy()
	policy.Issuer = s.BaseURL
	v := &service{log: log, drain: s.Drain, keep: func(ctx context.Context) (*token.Keyring, error) { return auth.KeepKeys(ctx, pool, secret, policy) }}
	ring, err := v.keep(ctx)
	if err != nil {
		return nil, fmt.Errorf("signing keys (was USHER_SECRET changed?): %w", err)
	}
	v.keys = token.NewKeys(ring)
	shown, err := sitePages()
	if err != nil {
		return nil, err
	}
	maps.Copy(shown, extra)
	v.handler, err = server.New(server.Options{
		DB: pool, Secret: secret, Log: log, Pages: shown, AllowedOrigins: s.AllowedOrigins, TrustedProxies: s.networks(),
		LimitScale: s.RateLimitScale,
		Ready:      v.ready(pool),
		Users:      users.New(pool), Audit: &audit.Handlers{DB: pool}, Fields: &fields.Handlers{DB: pool},
		Transfers: &transfers.Handlers{DB: pool, Files: files(secret)},
		Auth: &auth.Handlers{
			DB: pool, Hasher: hasher, Keys: v.keys, Refresher: token.NewRefresher(secret), Factors: token.NewSealer(secret, "second factor"),
			SubjectKey: secret.Derive("failed sign-ins"), Settings: s.access(),
		},
	})
	return v, err
}

// files hides the files of transfers at rest.
func files(secret token.Secret) *token.Sealer { return token.NewSealer(secret, "files") }

// access are the settings of signing in.
func (s settings) access() auth.Settings {
	return auth.Settings{
		FirstUserAdmin: s.FirstUserAdmin, Registration: auth.Registration(s.Registration), Conceal: s.Conceal,
		PasswordGrant: s.PasswordGrant, LockAfter: s.LockAfter, LockFor: s.LockFor,
		StaffFactor: s.StaffFactor, StepUpWithin: s.StepUpWithin, Product: s.ProductName, Issuer: s.BaseURL,
		AccessLifetime: s.AccessLifetime, IdleLifetime: s.SessionIdle, Lifetime: s.SessionLifetime, RefreshGrace: s.RefreshGrace,
	}
}

var errUnmigrated = errors.New("the database lacks migrations: run `usher migrate up`")

// migrated refuses a database that lacks a migration.
func migrated(ctx context.Context, pool *pgxpool.Pool) error {
	pending, err := schema.Pending(ctx, pool)
	if err == nil && pending {
		return errUnmigrated
	}
	return err
}

// await waits until the database answers, and refuses one that lacks a migration.
func await(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	for err := migrated(ctx, pool); err != nil; err = migrated(ctx, pool) {
		if errors.Is(err, errUnmigrated) {
			return err
		}
		log.Warn("waiting for the database", "error", lastTry(err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return nil
}

// sitePages are what people open in a browser, by the path as Echo writes it.
func sitePages() (map[string]http.Handler, error) {
	content := site.Content{OpenAPIYAML: api.YAML, OpenAPIJSON: api.JSON}
	for _, p := range spec.Problems() {
		content.Problems = append(content.Problems, site.Problem{Code: string(p), Title: p.Title(), Status: p.Status(), Description: p.Description()})
	}
	pages, err := site.New(content)
	if err != nil {
		return nil, err
	}
	out := map[string]http.Handler{}
	for _, path := range pages.Paths() {
		out[strings.NewReplacer("{", ":", "}", "").Replace(path)] = pages
	}
	return out, nil
}

// ready says whether to send requests here: not while stopping, and not without the database.
func (v *service) ready(pool *pgxpool.Pool) func(context.Context) error {
	return func(ctx context.Context) error {
		if v.draining.Load() {
			return errors.New("stopping")
		}
		return pool.Ping(ctx)
	}
}

// patience is how long requests may take to finish after the end was asked for: within ten seconds all is over.
const patience = 8 * time.Second

// serve answers requests on l until ctx ends. Then it says that it is not ready, goes on for long enough to be heard,
// takes no new ones and finishes those in flight.
func (v *service) serve(ctx context.Context, l net.Listener) error {
	go auth.FollowKeys(ctx, v.keys, time.Minute, v.keep, func(err error) { v.log.Warn("signing keys not reloaded", "error", err.Error()) })
	s := &http.Server{
		Handler: v.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(v.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	v.draining.Store(true)
	stopping, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer done()
	select {
	case err := <-failed:
		return err
	case <-time.After(v.drain):
	}
	if err := s.Shutdown(stopping); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), s.Close())
	}
	return nil
}

// newWorker builds the side that does what requests leave for later.
func newWorker(s settings, pool *pgxpool.Pool, log *slog.Logger) (*worker.Worker, error) {
	composer, sender, err := s.mailing()
	if err != nil {
		return nil, err
	}
	secret, err := token.NewSecret([]byte(s.Secret))
	if err != nil {
		return nil, fmt.Errorf("USHER_SECRET: %w", err)
	}
	hasher, err := s.hasher()
	if err != nil {
		return nil, err
	}
	return worker.New(worker.Options{
		DB: pool, Hasher: hasher, Files: files(secret), Log: log, Composer: composer, Sender: sender, BaseURL: s.BaseURL, VerificationLifetime: s.VerificationLifetime,
		ResetLifetime: s.ResetLifetime, UnconfirmedLifetime: s.UnconfirmedLifetime,
	})
}

// mailing checks all templates and the address of the mail server, which is not called yet.
func (s settings) mailing() (*mail.Composer, mail.Sender, error) {
	composer, err := mail.NewComposer(mail.Settings{From: s.MailFrom, ProductName: s.ProductName, BaseURL: s.BaseURL, TemplatesDir: s.MailTemplates})
	if err != nil {
		return nil, nil, err
	}
	sender, err := mail.Open(s.SMTPURL)
	if err != nil {
		return nil, nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	return composer, sender, nil
}

// runWorker works until ctx ends, then lets running jobs finish.
func runWorker(ctx context.Context, w *worker.Worker) error {
	if err := w.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, done := context.WithTimeout(context.WithoutCancel(ctx), 7*time.Second)
	defer done()
	return w.Stop(stopping)
}

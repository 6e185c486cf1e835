// Package apitest runs the whole service over HTTP in a test, on a database of its own, and holds every answer to the
// contract.
package apitest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/audit"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/fields"
	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/mail/smtptest"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/transfers"
	"github.com/usherhq/usher/server/users"
	"github.com/usherhq/usher/server/worker"
)

// Server is a running service.
type Server struct {
	URL  string
	DB   *pgxpool.Pool
	Auth *auth.Handlers

	t      testing.TB
	hasher *password.Hasher
}

// Option changes how a service is set up.
type Option func(*auth.Settings, *server.Options)

// FirstUserAdmin makes the first to register ADMIN.
func FirstUserAdmin(s *auth.Settings, _ *server.Options) { s.FirstUserAdmin = true }

// Settings changes the settings of auth.
func Settings(change func(*auth.Settings)) Option {
	return func(s *auth.Settings, _ *server.Options) { change(s) }
}

// Wire changes the options of the server.
func Wire(change func(*server.Options)) Option {
	return func(_ *auth.Settings, o *server.Options) { change(o) }
}

// New starts a service that lives as long as t.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	return On(t, dbtest.New(t), options...)
}

// Secret is the secret of every service that tests start.
func Secret(t testing.TB) token.Secret {
	t.Helper()
	secret, err := token.NewSecret([]byte("the secret of the tests, long enough to be one"))
	require.NoError(t, err)
	return secret
}

// On starts a service on a database; two of them are two replicas.
func On(t testing.TB, pool *pgxpool.Pool, options ...Option) *Server {
	t.Helper()
	secret := Secret(t)
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 64, Iterations: 1, Parallelism: 1}, 4, 256)
	require.NoError(t, err)
	s := &Server{DB: pool, t: t, hasher: hasher}
	s.Auth = &auth.Handlers{DB: pool, Hasher: hasher, Refresher: token.NewRefresher(secret), Factors: token.NewSealer(secret, "second factor"), SubjectKey: secret.Derive("failed sign-ins"), Settings: auth.Settings{
		PasswordGrant: true, LockAfter: 5, LockFor: 15 * time.Minute, StepUpWithin: 15 * time.Minute, Product: "Usher", Issuer: "http://usher.test",
		AccessLifetime: 15 * time.Minute, IdleLifetime: time.Hour, Lifetime: 24 * time.Hour, RefreshGrace: 10 * time.Second,
	}}
	o := server.Options{
		DB: pool, Auth: s.Auth, Users: users.New(pool), Audit: &audit.Handlers{DB: pool}, Secret: secret,
		Fields: &fields.Handlers{DB: pool}, Transfers: &transfers.Handlers{DB: pool, Files: token.NewSealer(secret, "files")},
		Log:   slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready: func(ctx context.Context) error { return pool.Ping(ctx) },
	}
	for _, change := range options {
		change(&s.Auth.Settings, &o)
	}
	ring, err := auth.KeepKeys(t.Context(), pool, secret, auth.KeyPolicy{
		Algorithm: token.EdDSA, RotateEvery: 720 * time.Hour, PublishAhead: 24 * time.Hour,
		AccessLifetime: s.Auth.Settings.AccessLifetime, Issuer: "http://usher.test",
	})
	require.NoError(t, err)
	s.Auth.Keys = token.NewKeys(ring)
	handler, err := server.New(o)
	require.NoError(t, err)
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	s.URL = listening.URL
	return s
}

// Work starts a worker that mails through the returned server.
func (s *Server) Work() *smtptest.Server {
	s.t.Helper()
	smtp := smtptest.Start(s.t)
	composer, err := mail.NewComposer(mail.Settings{From: "no-reply@usher.test", ProductName: "Usher", BaseURL: s.URL})
	require.NoError(s.t, err)
	sender, err := mail.Open(smtp.URL())
	require.NoError(s.t, err)
	w, err := worker.New(worker.Options{
		DB: s.DB, Hasher: s.hasher, Files: token.NewSealer(Secret(s.t), "files"), Log: slog.New(slog.DiscardHandler), Composer: composer, Sender: sender, BaseURL: s.URL, VerificationLifetime: time.Hour,
		ResetLifetime: time.Hour, UnconfirmedLifetime: 7 * 24 * time.Hour,
	})
	require.NoError(s.t, err)
	require.NoError(s.t, w.Start(context.WithoutCancel(s.t.Context())))
	s.t.Cleanup(func() {
		ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		require.NoError(s.t, w.Stop(ctx))
	})
	return smtp
}

// Facts lists the kinds of the facts recorded so far, in order.
func (s *Server) Facts() []string {
	s.t.Helper()
	rows, err := db.New().ListFacts(s.t.Context(), s.DB, 0, 1000)
	require.NoError(s.t, err)
	kinds := []string{}
	for _, r := range rows {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}

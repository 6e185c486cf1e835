package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/store"
)

// lines is a log that many goroutines write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func logTo(l *lines) apitest.Option {
	return apitest.Wire(func(o *server.Options) { o.Log = slog.New(slog.NewJSONHandler(l, nil)) })
}

// TestFailuresAreOpaque: a 500 shows nothing of what happened but the id under which the log has it.
func TestFailuresAreOpaque(t *testing.T) {
	t.Parallel()
	log := &lines{}
	srv := apitest.New(t, logTo(log))
	admin := srv.Role(spec.RoleADMIN)
	_, err := srv.DB.Exec(t.Context(), "ALTER TABLE outbox RENAME TO elsewhere")
	require.NoError(t, err)
	p := apitest.Refused(admin, "POST", "/users", invited("ann@example.com"), spec.ProblemInternal)
	require.Nil(t, p.Detail)
	require.Contains(t, log.String(), p.Instance)
	require.Contains(t, log.String(), `relation \"outbox\" does not exist`)
	var stored bool
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM users WHERE email = 'ann@example.com')").Scan(&stored))
	require.False(t, stored, "nothing half-done")
}

// TestDatabaseStalls: what Postgres does not answer in time fails with 503, and goes on when it does.
func TestDatabaseStalls(t *testing.T) {
	t.Parallel()
	pool, err := store.Open(t.Context(), dbtest.URL(t), store.Limits{MaxConns: 4, StatementTimeout: time.Second, LockTimeout: time.Second})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	srv := apitest.On(t, pool)
	me := srv.Role(spec.RoleADMIN)
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	a := me.Send("GET", "/me", nil)
	require.Equal(t, http.StatusServiceUnavailable, a.Status, string(a.Body))
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.NoError(t, tx.Rollback(t.Context()))
	apitest.Do[spec.User](me, "GET", "/me", nil, 200)
}

// TestLogsHoldNoSecrets: neither passwords nor tokens nor addresses get into the log, whatever happens.
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	log := &lines{}
	srv := apitest.New(t, logTo(log))
	nobody := srv.Nobody()
	u := srv.User(spec.RoleAUTHENTICATED)
	nobody.Send("POST", "/auth/register", draft("secret.address@example.com"))
	nobody.Send("POST", "/auth/register", draft("secret.address@example.com"))
	nobody.Send("POST", "/auth/register", `{"email":"secret.address@example.com","password":"secret.wor`)
	nobody.Send("POST", "/auth/token", map[string]string{"grant_type": "password", "username": u.Email, "password": "secret.word"})
	tok := decode[spec.Token](t, nobody.Send("POST", "/auth/token", map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password}).Body)
	srv.Bearer(tok.AccessToken).Send("GET", "/me", nil)
	srv.Bearer(tok.AccessToken).Send("GET", "/users?cursor="+tok.RefreshToken, nil)
	srv.Bearer("x"+tok.AccessToken).Send("GET", "/me", nil)
	nobody.Send("POST", "/auth/verification/confirm", map[string]string{"user_id": u.ID.String(), "token": "secret.token"})
	require.Positive(t, strings.Count(log.String(), "\n"))
	for _, secret := range []string{"secret.", apitest.Password, u.Email, tok.AccessToken, tok.RefreshToken} {
		require.NotContains(t, log.String(), secret)
	}
}

// TestAddresses: X-Forwarded-For is believed from our own proxies only.
func TestAddresses(t *testing.T) {
	t.Parallel()
	_, loopback, err := net.ParseCIDR("127.0.0.0/8")
	require.NoError(t, err)
	for want, options := range map[string][]apitest.Option{
		"127.0.0.0/24":   nil,
		"203.0.113.0/24": {apitest.Wire(func(o *server.Options) { o.TrustedProxies = []*net.IPNet{loopback} })},
	} {
		srv := apitest.New(t, options...)
		u := srv.User(spec.RoleAUTHENTICATED)
		tok := decode[spec.Token](t, srv.Nobody().With("X-Forwarded-For", "198.51.100.7, 203.0.113.9").Send("POST", "/auth/token",
			map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password}).Body)
		page := apitest.Do[spec.SessionPage](srv.Bearer(tok.AccessToken), "GET", "/me/sessions", nil, 200)
		require.Equal(t, want, page.Items[0].Address)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	allowed := apitest.New(t, apitest.Wire(func(o *server.Options) { o.AllowedOrigins = []string{"https://app.example"} }))
	for origin, want := range map[string]string{"https://app.example": "https://app.example", "https://evil.example": ""} {
		a := allowed.Role(spec.RoleAUTHENTICATED).With("Origin", origin).Send("GET", "/me", nil)
		require.Equal(t, want, a.Header.Get("Access-Control-Allow-Origin"))
		require.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"))
		require.Subset(t, a.Header.Values("Vary"), []string{"Origin", "Authorization"})
	}
	none := apitest.New(t).Role(spec.RoleAUTHENTICATED).With("Origin", "https://app.example").Send("GET", "/me", nil)
	require.Empty(t, none.Header.Get("Access-Control-Allow-Origin"))
}

func TestReadyWithoutDatabase(t *testing.T) {
	t.Parallel()
	pool, err := store.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none", store.Limits{MaxConns: 4, StatementTimeout: time.Second, LockTimeout: time.Second})
	require.NoError(t, err)
	defer pool.Close()
	srv := apitest.New(t, apitest.Wire(func(o *server.Options) { o.Ready = func(ctx context.Context) error { return pool.Ping(ctx) } }))
	require.Equal(t, 503, get(t, srv.URL+"/readyz").StatusCode)
	require.Equal(t, 200, get(t, srv.URL+"/healthz").StatusCode)
}

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/dev"
)

// serving starts a service and waits until it answers.
func serving(t *testing.T, environment variables, args ...string) (*process, client) {
	t.Helper()
	p := start(t, environment, append([]string{"serve"}, args...)...)
	return p, client{t: t, url: "http://" + p.says(`"msg":"serving","address":"(.+?)"`)}
}

// member makes an account and returns the service as it answers them.
func member(t *testing.T, environment variables, service client, email string) client {
	t.Helper()
	p := start(t, environment, "user", "create", "--email", email)
	signedIn, _ := service.signIn(email, p.says(`Password: (\S+)`))
	return signedIn
}

func TestEndingFinishesWhatWasBegun(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	env := onDatabaseOf(pool).with(variables{"USHER_DRAIN": "4s"})
	p, first := serving(t, env)
	_, second := serving(t, env)
	ada := member(t, env, first, "ada@example.com")

	lock, err := pool.Begin(t.Context())
	require.NoError(t, err)
	defer lock.Rollback(context.Background())
	_, err = lock.Exec(t.Context(), "SELECT FROM users FOR UPDATE")
	require.NoError(t, err)
	answered := make(chan int, 1)
	go func() {
		status, _, _ := ada.send("PATCH", "/me", map[string]string{"location": "London"})
		answered <- status
	}()
	require.Eventually(t, func() bool {
		var waiting bool
		err := pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waiting)
		return err == nil && waiting
	}, soon, tick)
	require.Equal(t, http.StatusOK, status(first, "/readyz"))

	p.signal(syscall.SIGTERM)
	require.Eventually(t, func() bool { return status(first, "/readyz") == http.StatusServiceUnavailable }, 4*time.Second, tick)
	require.Equal(t, http.StatusOK, status(first, "/healthz"))
	require.Empty(t, answered)
	require.NoError(t, lock.Rollback(t.Context()))
	require.Equal(t, http.StatusOK, <-answered)
	p.ends(10 * time.Second).succeeds(t)

	require.Zero(t, status(first, "/readyz"))
	require.Equal(t, http.StatusOK, status(second, "/readyz"))
	second.token = ada.token
	require.Equal(t, "London", *want[spec.User](second, http.StatusOK, "GET", "/me", nil).Location)
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p, service := serving(t, onDatabaseAt(dbtest.URL(t)).with(variables{"USHER_DRAIN": "5s"}))
	p.signal(syscall.SIGTERM)
	require.Eventually(t, func() bool { return status(service, "/readyz") == http.StatusServiceUnavailable }, 4*time.Second, tick)
	require.Eventually(t, func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // again and again, as the impatient do; it may have ended
		return p.dead()
	}, 4*time.Second, tick)
	require.Equal(t, -1, p.ends(soon).code, "ended by the signal")
}

func status(c client, path string) int {
	code, _ := c.page(path)
	return code
}

func TestServeWaitsForItsDatabase(t *testing.T) {
	t.Parallel()
	env := onDatabaseAt(dbtest.URL(t))
	u, err := url.Parse(env["DATABASE_URL"])
	require.NoError(t, err)
	name := u.Path[1:]
	admin, err := pgx.Connect(t.Context(), dbtest.Empty(t))
	require.NoError(t, err)
	defer admin.Close(context.Background())
	rename := func(from, to string) {
		t.Helper()
		_, err := admin.Exec(t.Context(), "ALTER DATABASE "+from+" RENAME TO "+to)
		require.NoError(t, err)
	}
	rename(name, name+"_later")
	p, worker, impatient := start(t, env, "serve"), start(t, env, "work"), start(t, env, "serve")
	for _, each := range []*process{p, worker, impatient} {
		each.says(`"msg":"waiting for the database","error":"[^"\\]*\\"` + name + `\\" does not exist`)
	}
	impatient.stops()
	rename(name+"_later", name)
	service := client{t: t, url: "http://" + p.says(`"msg":"serving","address":"(.+?)"`)}
	require.Equal(t, http.StatusOK, status(service, "/readyz"))
	worker.says(`"msg":"working"`)
	p.stops()
	worker.stops()
}

func TestServeRecoversWhenPostgresRestarts(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	postgres, err := dev.StartPostgres(t.Context(), folder, dev.PostgresOptions{Throwaway: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, postgres.Stop()) })
	door := openDoor(t)
	env := onDatabaseAt(door.lead(t, postgres.URL()))
	start(t, env, "migrate", "up").ends(soon).succeeds(t)
	_, service := serving(t, env, "--work")
	ada := member(t, env, service, "ada@example.com")
	ada.recovers(soon)

	require.NoError(t, postgres.Stop())
	for range 8 { // more than there are connections
		before := time.Now()
		problem := want[spec.ProblemDetails](ada, http.StatusServiceUnavailable, "GET", "/me", nil)
		require.Equal(t, spec.ProblemUnavailable, problem.Code)
		require.Less(t, time.Since(before), 5*time.Second)
	}
	require.Equal(t, http.StatusServiceUnavailable, status(service, "/readyz"))
	require.Equal(t, http.StatusOK, status(service, "/healthz"), "to start it again would not help")

	postgres, err = dev.StartPostgres(t.Context(), folder, dev.PostgresOptions{Throwaway: true})
	require.NoError(t, err)
	door.lead(t, postgres.URL())
	ada.recovers(5 * time.Second)
	service.register("bob@example.com")
	require.Equal(t, http.StatusOK, status(service, "/readyz"))
}

// door is an address that stays the same when the server behind it moves.
type door struct {
	net.Listener
	mu     sync.Mutex
	behind string
}

func openDoor(t *testing.T) *door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &door{Listener: l}
	t.Cleanup(func() { _ = d.Close() })
	go func() {
		for {
			conn, err := d.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			go d.pass(conn)
		}
	}()
	return d
}

// lead changes what is behind the door and returns the URL that goes through it.
func (d *door) lead(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	require.NoError(t, err)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.behind, u.Host = u.Host, d.Addr().String()
	return u.String()
}

func (d *door) pass(outside net.Conn) {
	defer outside.Close()
	d.mu.Lock()
	behind := d.behind
	d.mu.Unlock()
	inside, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	defer inside.Close()
	go func() {
		_, _ = io.Copy(inside, outside)
		inside.Close()
	}()
	_, _ = io.Copy(outside, inside)
}

func TestTakenAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().String()
	env := onDatabaseAt(dbtest.URL(t))
	command(t, env.with(variables{"USHER_LISTEN": taken}), "", "serve").fails(t,
		taken+" is taken: stop what listens there, or choose another with USHER_LISTEN")
	command(t, env.with(variables{"USHER_LISTEN": "192.0.2.1:80"}), "", "serve").fails(t,
		"cannot listen on 192.0.2.1:80 (USHER_LISTEN): bind: cannot assign requested address")
}

func TestForeignSecret(t *testing.T) {
	env := onDatabaseAt(dbtest.URL(t))
	p, _ := serving(t, env)
	p.stops()
	e := command(t, env.with(variables{"USHER_SECRET": "Vs89eMY2pqubNby626OxXZZyXJzwjMUdT/SpVENWSjyfamm6p7iW8kLsJUH9RrpW"}), "", "serve")
	require.Regexp(t, `^usher: signing keys \(was USHER_SECRET changed\?\): .*\n$`, e.errs)
	require.Equal(t, 1, e.code)
}

package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/password"
)

func TestOf(t *testing.T) {
	code := func(c string) error { return &pgconn.PgError{Code: c} }
	violated := func(code, constraint string) error { return &pgconn.PgError{Code: code, ConstraintName: constraint} }
	for name, tt := range map[string]struct {
		err  error
		want spec.Problem
	}{
		"a fault":                   {fault.New(spec.ProblemForbidden, ""), spec.ProblemForbidden},
		"no row":                    {pgx.ErrNoRows, spec.ProblemNotFound},
		"the hash queue is full":    {password.ErrBusy, spec.ProblemBusy},
		"a constraint we name":      {violated("23505", "email_taken"), spec.ProblemEmailTaken},
		"a check we name":           {violated("23514", "nickname_taken"), spec.ProblemNicknameTaken},
		"one we raise":              {violated("P0001", "last_admin"), spec.ProblemLastAdmin},
		"a constraint that is ours": {violated("23505", "users_pkey"), spec.ProblemInternal},
		"a foreign key":             {violated("23503", "sessions_user_id_fkey"), spec.ProblemInternal},
		"another spelling":          {violated("23505", "EMAIL_TAKEN"), spec.ProblemInternal},
		"a syntax error":            {code("42601"), spec.ProblemInternal},
		"no such table":             {code("42P01"), spec.ProblemInternal},
		"bad text":                  {code("22021"), spec.ProblemInternal},
		"connection lost":           {code("08006"), spec.ProblemUnavailable},
		"too many connections":      {code("53300"), spec.ProblemUnavailable},
		"disk full":                 {code("53100"), spec.ProblemUnavailable},
		"statement timeout":         {code("57014"), spec.ProblemUnavailable},
		"shut down":                 {code("57P01"), spec.ProblemUnavailable},
		"crashed":                   {code("57P02"), spec.ProblemUnavailable},
		"starting":                  {code("57P03"), spec.ProblemUnavailable},
		"lock timeout":              {code("55P03"), spec.ProblemUnavailable},
		"lost a race":               {code("40001"), spec.ProblemUnavailable},
		"deadlock":                  {code("40P01"), spec.ProblemUnavailable},
		"a standby":                 {code("25006"), spec.ProblemUnavailable},
		"idle in a transaction":     {code("25P03"), spec.ProblemUnavailable},
		"a transaction too long":    {code("25P04"), spec.ProblemUnavailable},
		"deadline":                  {context.DeadlineExceeded, spec.ProblemUnavailable},
		"cancelled":                 {context.Canceled, spec.ProblemUnavailable},
		"a closed socket":           {net.ErrClosed, spec.ProblemUnavailable},
		"network":                   {&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, spec.ProblemUnavailable},
		"an I/O deadline":           {os.ErrDeadlineExceeded, spec.ProblemUnavailable},
		"no such host":              {&net.DNSError{Err: "no such host"}, spec.ProblemUnavailable},
		"unheard of":                {errors.New("conn closed, says a stranger"), spec.ProblemInternal},
		"no such file":              {os.ErrNotExist, spec.ProblemInternal},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{tt.err, fmt.Errorf("users: %w", tt.err), errors.Join(errors.New("another"), tt.err)} {
				got := fault.Of(err)
				require.Equal(t, tt.want, got.Problem)
				require.True(t, fault.Is(err, tt.want))
				require.False(t, fault.Is(err, spec.ProblemSelfDeletion))
				require.ErrorIs(t, errors.Join(err, got), tt.err)
				retry := tt.want == spec.ProblemUnavailable || tt.want == spec.ProblemBusy
				require.Equal(t, retry, got.RetryAfter > 0)
				require.Empty(t, got.Detail)
			}
		})
	}
	require.Nil(t, fault.Of(nil))
	require.False(t, fault.Is(nil, spec.ProblemInternal))
}

// TestFirstFaultWins: what a rule has decided stays, whatever caused it.
func TestFirstFaultWins(t *testing.T) {
	err := fmt.Errorf("sign in: %w", &fault.Error{Problem: spec.ProblemInvalidCredentials, Cause: pgx.ErrNoRows})
	require.Equal(t, spec.ProblemInvalidCredentials, fault.Of(err).Problem)
	require.ErrorIs(t, err, pgx.ErrNoRows)
}

func TestError(t *testing.T) {
	require.EqualError(t, fault.New(spec.ProblemForbidden, "Ask somebody else."), "forbidden: Ask somebody else.")
	require.EqualError(t, &fault.Error{Problem: spec.ProblemInternal, Detail: "x", Cause: errors.New("boom")}, "internal: boom")
	invalid := fault.Invalid(fault.Field("/a", spec.FieldProblemRequired, "This field is missing."))
	require.Equal(t, spec.ProblemInvalidRequest, invalid.Problem)
	require.Equal(t, []spec.FieldError{{Pointer: "/a", Code: "required", Detail: "This field is missing."}}, invalid.Fields)
}

// TestLostPostgres: what pgx really says when Postgres goes away is unavailable, never internal.
func TestLostPostgres(t *testing.T) {
	unavailable := func(t *testing.T, err error) {
		t.Helper()
		require.Error(t, err)
		require.Equal(t, spec.ProblemUnavailable, fault.Of(err).Problem, err)
		require.Equal(t, time.Second, fault.Of(err).RetryAfter)
	}
	t.Run("it is not there", func(t *testing.T) {
		_, err := connect(t, func(net.Conn) {})
		unavailable(t, err)
	})
	t.Run("it does not let us in", func(t *testing.T) {
		_, err := connect(t, refuse("28P01"))
		unavailable(t, err)
	})
	t.Run("it hangs up", func(t *testing.T) {
		conn, err := connect(t, accept(func(net.Conn) {}))
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "SELECT $1::int", 1)
		unavailable(t, err)
		_, err = conn.Exec(t.Context(), "SELECT $1::int", 1)
		unavailable(t, err)
	})
	t.Run("it stalls", func(t *testing.T) {
		conn, err := connect(t, accept(func(net.Conn) { <-t.Context().Done() }))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err = conn.Exec(ctx, "SELECT $1::int", 1)
		unavailable(t, err)
	})
}

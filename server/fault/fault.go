// Package fault is the one error type that crosses package lines. A fault carries a problem of the contract; everything
// the client sees follows from that.
package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/password"
)

// Error is a failure that the contract has a name for.
type Error struct {
	Problem    spec.Problem
	Detail     string            // shown to the client: what to do about this occurrence
	Fields     []spec.FieldError // shown to the client: each field that was refused
	RetryAfter time.Duration     // when trying again makes sense, if known
	MFAToken   string            // shown to the client: what the second grant takes
	Cause      error             // never shown: it may quote what was sent
}

// Error names the problem. The cause is there for logs of failures that are ours (500 and up).
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %v", e.Problem, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Problem, e.Detail)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New returns a fault with a detail for the client.
func New(p spec.Problem, detail string) *Error { return &Error{Problem: p, Detail: detail} }

// Invalid returns the fault of a request with fields that were refused.
func Invalid(fields ...spec.FieldError) *Error {
	return &Error{Problem: spec.ProblemInvalidRequest, Fields: fields}
}

// Field describes one refused field; pointer is a JSON Pointer (RFC 6901) into the body.
func Field(pointer string, code spec.FieldProblem, detail string) spec.FieldError {
	return spec.FieldError{Pointer: pointer, Code: code, Detail: detail}
}

// Is reports whether err is the problem p.
func Is(err error, p spec.Problem) bool { return err != nil && Of(err).Problem == p }

// Of classifies any error. It is the only place that knows what a missing row, a violated constraint or a lost database
// means; what it does not recognise is internal.
func Of(err error) *Error {
	var known *Error
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, pgx.ErrNoRows):
		return &Error{Problem: spec.ProblemNotFound, Cause: err}
	case errors.Is(err, password.ErrBusy):
		return &Error{Problem: spec.ProblemBusy, RetryAfter: time.Second, Cause: err}
	case errors.As(err, &pg) && !errors.As(err, &connect):
		return ofPostgres(pg, err)
	case lost(err):
		return &Error{Problem: spec.ProblemUnavailable, RetryAfter: time.Second, Cause: err}
	}
	return &Error{Problem: spec.ProblemInternal, Cause: err}
}

// ofPostgres reads an error the server answered: a constraint that a client can trip is named after its problem.
func ofPostgres(pg *pgconn.PgError, err error) *Error {
	if p := spec.Problem(strings.ReplaceAll(pg.ConstraintName, "_", "-")); p.Valid() {
		return &Error{Problem: p, Cause: err}
	}
	switch {
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57"),
		slices.Contains([]string{"55P03", "40001", "40P01", "25006", "25P03", "25P04"}, pg.Code):
		// connection lost, out of resources, shut down or cancelled by a timeout; lock timeout, lost every race, read-only,
		// transaction timeouts
		return &Error{Problem: spec.ProblemUnavailable, RetryAfter: time.Second, Cause: err}
	}
	return &Error{Problem: spec.ProblemInternal, Cause: err}
}

// lost reports whether Postgres could not be reached, hung up or did not answer in time.
func lost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.Timeout(err) {
		return true
	}
	return slices.ContainsFunc([]error{context.DeadlineExceeded, context.Canceled, net.ErrClosed, io.ErrUnexpectedEOF, pgconn.ErrConnClosed},
		func(target error) bool { return errors.Is(err, target) })
}

package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
)

// fail is the only place where an error becomes an answer: a problem (RFC 9457), or at the token endpoint an error as
// RFC 6749 section 5.2 has it.
func (w *wire) fail(err error, c echo.Context) {
	if c.Response().Committed || resend(c, err) {
		return
	}
	f := classify(err)
	id := c.Response().Header().Get(requestIDHeader)
	// A client that hung up and a queue that is full are no failures of ours: the request line is enough.
	expected := errors.Is(err, context.Canceled) || f.Problem == spec.ProblemBusy
	if f.Problem.Status() >= http.StatusInternalServerError && !expected {
		w.Log.ErrorContext(c.Request().Context(), "request failed", "request_id", id, "route", c.Path(),
			"problem", f.Problem, "error", err.Error())
	}
	h := c.Response().Header()
	for _, name := range []string{"ETag", "Link", "Location"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	op := operationOf(c)
	if err := w.noteRefusal(c, f, op); err != nil {
		w.Log.ErrorContext(c.Request().Context(), "refusal not written to the audit log", "request_id", id, "error", err.Error())
	}
	w.challenge(h, f, op, actor.From(c.Request().Context()).Caller)
	if op != nil && op.OAuth {
		w.write(c, oauthStatus(f), "application/json", oauthError(f, id))
		return
	}
	w.write(c, f.Problem.Status(), "application/problem+json", details(f, id))
}

func (w *wire) write(c echo.Context, status int, contentType string, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		w.Log.Error("problem not written", "error", err.Error())
	}
	c.Response().Header().Set("Content-Type", contentType)
	c.Response().WriteHeader(status)
	_, _ = c.Response().Write(append(b, '\n')) // the client is gone if this fails
}

func details(f *fault.Error, id string) spec.ProblemDetails {
	d := spec.ProblemDetails{
		Type: "/problems/" + string(f.Problem), Title: f.Problem.Title(), Status: f.Problem.Status(),
		Code: f.Problem, Instance: id,
	}
	if f.Detail != "" {
		d.Detail = &f.Detail
	}
	if len(f.Fields) > 0 {
		d.Errors = &f.Fields
	}
	return d
}

func oauthError(f *fault.Error, id string) spec.OAuthError {
	d := details(f, id)
	e := spec.OAuthError{
		Error: f.Problem.OAuth(), ErrorDescription: d.Title, Type: d.Type, Title: d.Title, Status: oauthStatus(f),
		Code: d.Code, Instance: id, Errors: d.Errors,
	}
	if f.MFAToken != "" {
		e.MfaToken = &f.MFAToken
	}
	if e.Error == "" {
		e.Error = "invalid_request"
	}
	if d.Detail != nil {
		e.ErrorDescription = *d.Detail
	}
	if len(f.Fields) > 0 {
		e.ErrorDescription = fmt.Sprintf("%s: %s", f.Fields[0].Pointer, f.Fields[0].Detail)
	}
	return e
}

// oauthStatus: RFC 6749 section 5.2 knows invalid_request as a 400.
func oauthStatus(f *fault.Error) int {
	if f.Problem.Status() == http.StatusUnprocessableEntity {
		return http.StatusBadRequest
	}
	return f.Problem.Status()
}

// challenge tells clients what would be let in (RFC 6750 section 3, RFC 9470).
func (w *wire) challenge(h http.Header, f *fault.Error, op *spec.Operation, by spec.Caller) {
	switch {
	case f.Problem.Status() == http.StatusUnauthorized && f.Problem == spec.ProblemUnauthenticated && f.Cause != nil:
		h.Set("WWW-Authenticate", `Bearer realm="usher", error="invalid_token"`)
	case f.Problem == spec.ProblemInvalidClient:
		h.Set("WWW-Authenticate", `Basic realm="usher", charset="UTF-8"`)
	case f.Problem == spec.ProblemStepUpRequired:
		h.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="usher", error="insufficient_user_authentication", max_age="%d"`,
			int(w.Auth.Settings.StepUpWithin.Seconds())))
	case f.Problem.Status() == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="usher"`)
	case f.Problem == spec.ProblemForbidden && op != nil && by.Scopes&(op.Any|op.Own) == 0: // else no scope would help
		h.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="usher", error="insufficient_scope", scope=%q`, (op.Any|op.Own).String()))
	}
}

// classify adds to fault.Of what only the router can know.
func classify(err error) *fault.Error {
	f := fault.Of(err)
	var routed *echo.HTTPError
	if f.Problem != spec.ProblemInternal || !errors.As(err, &routed) {
		return f
	}
	switch routed.Code {
	case http.StatusNotFound:
		return &fault.Error{Problem: spec.ProblemNotFound, Cause: err}
	case http.StatusMethodNotAllowed:
		return &fault.Error{Problem: spec.ProblemMethodNotAllowed, Cause: err}
	case http.StatusBadRequest:
		return &fault.Error{Problem: spec.ProblemMalformedRequest, Cause: err}
	}
	return f
}

// unavailable says that something the service depends on does not answer.
func unavailable(err error) error {
	f := fault.Of(err)
	return &fault.Error{Problem: spec.ProblemUnavailable, RetryAfter: f.RetryAfter, Cause: err}
}

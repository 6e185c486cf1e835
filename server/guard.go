package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/page"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/users"
)

// guards builds for every operation what must hold before its handler runs: the caller can read the answer, is who they
// say, may do this, asks for it as the contract says, and not too often.
func (w *wire) guards() map[string][]echo.MiddlewareFunc {
	out := map[string][]echo.MiddlewareFunc{}
	for _, op := range spec.Operations() {
		out[op.ID] = []echo.MiddlewareFunc{begin(op), w.authenticate(op), w.authorize(op), w.validate(op), w.limit(op), w.prepare(op)}
	}
	return out
}

const operationKey = "operation"

// operationOf is the operation that a request reached; nil if it reached none.
func operationOf(c echo.Context) *spec.Operation {
	op, _ := c.Get(operationKey).(*spec.Operation)
	return op
}

// begin sets the deadline, warns of an operation that will go, and refuses clients that cannot read JSON.
func begin(op *spec.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(operationKey, op)
			if op.Deprecation != "" {
				c.Response().Header().Set("Deprecation", op.Deprecation)
				c.Response().Header().Set("Sunset", op.Sunset)
			}
			patience := timeout
			if streams(op) {
				patience = streamTimeout
			}
			ctx, cancel := context.WithTimeout(c.Request().Context(), patience)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
			if accept := c.Request().Header.Get("Accept"); accept != "" && !reads(accept, op.Answers) {
				return fault.New(spec.ProblemNotAcceptable, "")
			}
			return next(c)
		}
	}
}

// streams reports whether an operation takes or answers files, which may take long.
func streams(op *spec.Operation) bool { return op.Stream > 0 || answersFile(op) }

// reads reports whether an Accept header (RFC 9110 section 12.5.1) takes one of the content types, or those of failures.
func reads(accept string, answers []string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		mediaType, params, _ := strings.Cut(strings.ToLower(strings.TrimSpace(item)), ";")
		wanted := strings.TrimSpace(mediaType)
		if q := strings.ReplaceAll(params, " ", ""); q == "q=0" || q == "q=0.0" {
			continue
		}
		for _, offered := range append([]string{echo.MIMEApplicationJSON, "application/problem+json"}, answers...) {
			kind, _, _ := strings.Cut(offered, "/")
			if wanted == "*/*" || wanted == kind+"/*" || wanted == offered {
				return true
			}
		}
	}
	return false
}

// authenticate finds out who asks. Public operations take no notice of a token.
func (w *wire) authenticate(op *spec.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			by, err := w.resolve(op, c.Request())
			if err != nil {
				return err
			}
			by.Origin = actor.Origin{
				Address: c.RealIP(), UserAgent: c.Request().UserAgent(), RequestID: c.Response().Header().Get(requestIDHeader),
			}
			c.SetRequest(c.Request().WithContext(actor.With(c.Request().Context(), by)))
			return next(c)
		}
	}
}

// resolve finds out whom a request's credentials stand for.
func (w *wire) resolve(op *spec.Operation, r *http.Request) (actor.Actor, error) {
	sent := r.Header.Get("Authorization")
	switch {
	case op.Public:
		return actor.Actor{}, nil
	case op.Client:
		id, secret, ok := auth.ClientCredentials(sent)
		if !ok {
			return actor.Actor{}, fault.New(spec.ProblemInvalidClient, "")
		}
		return w.Auth.ResolveClient(r.Context(), id, secret)
	}
	scheme, token, _ := strings.Cut(sent, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return actor.Actor{}, fault.New(spec.ProblemUnauthenticated, "Send an access token as a bearer token.")
	}
	return w.Auth.Resolve(r.Context(), token)
}

// authorize holds the caller to what the contract allows them.
func (w *wire) authorize(op *spec.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			owner := uuid.Nil
			if op.Owner != "" {
				owner, _ = uuid.Parse(c.Param(op.Owner)) // what is no id is nobody's
			}
			by := actor.From(c.Request().Context())
			if !op.Client && !op.Allows(by.Caller, owner) {
				return w.refuse(op, by, owner)
			}
			if op.StepUp && !by.Recent {
				return fault.New(spec.ProblemStepUpRequired, "")
			}
			return next(c)
		}
	}
}

// validate holds the request to the contract.
func (w *wire) validate(op *spec.Operation) echo.MiddlewareFunc {
	held := w.contract.Request(op)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if fields := held.Params(c.Request(), c.Param); len(fields) > 0 {
				return fault.Invalid(fields...)
			}
			if err := readBody(c, held); err != nil { // of which limits may want a member
				return err
			}
			return next(c)
		}
	}
}

// refuse says why the caller may not do this.
func (w *wire) refuse(op *spec.Operation, by actor.Actor, about uuid.UUID) error {
	whole := spec.Caller{ID: by.ID, Scopes: spec.RoleScopes(by.User.Role)}
	if w.Auth.AwaitsFactor(by.User) && op.Allows(whole, about) {
		return fault.New(spec.ProblemSecondFactorRequired, "")
	}
	return fault.New(spec.ProblemForbidden, "This needs the scope "+(op.Any|op.Own).String()+".")
}

// bodyKey is where the checked body is kept beside the request.
const bodyKey = "body"

const mergePatch = "application/merge-patch+json"

// readBody replaces the body by the one that was checked.
func readBody(c echo.Context, held *contract.Request) error {
	if !held.HasBody() {
		return nil
	}
	r := c.Request()
	if held.Stream() > 0 {
		return openBody(c, held)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fault.New(spec.ProblemBodyTooLarge, "")
	}
	if err != nil {
		return &fault.Error{Problem: spec.ProblemMalformedRequest, Cause: err}
	}
	contentType := r.Header.Get("Content-Type")
	mediaType, params, _ := mime.ParseMediaType(contentType)
	if r.Method == http.MethodPatch && mediaType == echo.MIMEApplicationJSON {
		mediaType = mergePatch // what most clients mean
		contentType = mime.FormatMediaType(mergePatch, params)
	}
	clean, err := held.Body(contentType, raw)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", mediaType) // the generated code compares it letter by letter
	c.Set(bodyKey, clean)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(clean)), int64(len(clean))
	return nil
}

// openBody leaves a body that is a file to the handler, which reads it as it arrives.
func openBody(c echo.Context, held *contract.Request) error {
	r := c.Request()
	if err := held.Takes(r.Header.Get("Content-Type")); err != nil {
		return err
	}
	if r.ContentLength > held.Stream() {
		return fault.New(spec.ProblemBodyTooLarge, "")
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, held.Stream())
	return nil
}

// extend gives a file the time to come or go that other requests do not have.
func extend(c echo.Context) {
	control, end := http.NewResponseController(c.Response()), time.Now().Add(streamTimeout)
	_ = control.SetReadDeadline(end)  // who cannot be given more time
	_ = control.SetWriteDeadline(end) // has what everybody has
}

// prepare hands the handler what the contract gives the operation: conditions, pages, safe retries.
func (w *wire) prepare(op *spec.Operation) echo.MiddlewareFunc {
	conditional, paged, retried := op.Takes("If-Match"), op.Takes("cursor"), op.Takes("Idempotency-Key")
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			ctx := c.Request().Context()
			if streams(op) {
				extend(c)
			}
			if conditional {
				ctx = etag.Expect(ctx, c.Request().Header.Get("If-Match"))
			}
			if paged {
				asked, err := page.Read(w.cursors, op, c.Request().URL)
				if err != nil {
					return err
				}
				ctx = page.With(ctx, asked)
			}
			if key := c.Request().Header.Get("Idempotency-Key"); retried && key != "" {
				var err error
				if ctx, err = w.once(ctx, op, c.Request(), key); err != nil {
					return err
				}
			}
			c.SetRequest(c.Request().WithContext(ctx))
			return next(c)
		}
	}
}

// binder reads bodies that the guard has checked. Names are matched exactly; encoding/json would not care about case.
type binder struct{}

// Bind decodes the body of the request into v.
func (binder) Bind(v any, c echo.Context) error {
	return json.UnmarshalRead(c.Request().Body, v)
}

// Formats are the string formats of the contract that JSON Schema does not know.
func Formats() map[string]contract.Format {
	return map[string]contract.Format{
		"email":        users.CheckEmail,
		"language-tag": users.CheckLanguage,
		"time-zone":    users.CheckTimeZone,
		"password":     password.CheckText,
	}
}

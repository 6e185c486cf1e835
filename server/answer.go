package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/etag"
)

// answered is an answer before it is sent.
type answered struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header is where the generated code sets headers.
func (a *answered) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answered) WriteHeader(status int) { a.status = status }

// Write keeps the body.
func (a *answered) Write(b []byte) (int, error) { return a.body.Write(b) }

// render writes a handler's answer down. Its entity tag, which the handler makes of the row's version, is completed with
// the representation.
func render(result any) (*answered, error) {
	a := &answered{header: http.Header{}}
	if err := api.Write(a, result); err != nil {
		return nil, err
	}
	if version := a.header.Get("ETag"); version != "" {
		a.header.Set("ETag", etag.Of(version, a.body.Bytes()))
	}
	return a, nil
}

// send puts the answer on the wire, or 304 when the client has it already.
func (a *answered) send(c echo.Context) error {
	h := c.Response().Header()
	maps.Copy(h, a.header)
	if tag := a.header.Get("ETag"); tag != "" {
		h.Set("Cache-Control", "private, no-cache")
		h.Add("Vary", "Authorization")
		if c.Request().Method == http.MethodGet && etag.Matches(c.Request().Header.Get("If-None-Match"), tag) {
			h.Del("Content-Type")
			return c.NoContent(http.StatusNotModified)
		}
	}
	if a.body.Len() > 0 {
		h.Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	c.Response().WriteHeader(a.status)
	_, err := c.Response().Write(a.body.Bytes())
	return err
}

// answer sends what handlers return.
func answer(next api.StrictHandlerFunc, operation string) api.StrictHandlerFunc {
	return func(c echo.Context, request any) (any, error) {
		result, err := next(c, request)
		if err != nil {
			return nil, err
		}
		if answersFile(operationOf(c)) {
			return nil, api.Write(&file{Context: c}, result)
		}
		a, err := render(result)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", operation, err)
		}
		return nil, a.send(c)
	}
}

// answersFile reports whether an operation answers something that is sent as it is made.
func answersFile(op *spec.Operation) bool {
	return len(op.Answers) > 0 && !slices.Contains(op.Answers, echo.MIMEApplicationJSON)
}

// file is an answer that is sent as it is made, or not at all when the client has it already. What the handler gives as its
// entity tag tells it from all others.
type file struct {
	echo.Context
	known bool
}

// Header is where the generated code sets headers.
func (f *file) Header() http.Header { return f.Response().Header() }

// WriteHeader sends the headers.
func (f *file) WriteHeader(status int) {
	h := f.Header()
	tag := `"` + h.Get("ETag") + `"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if f.known = etag.Matches(f.Request().Header.Get("If-None-Match"), tag); f.known {
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Disposition"} {
			h.Del(name)
		}
		status = http.StatusNotModified
	}
	f.Response().WriteHeader(status)
}

// Write sends a part of the file.
func (f *file) Write(b []byte) (int, error) {
	if f.known {
		return len(b), nil
	}
	return f.Response().Write(b)
}

// keep is an answer as it is stored for retries.
func (a *answered) keep() (header []byte, err error) {
	kept := map[string]string{}
	for _, name := range []string{"Content-Type", "ETag", "Location"} {
		if v := a.header.Get(name); v != "" {
			kept[name] = v
		}
	}
	return json.Marshal(kept)
}

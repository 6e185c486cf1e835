package server

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"
)

const requestIDHeader = "X-Request-Id"

var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// observe gives each request an id, the caller's if it is well formed, and logs one line about it: the route, never
// the path or the query, which may name people.
func (w *wire) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		id := c.Request().Header.Get(requestIDHeader)
		if !requestID.MatchString(id) {
			id = newRequestID()
		}
		c.Response().Header().Set(requestIDHeader, id)
		if err := next(c); err != nil {
			c.Error(err)
		}
		if log := w.Log; log.Enabled(c.Request().Context(), slog.LevelInfo) {
			log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
				slog.String("request_id", id), slog.String("method", c.Request().Method), slog.String("route", c.Path()),
				slog.Int("status", c.Response().Status), slog.Float64("took_ms", float64(time.Since(start).Microseconds())/1000))
		}
		return nil
	}
}

func newRequestID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// panicked logs where a handler broke; what it was asked stays out of it.
func (w *wire) panicked(c echo.Context, err error, stack []byte) error {
	w.Log.ErrorContext(c.Request().Context(), "panic", "request_id", c.Response().Header().Get(requestIDHeader),
		"route", c.Path(), "error", err.Error(), "stack", string(stack))
	return err
}

package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// TestDeprecation: an operation on its way out says so in every answer, failures too.
func TestDeprecation(t *testing.T) {
	t.Parallel()
	for _, op := range []*spec.Operation{
		{ID: "old", Deprecation: "@1761955200", Sunset: "Sat, 01 May 2027 00:00:00 GMT"}, {ID: "current"},
	} {
		e := echo.New()
		e.GET("/", func(c echo.Context) error { return echo.ErrTeapot }, begin(op))
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		require.Equal(t, op.Deprecation, rec.Header().Get("Deprecation"))
		require.Equal(t, op.Sunset, rec.Header().Get("Sunset"))
	}
}

package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/users"
)

func decode[T any](t testing.TB, body []byte) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(body, &v), string(body))
	return v
}

// TestEveryRouteIsInTheContract: nothing is served under the base path that openapi.yaml does not describe, and nothing
// that it describes is missing.
func TestEveryRouteIsInTheContract(t *testing.T) {
	secret, err := token.NewSecret(make([]byte, 32))
	require.NoError(t, err)
	e, err := server.Mount(server.Options{Auth: &auth.Handlers{}, Users: &users.Handlers{}, Secret: secret, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	served := map[string]bool{}
	for _, r := range e.Routes() {
		served[r.Method+" "+regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")] = true
	}
	for _, op := range spec.Operations() {
		key := op.Method + " " + spec.BasePath + op.Path
		require.True(t, served[key], "%s is not served", key)
		delete(served, key)
	}
	require.Equal(t, map[string]bool{"GET /": true, "GET /healthz": true, "GET /readyz": true, "GET /.well-known/jwks.json": true, "GET /.well-known/oauth-authorization-server": true}, served)
}

// TestExamplesValidate: the examples of the documentation are true.
func TestExamplesValidate(t *testing.T) {
	held, err := contract.New(api.JSON, server.Formats())
	require.NoError(t, err)
	doc := decode[struct {
		Components struct {
			Schemas map[string]struct{ Examples []json.RawMessage }
		}
	}](t, api.JSON)
	require.NotEmpty(t, doc.Components.Schemas)
	for name, s := range doc.Components.Schemas {
		schema, err := held.Schema("#/components/schemas/" + name)
		require.NoError(t, err, name)
		require.NotEmpty(t, s.Examples, name)
		for _, example := range s.Examples {
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(example))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(value), name)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	sick := errors.New("no database")
	srv := apitest.New(t, apitest.Wire(func(o *server.Options) { o.Ready = func(context.Context) error { return sick } }))
	require.Equal(t, 200, get(t, srv.URL+"/healthz").StatusCode)
	ready := get(t, srv.URL+"/readyz")
	require.Equal(t, 503, ready.StatusCode)
	body, err := io.ReadAll(ready.Body)
	require.NoError(t, err)
	require.NotContains(t, string(body), "database", "the cause is for the log")
}

func get(t testing.TB, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

package site_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/web"
	"github.com/usherhq/usher/server/site"
)

// examples are requests for every path of the site but the assets, which have tests of their own.
func examples() []string {
	return []string{
		"/docs", "/redoc", "/verify", "/forgot-password", "/reset-password", "/confirm-email", "/licenses",
		"/openapi.yaml", "/openapi.json", "/problems", "/problems/email-taken",
	}
}

func newSite(t *testing.T) *site.Site {
	t.Helper()
	site, err := site.New(site.Content{
		OpenAPIYAML: []byte("openapi: 3.1.0\n"),
		OpenAPIJSON: []byte(`{"openapi":"3.1.0"}`),
		Problems: []site.Problem{
			{Code: "email-taken", Title: "Email already exists", Status: 409, Description: "Another account uses it."},
			{Code: "strange", Title: "<b>Strange</b>", Status: 400, Description: "<script>alert(1)</script>"},
		},
	})
	require.NoError(t, err)
	return site
}

// ask sends one request; headers are pairs of name and value.
func ask(site http.Handler, method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, answer *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(text)
}

func unzip(t *testing.T, packed string) string {
	t.Helper()
	zr, err := gzip.NewReader(strings.NewReader(packed))
	require.NoError(t, err)
	plain, err := io.ReadAll(zr)
	require.NoError(t, err)
	return string(plain)
}

// assets are the addresses of all built assets.
func assets(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(web.Files, "assets/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i, file := range files {
		files[i] = "/" + strings.TrimSuffix(file, ".gz")
	}
	return files
}

func TestPathsNamesEveryPath(t *testing.T) {
	require.ElementsMatch(t, []string{
		"/docs", "/redoc", "/verify", "/forgot-password", "/reset-password", "/confirm-email", "/licenses",
		"/openapi.yaml", "/openapi.json", "/problems", "/problems/{code}", "/assets/{file}",
	}, newSite(t).Paths())
}

func TestPagesAreServedWithTheirType(t *testing.T) {
	site := newSite(t)
	for path, contentType := range map[string]string{
		"/docs":                 "text/html; charset=utf-8",
		"/redoc":                "text/html; charset=utf-8",
		"/verify":               "text/html; charset=utf-8",
		"/forgot-password":      "text/html; charset=utf-8",
		"/reset-password":       "text/html; charset=utf-8",
		"/confirm-email":        "text/html; charset=utf-8",
		"/problems":             "text/html; charset=utf-8",
		"/problems/email-taken": "text/html; charset=utf-8",
		"/licenses":             "text/plain; charset=utf-8",
		"/openapi.yaml":         "application/yaml",
		"/openapi.json":         "application/json",
	} {
		answer := ask(site, http.MethodGet, path)
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		require.Equal(t, contentType, answer.Header.Get("Content-Type"), path)
		require.Equal(t, "no-cache", answer.Header.Get("Cache-Control"), path)
		require.NotEmpty(t, body(t, answer), path)
	}
}

func TestTheContractIsServedAsGivenAndToEveryOrigin(t *testing.T) {
	site := newSite(t)
	for path, content := range map[string]string{
		"/openapi.yaml": "openapi: 3.1.0\n",
		"/openapi.json": `{"openapi":"3.1.0"}`,
	} {
		answer := ask(site, http.MethodGet, path)
		require.Equal(t, content, body(t, answer))
		require.Equal(t, "*", answer.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "cross-origin", answer.Header.Get("Cross-Origin-Resource-Policy"))
	}
	require.Empty(t, ask(site, http.MethodGet, "/reset-password").Header.Get("Access-Control-Allow-Origin"))
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	site := newSite(t)
	for _, path := range append(examples(), assets(t)...) {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
			answer := ask(site, method, path)
			require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode, "%s %s", method, path)
			require.Equal(t, "GET, HEAD", answer.Header.Get("Allow"), "%s %s", method, path)
		}
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	site := newSite(t)
	for _, path := range append(examples(), append(assets(t), "/problems/none")...) {
		get, head := ask(site, http.MethodGet, path), ask(site, http.MethodHead, path)
		require.Equal(t, get.StatusCode, head.StatusCode, path)
		require.Equal(t, get.Header, head.Header, path)
		require.Empty(t, body(t, head), path)
	}
}

func TestAnUnchangedCopyIsNotSentAgain(t *testing.T) {
	site := newSite(t)
	for _, path := range append(examples(), assets(t)...) {
		for _, encoding := range []string{"identity", "gzip"} {
			tag := ask(site, http.MethodGet, path, "Accept-Encoding", encoding).Header.Get("ETag")
			require.NotEmpty(t, tag, path)
			again := ask(site, http.MethodGet, path, "Accept-Encoding", encoding, "If-None-Match", tag)
			require.Equal(t, http.StatusNotModified, again.StatusCode, path)
			require.Empty(t, body(t, again), path)
			other := ask(site, http.MethodGet, path, "Accept-Encoding", encoding, "If-None-Match", `"other"`)
			require.Equal(t, http.StatusOK, other.StatusCode, path)
		}
	}
}

func TestBothEncodingsCarryTheSameBytes(t *testing.T) {
	site := newSite(t)
	for _, path := range append(examples(), assets(t)...) {
		plain := ask(site, http.MethodGet, path)
		packed := ask(site, http.MethodGet, path, "Accept-Encoding", "br, gzip;q=0.8")
		require.Empty(t, plain.Header.Get("Content-Encoding"), path)
		require.Equal(t, "gzip", packed.Header.Get("Content-Encoding"), path)
		require.Contains(t, packed.Header.Values("Vary"), "Accept-Encoding", path)
		require.NotEqual(t, plain.Header.Get("ETag"), packed.Header.Get("ETag"), path)
		require.Equal(t, body(t, plain), unzip(t, body(t, packed)), path)
	}
	refused := ask(site, http.MethodGet, "/docs", "Accept-Encoding", "gzip;q=0, *")
	require.Empty(t, refused.Header.Get("Content-Encoding"))
}

func TestAssetsAreNamedByTheirContentAndKeptForever(t *testing.T) {
	site := newSite(t)
	named := regexp.MustCompile(`^/assets/[\w.-]+-[\w-]{8}\.\w+$`)
	for _, path := range assets(t) {
		require.Regexp(t, named, path)
		answer := ask(site, http.MethodGet, path)
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		require.Equal(t, "public, max-age=31536000, immutable", answer.Header.Get("Cache-Control"), path)
	}
	missing := ask(site, http.MethodGet, "/assets/none.js")
	require.Equal(t, http.StatusNotFound, missing.StatusCode)
	require.Equal(t, "no-cache", missing.Header.Get("Cache-Control"))
}

func TestLicencesOfBundledCodeAreKept(t *testing.T) {
	text := body(t, ask(newSite(t), http.MethodGet, "/licenses"))
	for _, name := range []string{"swagger-ui-dist", "redoc", "Apache License", "MIT License", "DOMPurify"} {
		require.Contains(t, text, name)
	}
}

func TestNewIsReadyForAnEmptyService(t *testing.T) {
	site, err := site.New(site.Content{})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, ask(site, http.MethodGet, "/problems").StatusCode)
	require.JSONEq(t, `{"items":[]}`, body(t, ask(site, http.MethodGet, "/problems", "Accept", "application/json")))
}

package site_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProblemIsExplained(t *testing.T) {
	page := body(t, ask(newSite(t), http.MethodGet, "/problems/email-taken"))
	for _, text := range []string{"email-taken", "Email already exists", "HTTP 409 Conflict", "Another account uses it."} {
		require.Contains(t, page, text)
	}
}

func TestTheIndexNamesEveryProblem(t *testing.T) {
	page := body(t, ask(newSite(t), http.MethodGet, "/problems"))
	require.Contains(t, page, `href="/problems/email-taken"`)
	require.Contains(t, page, `href="/problems/strange"`)
}

func TestProblemTextsAreEscaped(t *testing.T) {
	site := newSite(t)
	for _, path := range []string{"/problems", "/problems/strange"} {
		page := body(t, ask(site, http.MethodGet, path))
		require.Contains(t, page, "&lt;b&gt;Strange&lt;/b&gt;", path)
		require.NotContains(t, page, "<b>", path)
		require.NotContains(t, page, "<script", path)
	}
}

func TestAProblemIsJSONForWhoPrefersIt(t *testing.T) {
	site := newSite(t)
	for accept, contentType := range map[string]string{
		"":                                "text/html; charset=utf-8",
		"*/*":                             "text/html; charset=utf-8",
		"text/html, application/json;q=1": "text/html; charset=utf-8",
		"text/html,application/xml;q=0.9,*/*;q=0.8": "text/html; charset=utf-8",
		"image/png":                                     "text/html; charset=utf-8",
		"text/html;q=high, application/json;q":          "text/html; charset=utf-8",
		"application/json":                              "application/json",
		"APPLICATION/JSON":                              "application/json",
		"application/json, text/plain, */*;q=0.5":       "application/json",
		"application/*, text/html;q=0.5":                "application/json",
		"text/*;q=0.1, application/json;q=0.2, */*;q=1": "application/json",
	} {
		answer := ask(site, http.MethodGet, "/problems/email-taken", "Accept", accept)
		require.Equal(t, contentType, answer.Header.Get("Content-Type"), accept)
		require.Contains(t, answer.Header.Values("Vary"), "Accept", accept)
	}
	require.JSONEq(t, `{"type": "/problems/email-taken", "code": "email-taken", "title": "Email already exists",
		"status": 409, "description": "Another account uses it."}`,
		body(t, ask(site, http.MethodGet, "/problems/email-taken", "Accept", "application/json")))
}

func TestAnUnknownCodeIsNotFound(t *testing.T) {
	site := newSite(t)
	for _, path := range []string{"/problems/none", "/problems/%3Cscript%3E", "/problems/EMAIL-TAKEN"} {
		answer := ask(site, http.MethodGet, path)
		require.Equal(t, http.StatusNotFound, answer.StatusCode, path)
		require.Equal(t, "text/html; charset=utf-8", answer.Header.Get("Content-Type"), path)
		page := body(t, answer)
		require.Contains(t, page, "There is no such page", path)
		require.NotContains(t, page, "<script", path)
	}
	answer := ask(site, http.MethodGet, "/problems/none", "Accept", "application/json")
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	require.JSONEq(t, `{"type": "about:blank", "title": "Not Found", "status": 404}`, body(t, answer))
}

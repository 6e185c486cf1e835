package site_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	site := newSite(t)
	for _, path := range append(examples(), append(assets(t), "/problems/none", "/assets/none", "/elsewhere")...) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			header := ask(site, method, path).Header
			require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
			require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
			require.Equal(t, "same-origin", header.Get("Cross-Origin-Opener-Policy"), path)
			require.NotEmpty(t, header.Get("Cross-Origin-Resource-Policy"), path)
			policy := directives(header)
			require.Equal(t, "'none'", policy["default-src"], path)
			require.Equal(t, "'none'", policy["frame-ancestors"], path)
			require.Equal(t, "'none'", policy["base-uri"], path)
			require.Equal(t, "'none'", policy["form-action"], path)
		}
	}
}

func TestEachPageMayDoOnlyWhatItNeeds(t *testing.T) {
	site := newSite(t)
	for _, test := range []struct{ path, script, connect, style, worker string }{
		{"/verify", "'self'", "'self'", "'self'", ""},
		{"/forgot-password", "'self'", "'self'", "'self'", ""},
		{"/reset-password", "'self'", "'self'", "'self'", ""},
		{"/confirm-email", "'self'", "'self'", "'self'", ""},
		{"/docs", "'self'", "'self'", "'self' 'unsafe-inline'", ""},
		{"/redoc", "'self'", "'self'", "'self' 'unsafe-inline'", "blob:"},
		{"/problems", "", "", "'self'", ""},
		{"/problems/email-taken", "", "", "'self'", ""},
		{"/problems/none", "", "", "'self'", ""},
		{"/licenses", "", "", "", ""},
	} {
		policy := directives(ask(site, http.MethodGet, test.path).Header)
		require.Equal(t, test.script, policy["script-src"], test.path)
		require.Equal(t, test.connect, policy["connect-src"], test.path)
		require.Equal(t, test.style, policy["style-src"], test.path)
		require.Equal(t, test.worker, policy["worker-src"], test.path)
	}
}

// htmlPages are all pages that a browser draws.
func htmlPages() []string {
	return []string{
		"/docs", "/redoc", "/verify", "/forgot-password", "/reset-password", "/confirm-email",
		"/problems", "/problems/email-taken", "/problems/none",
	}
}

func TestPagesReferToNothingElsewhere(t *testing.T) {
	site := newSite(t)
	reference := regexp.MustCompile(`(?:src|href|action|srcset)="([^"]*)"`)
	for _, page := range htmlPages() {
		text := body(t, ask(site, http.MethodGet, page))
		require.NotContains(t, text, "//", page)
		found := reference.FindAllStringSubmatch(text, -1)
		require.NotEmpty(t, found, page)
		for _, match := range found {
			require.Equal(t, http.StatusOK, ask(site, http.MethodGet, match[1]).StatusCode, "%s refers to %s", page, match[1])
		}
	}
}

func TestAssetsReferToNothingElsewhere(t *testing.T) {
	site := newSite(t)
	modules := regexp.MustCompile(`(?:from|import)\s*\(?["']\./([^"']+)["']`)
	styles := regexp.MustCompile(`url\(["']?([^"')]{5})|(@import)`)
	for _, path := range assets(t) {
		text := body(t, ask(site, http.MethodGet, path))
		require.NotContains(t, text, "cdn.", path)
		if strings.HasSuffix(path, ".js") {
			for _, match := range modules.FindAllStringSubmatch(text, -1) {
				require.Equal(t, http.StatusOK, ask(site, http.MethodGet, "/assets/"+match[1]).StatusCode, "%s imports %s", path, match[1])
			}
		}
		if strings.HasSuffix(path, ".css") {
			for _, match := range styles.FindAllStringSubmatch(text, -1) {
				require.Equal(t, "data:", match[1], path)
			}
		}
	}
}

func TestPagesHaveNoInlineScriptOrStyle(t *testing.T) {
	site := newSite(t)
	inline := regexp.MustCompile(`<script(?:\s[^>]*)?>|<style|\sstyle=|\son[a-z]+=`)
	for _, page := range htmlPages() {
		for _, found := range inline.FindAllString(body(t, ask(site, http.MethodGet, page)), -1) {
			require.Contains(t, found, ` src="/assets/`, page)
		}
	}
}

// directives are the parts of the one Content-Security-Policy that an answer has.
func directives(header http.Header) map[string]string {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.Join(header.Values("Content-Security-Policy"), ", "), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), " ")
		parts[name] = value
	}
	return parts
}

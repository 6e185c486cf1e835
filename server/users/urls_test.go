package users_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// TestURLs: what is shown as a link leads where it says, by scheme and host (USER7).
func TestURLs(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	me := srv.Role(spec.RoleAUTHENTICATED)
	for field, urls := range map[string][]string{
		"website_url":  {"https://ada.example", "http://ada.example/", "https://www.ada.example:8443/a?b=c#d", "https://müller.example/größe"},
		"linkedin_url": {"https://linkedin.com/in/ada", "https://www.linkedin.com/in/ada/", "https://de.linkedin.com/in/ada?x=1"},
		"github_url":   {"https://github.com/ada", "https://www.github.com/ada"},
	} {
		for _, url := range urls {
			require.Equal(t, 200, me.Send("PATCH", "/me", map[string]string{field: url}).Status, url)
		}
	}
	nowhere := []string{
		"javascript:alert(1)", "JavaScript:alert(1)//https://ada.example", "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd",
		"//ada.example", "ada.example", "/in/ada", "https://", "https:///ada.example", "https://localhost", "https:ada.example", "ftp://ada.example", "mailto:ada@ada.example",
		"https://ada.example/a b", " https://ada.example", "https://ada.example ", "https://ada.example\n", "https://ada\t.example", "java\nscript:alert(1)",
		"https://user@evil.example", "https://user:secret@evil.example/", "https://ada.example@evil.example", "https://evil.example\\@ada.example",
		"https://evil.example\\.ada.example/", "https://ada.example/\"onmouseover=\"x", "https://ada.example/<script>", "https://ada.example/" + strings.Repeat("x", 500),
	}
	elsewhere := func(host string) []string {
		return []string{
			"http://" + host + "/in/ada", "https://" + host + ".evil.example/in/ada", "https://evil" + host + "/ada", "https://evil.example/" + host,
			"https://" + host + "@evil.example/ada", "https://evil@" + host + "/ada", "https://" + host + ":8443/ada", "https://" + host, "https://" + host + "/",
			"https://" + host + "\\.evil.example/ada", "https://a.b." + host + "/ada", "https://evil.example?" + host + "/ada", "https://evil.example#." + host + "/ada",
			"https://" + strings.Replace(host, ".", "x", 1) + "/ada", "https://" + host + "%2eevil.example/ada",
		}
	}
	for field, urls := range map[string][]string{
		"website_url": nil, "linkedin_url": elsewhere("linkedin.com"), "github_url": elsewhere("github.com"),
	} {
		for _, url := range append(urls, nowhere...) {
			a := me.Send("PATCH", "/me", map[string]string{field: url})
			require.Equal(t, 422, a.Status, "%s: %q", field, url)
			require.Contains(t, string(a.Body), fmt.Sprintf(`"pointer":"/%s"`, field))
		}
	}
}

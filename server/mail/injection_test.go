package mail_test

import (
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/usherhq/usher/server/mail"
)

// hostile are names that somebody could register under. Each is shown as words or not at all.
func hostile() map[string]string {
	return map[string]string{
		"script":              `<script>alert(1)</script>`,
		"picture":             `<img src=x onerror=alert(1)>`,
		"end of a tag":        `"></p></div><a href="https://evil.example">x</a>`,
		"comment":             `<!-- `,
		"entity":              `&lt;script&gt; &#60;b&#62; &copy;`,
		"markdown link":       `[Confirm](https://evil.example/steal)`,
		"markdown picture":    `![x](https://evil.example/pixel.png)`,
		"reference":           `[x][1] [1]: https://evil.example`,
		"autolink":            `<https://evil.example>`,
		"bare address":        `http://evil.example`,
		"bare address, loud":  `HTTPS://EVIL.EXAMPLE/a?b=c#d`,
		"domain":              `www.evil.example`,
		"ideographic dots":    `www。evil．example`,
		"mail address":        `support@evil.example`,
		"script address":      `javascript:alert(1)`,
		"emphasis":            `**bold** _it_ ~~x~~`,
		"code":                "`x` ``` \n    y",
		"heading":             "Ada\n# Your account is closed\n\nCall 555",
		"rule and setext":     "Ada\n---\n===",
		"list":                "- a\n- b\n1. c",
		"quote and table":     "> a\n| b | c |\n|---|---|",
		"header":              "Ada\r\nBcc: all@example.org\r\n\r\n<h1>Body",
		"encoded word":        "=?utf-8?q?=0D=0ABcc:_all@example.org?=",
		"unicode line breaks": "Ada\u2028Bcc: x\u2029y\u0085z\vw",
		"NUL and escape":      "A\x00da\x1b[31m\x07",
		"bad UTF-8":           "Ada\xff\xc0\xaf",
		"right to left":       "Ada\u202eelpmaxe.live//:ptth\u202c",
		"template":            `{{.Link}}{{$.ProductName}}{{template "x"}}`,
		"our own disguise":    "vq3c623eqv vq68747470733a2f2f6576696c2e6578616d706c65qv",
		"boundary":            "--x\r\nContent-Type: text/html\r\n\r\n<b>",
		"backslashes":         `\[x\](y\)\\`,
		"long":                strings.Repeat("W", 5000),
	}
}

func TestWordsCannotInject(t *testing.T) {
	c := composer(t)
	for _, sample := range mail.Samples(base) {
		plain := compose(t, c, "Ada", saying("Ada", sample))
		for what, words := range hostile() {
			t.Run(sample.Kind()+"/"+what, func(t *testing.T) {
				raw := written(t, compose(t, c, words, saying(words, sample)))
				got, err := mail.Parse(strings.NewReader(raw))
				require.NoError(t, err)

				require.Equal(t, plain.Links(), got.Links())
				require.Equal(t, strings.Count(plain.Text, "\n"), strings.Count(got.Text, "\n"))
				require.Equal(t, skeleton(t, plain.HTML), skeleton(t, got.HTML))
				require.Equal(t, plain.Subject, got.Subject)
				require.Equal(t, plain.To.Address, got.To.Address)
				require.Equal(t, headers(t, written(t, plain)), headers(t, raw))
				for _, part := range []string{got.Text, got.HTML, got.To.Name} {
					require.NotContains(t, part, "evil.example")
					require.NotContains(t, part, "\u202e")
					require.NotContains(t, part, "\x00")
				}
			})
		}
	}
}

func TestNamesSurvive(t *testing.T) {
	for _, name := range []string{
		"Ada", "J. R. R. Tolkien", "Seán O'Brien", "Jean-Pierre d'Été", "Müller & Söhne", "李小龍", "علی", "Ann*Marie_", "#1 <3", `"Q"`, "👩‍👩‍👧", "50% (half)",
	} {
		m := letter(t, name)
		require.True(t, strings.HasPrefix(m.Text, "Hello "+name+",\n"), m.Text[:40])
		require.Contains(t, textOf(t, m.HTML), "Hello "+name+",")
		got, err := mail.Parse(strings.NewReader(written(t, m)))
		require.NoError(t, err)
		require.Equal(t, name, got.To.Name)
	}
}

// A message that no composer made must not add headers either.
func TestFieldsCannotInjectHeaders(t *testing.T) {
	attack := "x\r\nBcc: all@example.org\r\n\r\nbody"
	m := letter(t, "Ada")
	want := headers(t, written(t, m))
	m.Subject, m.ID, m.Language, m.To.Name, m.From.Name = attack, attack, attack, attack, attack
	require.Equal(t, want, headers(t, written(t, m)))

	for _, spoil := range []func(*mail.Message){
		func(m *mail.Message) { m.To.Address = "a@example.org\r\nBcc: b@example.org" },
		func(m *mail.Message) { m.From.Address = "a@example.org>\r\nBcc: <b@example.org" },
		func(m *mail.Message) { m.To.Address = "" },
	} {
		bad := letter(t, "Ada")
		spoil(&bad)
		_, err := bad.WriteTo(new(strings.Builder))
		require.Error(t, err)
	}
}

func TestNothingIsFetched(t *testing.T) {
	c := composer(t)
	for _, sample := range mail.Samples(base) {
		m := compose(t, c, "Ada", sample)
		for _, word := range []string{"src=", "url(", "<link", "@import", "<script", "<img", "srcset"} {
			require.NotContains(t, m.HTML, word)
		}
		require.Contains(t, m.HTML, `<meta name="color-scheme" content="light dark">`)
		require.Equal(t, len(m.Links()), strings.Count(m.HTML, "href="))
	}
}

// headers lists the names of the header fields.
func headers(t *testing.T, raw string) []string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	require.NoError(t, err)
	var names []string
	for name, values := range m.Header {
		for range values {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// skeleton is a page without its words: tags, attributes and where links lead.
func skeleton(t *testing.T, page string) []string {
	t.Helper()
	var tags []string
	for node := range parsed(t, page).Descendants() {
		if node.Type == html.TextNode {
			continue
		}
		tag := node.Data
		for _, attribute := range node.Attr {
			tag += " " + attribute.Key + "=" + attribute.Val
		}
		tags = append(tags, tag)
	}
	return tags
}

func textOf(t *testing.T, page string) string {
	t.Helper()
	var words strings.Builder
	for node := range parsed(t, page).Descendants() {
		if node.Type == html.TextNode {
			words.WriteString(node.Data)
		}
	}
	return words.String()
}

func parsed(t *testing.T, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	return root
}

package mail_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
)

// override is a composer with some template files of its own.
func override(t *testing.T, files map[string]string) (*mail.Composer, error) {
	t.Helper()
	s := settings()
	s.TemplatesDir = t.TempDir()
	s.Duration = func(language string, d time.Duration) string { return d.String() + " in " + language }
	for name, content := range files {
		path := filepath.Join(s.TemplatesDir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return mail.NewComposer(s)
}

func verify(t *testing.T, c *mail.Composer, locale string) mail.Message {
	t.Helper()
	m, err := c.Compose(mail.Address{Address: "reader@example.org"}, locale,
		mail.Verification{Name: "Ana <b>", Link: link, ExpiresIn: time.Hour})
	require.NoError(t, err)
	return m
}

func TestAFolderReplacesTemplates(t *testing.T) {
	c, err := override(t, map[string]string{
		"en/verification.md": "Subject: Hi {{.Name}}\n\nSee [this]({{.Link}}) **now**, `{{.Name}}`.\n",
		"README.md":          "not a template",
		".git/x.md":          "not a template",
	})
	require.NoError(t, err)
	m := verify(t, c, "en")
	require.Equal(t, "Hi Ana <b>", m.Subject)
	require.Equal(t, "Hello Ana <b>,\n\nSee this <"+link+"> now, Ana <b>.\n\n-- \n"+
		"Usher sent this mail by itself. Nobody reads replies to it.\n", m.Text)
	require.Contains(t, m.HTML, "<strong>now</strong>, <code>Ana &lt;b&gt;</code>.")
	require.Equal(t, []string{link}, m.Links())

	c, err = override(t, map[string]string{"layout.html": "<i>{{.Language}}</i>{{.Body}}", "en/_footer.md": "Bye, {{.Name}}"})
	require.NoError(t, err)
	m = verify(t, c, "en")
	require.Contains(t, m.HTML, "<i>en</i><p>Hello Ana &lt;b&gt;,</p>")
	require.Contains(t, m.Text, "\n-- \nBye, Ana <b>\n")
}

func TestLanguages(t *testing.T) {
	c, err := override(t, map[string]string{
		"es/verification.md": "Subject: Confirma\n\n{{.ExpiresIn}} [aquí]({{.Link}})",
		"es/_header.md":      "Hola{{with .Name}} {{.}}{{end}}:",
		"de/_header.md":      "Hallo,",
	})
	require.NoError(t, err)
	for locale, want := range map[string]string{
		"": "en", "en": "en", "es": "es", "es-MX": "es", "es_AR": "es", "fr": "en", "nonsense!": "en", "fr;q=0.9, es;q=0.8": "es",
		"de": "en", // it has a header but not this kind, so the mail is English as a whole
	} {
		require.Equal(t, want, verify(t, c, locale).Language, locale)
	}
	m := verify(t, c, "es-MX")
	require.Contains(t, m.Text, "Hola Ana <b>:\n\n1h0m0s in es aquí <"+link+">\n\n-- \nUsher sent")
	require.Contains(t, m.HTML, `<html lang="es">`)
	require.Contains(t, verify(t, c, "de").Text, "Hello Ana")
}

func TestTextPart(t *testing.T) {
	c, err := override(t, map[string]string{
		"en/_header.md": "# Hi\n",
		"en/_footer.md": "F",
		"en/verification.md": `Subject: S

- one *two*
- three
  - four

3. {{.Name}}
4. x

> quoted
> more

    code \*

a\*b &amp; ` + "`\\*`" + `  
hard <https://a.example/b>
{{if .Name}}yes{{else}}no{{end}}

---

[Go]({{.BaseURL}}/x)
`})
	require.NoError(t, err)
	require.Equal(t, "Hi\n\n- one two\n- three\n\n  - four\n\n3. Ana <b>\n4. x\n\n> quoted more\n\n    code \\*\n\n"+
		"a*b & \\*\nhard https://a.example/b yes\n\n--------------------------------\n\nGo:\n"+base+"/x\n\n-- \nF\n", verify(t, c, "en").Text)
}

func TestBrokenTemplatesAreRefusedAtStart(t *testing.T) {
	body := func(s string) map[string]string {
		return map[string]string{"en/verification.md": "Subject: S\n\nHello\n" + s}
	}
	for name, test := range map[string]struct {
		files map[string]string
		says  string
	}{
		"syntax":              {body("{{.Name"), "en/verification.md:4"},
		"unknown variable":    {body("{{.Nmae}}"), "en/verification.md:4:2: there is no variable Nmae"},
		"in a branch":         {body("{{if .Name}}{{else}}{{if .Link}}{{else}}{{.Nmae}}{{end}}{{end}}"), "no variable Nmae"},
		"in a condition":      {body("{{if .Nmae}}x{{end}}"), "no variable Nmae"},
		"from within":         {body("{{with .Name}}{{$.Nmae}}{{end}}"), "no variable Nmae"},
		"of a word":           {body("{{with .Name}}{{.Link}}{{end}}"), "more than a mail's template can do"},
		"in the subject":      {map[string]string{"en/verification.md": "Subject: {{.Nmae}}\n\nx"}, "no variable Nmae"},
		"in the header":       {map[string]string{"en/_header.md": "{{.Nmae}}"}, "en/_header.md:1:2"},
		"in the footer":       {map[string]string{"en/_footer.md": "{{.Nmae}}"}, "en/_footer.md:1:2"},
		"in the layout":       {map[string]string{"layout.html": "{{.Nmae}}"}, "layout.html:1:2"},
		"layout syntax":       {map[string]string{"layout.html": "{{"}, "layout.html:1"},
		"everything":          {body("{{.}}"), "more than"},
		"function":            {body("{{print .Name}}"), "more than"},
		"unknown function":    {body("{{shout .Name}}"), "shout"},
		"pipe":                {body("{{.Name | html}}"), "more than"},
		"veiled by hand":      {body("{{veil .Name}}"), "more than"},
		"constant":            {body("{{1}}"), "more than"},
		"assignment":          {body("{{$x := .Name}}"), "more than"},
		"range":               {body("{{range .Name}}x{{end}}"), "more than"},
		"include":             {body(`{{template "x"}}`), "more than"},
		"method":              {body("{{.Link.Kind}}"), "more than"},
		"HTML":                {body("<b>x</b>"), "HTML is not for mails"},
		"HTML block":          {body("\n<div>\nx\n</div>"), "HTML is not for mails"},
		"HTML, seldom":        {body("{{if .Name}}x{{else}}<b>x</b>{{end}}"), "HTML is not for mails"},
		"bracketed link":      {body("<{{.Link}}>"), "HTML is not for mails"},
		"picture":             {body("![x](https://a.example/x.png)"), "pictures are not for mails"},
		"link to a script":    {body("[x](javascript:alert)"), "does not start with http"},
		"link to a mailbox":   {body("<a@b.example>"), "does not start with http"},
		"link to a name":      {body("[x]({{.Name}})"), "does not start with http"},
		"no subject":          {map[string]string{"en/verification.md": "Hello"}, "not a subject"},
		"empty subject":       {map[string]string{"en/verification.md": "Subject:\n\nHello"}, "empty"},
		"subject of nothing":  {map[string]string{"en/verification.md": "Subject: {{if .Name}}x{{end}}\n\nHello"}, "subject is empty"},
		"no words":            {map[string]string{"en/verification.md": "Subject: x\n\n"}, "empty"},
		"kind of no data":     {map[string]string{"en/verfication.md": "Subject: x\n\ny"}, `no kind of mail named "verfication"`},
		"no language":         {map[string]string{"english/verification.md": "Subject: x\n\ny"}, `"english" is not named after a language`},
		"another language":    {map[string]string{"fr/verification.md": "Subject: x\n\n{{.Nmae}}"}, "fr/verification.md:3:2"},
		"another one's frame": {map[string]string{"fr/verification.md": "Subject: x\n\ny", "fr/_footer.md": "{{.Nmae}}"}, "fr/_footer.md"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := override(t, test.files)
			require.ErrorContains(t, err, test.says)
		})
	}
}

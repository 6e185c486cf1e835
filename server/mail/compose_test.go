package mail_test

import (
	"bytes"
	netmail "net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
)

const (
	base = "https://usher.example"
	link = base + "/verify#user_id=0198c5a2-7b1e-7c3d-9f00-5a4e1c2d3b4a&token=Zm9v"
)

func settings() mail.Settings {
	return mail.Settings{From: "no-reply@usher.example", ProductName: "Usher", BaseURL: base + "/"}
}

func composer(t *testing.T) *mail.Composer {
	t.Helper()
	c, err := mail.NewComposer(settings())
	require.NoError(t, err)
	return c
}

// letter is a verification mail to somebody who calls themselves name.
func letter(t *testing.T, name string) mail.Message {
	t.Helper()
	to := mail.Address{Name: name, Address: "reader@example.org"}
	m, err := composer(t).Compose(to, "en", mail.Verification{Name: name, Link: link, ExpiresIn: 24 * time.Hour})
	require.NoError(t, err)
	return m
}

// written is m as it travels.
func written(t *testing.T, m mail.Message) string {
	t.Helper()
	var out bytes.Buffer
	_, err := m.WriteTo(&out)
	require.NoError(t, err)
	return out.String()
}

func TestNobodyIsGreetedAsNone(t *testing.T) {
	for _, name := range []string{"", " ", "\r\n", "\x00", "\u200b\u202e", "\u2028"} {
		require.True(t, strings.HasPrefix(letter(t, name).Text, "Hello,\n"), "%q", name)
	}
}

func TestEveryKindInEveryLanguage(t *testing.T) {
	require.NotEmpty(t, mail.Kinds())
	files, err := filepath.Glob("templates/*/[a-z]*.md")
	require.NoError(t, err)
	c := composer(t)
	for _, sample := range mail.Samples(base) {
		require.Contains(t, mail.Kinds(), sample.Kind())
		for _, file := range files {
			lang := filepath.Base(filepath.Dir(file))
			m, err := c.Compose(mail.Address{Address: "reader@example.org"}, lang, sample)
			require.NoError(t, err)
			for _, part := range []string{m.Subject, m.Text, m.HTML} {
				require.NotEmpty(t, part)
				require.NotContains(t, part, "{{")
				require.NotContains(t, part, "no value")
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	c, err := mail.NewComposer(mail.Settings{From: "Zoë's Usher <no-reply@usher.example>", ProductName: "Usher", BaseURL: base})
	require.NoError(t, err)
	m, err := c.Compose(mail.Address{Name: "Łukasz Ø", Address: "Lukasz@bücher.example"}, "en",
		mail.Verification{Link: link, ExpiresIn: time.Hour})
	require.NoError(t, err)
	raw, err := netmail.ReadMessage(strings.NewReader(written(t, m)))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"Mime-Version":             "1.0",
		"Content-Language":         "en",
		"Message-Id":               "<" + m.ID + ">",
		"From":                     "=?utf-8?b?Wm/DqydzIFVzaGVy?= <no-reply@usher.example>",
		"To":                       "=?utf-8?q?=C5=81ukasz_=C3=98?= <Lukasz@xn--bcher-kva.example>",
	} {
		require.Equal(t, want, raw.Header.Get(name), name)
	}
	require.True(t, strings.HasPrefix(raw.Header.Get("Content-Type"), "multipart/alternative"))
	require.True(t, strings.HasSuffix(m.ID, "@usher.example"))
	require.Empty(t, raw.Header.Get("User-Agent"))
	date, err := raw.Header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), date, time.Minute)
}

func TestFromIsAlwaysTheService(t *testing.T) {
	require.Equal(t, mail.Address{Name: "Usher", Address: "no-reply@usher.example"}, letter(t, "Ada").From)
}

func TestRefusedLinks(t *testing.T) {
	c := composer(t)
	for name, bad := range map[string]mail.Link{
		"empty":              "",
		"no id":              base + "/verify#user_id=&token=x",
		"no token":           base + "/verify#user_id=x&token=",
		"no token in query":  base + "/verify?token=",
		"nobody's id":        base + "/verify#user_id=00000000-0000-0000-0000-000000000000&token=x",
		"a gap in the path":  base + "/users//verify",
		"script":             "javascript:alert(1)",
		"data":               "data:text/html,x",
		"relative":           "/verify#user_id=x&token=y",
		"elsewhere":          "https://evil.example/verify#user_id=x&token=y",
		"less secure":        "http://usher.example/verify#user_id=x&token=y",
		"looks like ours":    "https://usher.example@evil.example/#user_id=x",
		"signed in":          "https://a:b@usher.example/#user_id=x",
		"line break":         base + "/verify\r\n#token=y",
		"space":              base + "/verify #token=y",
		"ends the attribute": base + `/verify"onclick="x`,
		"ends the bracket":   base + "/verify>",
	} {
		_, err := c.Compose(mail.Address{Address: "reader@example.org"}, "en", mail.Verification{Link: bad, ExpiresIn: time.Hour})
		require.Error(t, err, name)
		require.True(t, mail.Permanent(err), name)
	}
}

type unknown struct{ Name string }

func (unknown) Kind() string { return "unknown" }

type impostor struct{ Name string }

func (impostor) Kind() string { return "verification" }

func TestRefusedData(t *testing.T) {
	c := composer(t)
	good := mail.Verification{Name: "Ada", Link: link, ExpiresIn: time.Hour}
	for name, bad := range map[string]mail.Data{
		"nothing": nil, "unknown kind": unknown{}, "other data": impostor{}, "pointer": &good,
		"over": mail.Verification{Link: link, ExpiresIn: -time.Hour},
	} {
		_, err := c.Compose(mail.Address{Address: "reader@example.org"}, "en", bad)
		require.True(t, mail.Permanent(err), name)
	}
	for _, to := range []string{
		"", "reader", "reader@", "@example.org", "a@example.org, b@example.org", "Ada <reader@example.org>", "<reader@example.org>",
		"reader@example.org\r\nBcc: all@example.org", "reader@example.org>\r\nRCPT TO:<all@example.org", "a b@example.org", "reader@-é-.example",
	} {
		_, err := c.Compose(mail.Address{Address: to}, "en", good)
		require.True(t, mail.Permanent(err), to)
		if to != "" {
			require.NotContains(t, err.Error(), to)
		}
	}
}

func TestAddressesThatLookOdd(t *testing.T) {
	for given, want := range map[string]string{
		`"john..doe"@example.org`: `"john..doe"@example.org`,
		"o'brien+x@example.org":   "o'brien+x@example.org",
		"josé@example.org":        "josé@example.org",
		"reader@BÜCHER.example":   "reader@xn--bcher-kva.example",
	} {
		m, err := composer(t).Compose(mail.Address{Address: given}, "", mail.Verification{Link: link, ExpiresIn: time.Hour})
		require.NoError(t, err, given)
		require.Contains(t, written(t, m), "To: <"+want+">\r\n")
	}
}

func TestRefusedSettings(t *testing.T) {
	for name, change := range map[string]func(*mail.Settings){
		"no sender":        func(s *mail.Settings) { s.From = "" },
		"no address":       func(s *mail.Settings) { s.From = "Usher" },
		"no product":       func(s *mail.Settings) { s.ProductName = " \n" },
		"no base":          func(s *mail.Settings) { s.BaseURL = "" },
		"base without web": func(s *mail.Settings) { s.BaseURL = "ftp://usher.example" },
		"no such folder":   func(s *mail.Settings) { s.TemplatesDir = "testdata/absent" },
	} {
		s := settings()
		change(&s)
		_, err := mail.NewComposer(s)
		require.Error(t, err, name)
	}
}

func TestLifetimesInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1 minute", 15 * time.Minute: "15 minutes", 30 * time.Minute: "30 minutes", time.Hour: "1 hour", 90 * time.Minute: "90 minutes",
		24 * time.Hour: "24 hours", 48 * time.Hour: "48 hours", 7 * 24 * time.Hour: "7 days",
	} {
		m, err := composer(t).Compose(mail.Address{Address: "reader@example.org"}, "en", mail.Verification{Link: link, ExpiresIn: d})
		require.NoError(t, err)
		require.Contains(t, m.Text, "The link works for "+want+".")
	}
}

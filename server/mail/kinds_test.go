package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
)

var update = flag.Bool("update", false, "rewrite golden files")

// compose writes data to somebody who is called name.
func compose(t *testing.T, c *mail.Composer, name string, data mail.Data) mail.Message {
	t.Helper()
	m, err := c.Compose(mail.Address{Name: name, Address: "reader@example.org"}, "en", data)
	require.NoError(t, err, data.Kind())
	return m
}

// saying is data with the same words in all its strings.
func saying(words string, data mail.Data) mail.Data {
	said := reflect.New(reflect.TypeOf(data)).Elem()
	said.Set(reflect.ValueOf(data))
	for _, field := range said.Fields() {
		if field.Type() == reflect.TypeFor[string]() {
			field.SetString(words)
		}
	}
	return said.Interface().(mail.Data)
}

func TestLettersReadLikeThis(t *testing.T) {
	c := composer(t)
	for _, sample := range mail.Samples(base) {
		m := compose(t, c, "Ada Lovelace", sample)
		golden(t, sample.Kind()+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
	}
	goldens, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.Len(t, goldens, len(mail.Kinds()), "a letter that is gone takes its file along")
}

func TestOneLetterLooksLikeThis(t *testing.T) {
	golden(t, "verification.html", letter(t, "Ada Lovelace").HTML)
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, file)
}

func TestEveryLetterGreetsAndLeadsToItsLink(t *testing.T) {
	c := composer(t)
	for _, sample := range mail.Samples(base) {
		m := compose(t, c, "", sample)
		require.True(t, strings.HasPrefix(m.Text, "Hello Ada Lovelace,\n"), sample.Kind())
		var want []string
		if field := reflect.ValueOf(sample).FieldByName("Link"); field.IsValid() {
			want = []string{field.String()}
		}
		require.Equal(t, want, m.Links(), sample.Kind())
	}
}

func TestWhatIsNotKnownIsNotSaid(t *testing.T) {
	c := composer(t)
	m := compose(t, c, "", mail.EmailChanged{})
	require.Contains(t, m.Text, "Hello,\n\nYour account now uses another e-mail address. The one")
	m = compose(t, c, "", mail.RecoveryCodeUsed{Link: base + "/forgot"})
	require.Contains(t, m.Text, "Each code works once.\n\n")
	m = compose(t, c, "", mail.RecoveryCodeUsed{Left: "0", Link: base + "/forgot"})
	require.Contains(t, m.Text, "Codes left: 0.")
}

// A letter about a lock that is over would be wrong: it is never written.
func TestALockThatIsOver(t *testing.T) {
	c := composer(t)
	_, err := c.Compose(mail.Address{Address: "reader@example.org"}, "en", mail.AccountLocked{Link: base + "/forgot"})
	require.True(t, mail.Permanent(err))
	m := compose(t, c, "", mail.AccountLocked{Link: base + "/forgot", EndsIn: 14*time.Minute + time.Second})
	require.Contains(t, m.Text, "closed for 15 minutes.")
}

package dev_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/dev"
	"github.com/usherhq/usher/server/mail"
)

const base = "http://localhost:8080"

// fill puts one letter per name into a folder, the newest last, and returns the folder.
func fill(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	sender, err := mail.Open("file://" + filepath.ToSlash(dir))
	require.NoError(t, err)
	composer, err := mail.NewComposer(mail.Settings{From: "no-reply@example.org", ProductName: "Usher", BaseURL: base})
	require.NoError(t, err)
	for _, name := range names {
		link := mail.Link(base + "/verify#user_id=" + name + "&token=t-" + name)
		data := mail.Verification{Name: "<b>" + name, Link: link, ExpiresIn: time.Hour}
		m, err := composer.Compose(mail.Address{Address: name + "@example.org"}, "en", data)
		require.NoError(t, err)
		require.NoError(t, sender.Send(t.Context(), m))
	}
	return dir
}

func get(t *testing.T, h http.Handler, target, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestCurlFindsTheNewestLink(t *testing.T) {
	h := dev.Mailbox(fill(t, "old", "new"))
	w := get(t, h, "/dev/mail", "*/*")
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	links := regexp.MustCompile(`http[^ \n]*verify[^ \n]*`).FindAllString(w.Body.String(), -1)
	require.Equal(t, []string{base + "/verify#user_id=new&token=t-new", base + "/verify#user_id=old&token=t-old"}, links)
	require.Contains(t, w.Body.String(), "Confirm your e-mail address for Usher\n")
}

func TestJSON(t *testing.T) {
	h := dev.Mailbox(fill(t, "old", "new"))
	for _, ask := range []struct{ target, accept string }{{"/dev/mail", "application/json"}, {"/dev/mail?format=json", "*/*"}} {
		w := get(t, h, ask.target, ask.accept)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		var list []struct {
			Name, To, Subject, Text string
			Date                    time.Time
			Links                   []string
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
		require.Len(t, list, 2)
		require.Equal(t, "new@example.org", list[0].To)
		require.Equal(t, "Confirm your e-mail address for Usher", list[0].Subject)
		require.Equal(t, []string{base + "/verify#user_id=new&token=t-new"}, list[0].Links)
		require.Contains(t, list[0].Text, list[0].Links[0])
		require.WithinDuration(t, time.Now(), list[0].Date, time.Minute)

		one := get(t, h, "/dev/mail/"+list[1].Name, "application/json")
		require.Equal(t, http.StatusOK, one.Code)
		require.Contains(t, one.Body.String(), `"to": "old@example.org"`)
	}
}

func TestAnEmptyMailbox(t *testing.T) {
	h := dev.Mailbox(filepath.Join(t.TempDir(), "not yet"))
	require.Equal(t, "[]\n", get(t, h, "/dev/mail", "application/json").Body.String())
	require.Empty(t, get(t, h, "/dev/mail", "*/*").Body.String())
	require.Contains(t, get(t, h, "/dev/mail", "text/html").Body.String(), "None yet")
}

func TestBrowserPages(t *testing.T) {
	dir := fill(t, "ada")
	h := dev.Mailbox(dir)
	list := get(t, h, "/dev/mail", "text/html,application/xhtml+xml,*/*;q=0.8")
	require.Equal(t, "text/html; charset=utf-8", list.Header().Get("Content-Type"))
	require.Contains(t, list.Body.String(), `http-equiv="refresh"`)
	page := regexp.MustCompile(`/dev/mail/[^"]+`).FindString(list.Body.String())

	one := get(t, h, page, "text/html")
	require.NotContains(t, one.Body.String(), `http-equiv="refresh"`)
	require.NotContains(t, one.Body.String(), "<b>")
	require.Contains(t, one.Body.String(), `<a href="`+base+`/verify#user_id=ada&amp;token=t-ada">`)
	require.Contains(t, one.Body.String(), `<iframe src="`+page+`/html" sandbox="allow-popups`)
	for _, w := range []*httptest.ResponseRecorder{list, one} {
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.NotContains(t, w.Header().Get("Content-Security-Policy"), "script-src")
	}

	part := get(t, h, page+"/html", "text/html")
	require.Contains(t, part.Header().Get("Content-Security-Policy"), "sandbox allow-popups")
	require.Contains(t, part.Body.String(), `<base target="_blank">`)
	require.Contains(t, part.Body.String(), "Confirm my e-mail address</a>")

	plain := get(t, h, page, "*/*")
	require.Contains(t, plain.Body.String(), "Subject: Confirm your e-mail address for Usher\n")
}

func TestNothingButTheFolder(t *testing.T) {
	dir := fill(t, "ada")
	outside := filepath.Join(filepath.Dir(dir), "outside.eml")
	letters, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	require.NoError(t, err)
	content, err := os.ReadFile(letters[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(outside, content, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), content, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "broken.eml"), []byte("no letter"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "symlink.eml")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.eml"), 0o700))

	h := dev.Mailbox(dir)
	for _, name := range []string{
		"absent.eml", "notes.txt", "broken.eml", "symlink.eml", "folder.eml", ".eml", "%00.eml",
		url.PathEscape("../outside.eml"), url.PathEscape(outside), url.PathEscape(`..\outside.eml`), "%2e%2e%2foutside.eml",
	} {
		require.Equal(t, http.StatusNotFound, get(t, h, "/dev/mail/"+name+"/html", "*/*").Code, name)
		require.Equal(t, http.StatusNotFound, get(t, h, "/dev/mail/"+name, "*/*").Code, name)
	}
	var list []struct{ Name string }
	require.NoError(t, json.Unmarshal(get(t, h, "/dev/mail", "application/json").Body.Bytes(), &list))
	require.Len(t, list, 1)
}

func TestTheListIsBounded(t *testing.T) {
	dir := fill(t, "ada")
	letters, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	require.NoError(t, err)
	for i := range 150 {
		require.NoError(t, os.Link(letters[0], filepath.Join(dir, fmt.Sprintf("z%03d.eml", i))))
	}
	var list []struct{ Name string }
	require.NoError(t, json.Unmarshal(get(t, dev.Mailbox(dir), "/dev/mail", "application/json").Body.Bytes(), &list))
	require.Len(t, list, 100)
	require.Equal(t, "z149.eml", list[0].Name)
}

func TestNothingToWrite(t *testing.T) {
	w := httptest.NewRecorder()
	dev.Mailbox(t.TempDir()).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/dev/mail", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
}

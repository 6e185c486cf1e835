package dev

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/usherhq/usher/server/mail"
)

// shown is how many letters the list has at most.
const shown = 100

// mailbox serves a folder of .eml files.
type mailbox string

// letter is one file of the folder.
type letter struct {
	Name    string    `json:"name"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Date    time.Time `json:"date"`
	Links   []string  `json:"links"`
	Text    string    `json:"text"`
	html    string
}

// Mailbox shows the mails that the service has put into dir, at /dev/mail and /dev/mail/{name}: as pages to
// browsers, as JSON to who asks for application/json or ?format=json, else, so to curl, as
// text with every link on a line of its own. It shows secrets to anybody who asks: for development only.
func Mailbox(dir string) http.Handler {
	box := mailbox(dir)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/mail", box.list)
	mux.HandleFunc("GET /dev/mail/{name}", box.one)
	mux.HandleFunc("GET /dev/mail/{name}/html", box.html)
	return mux
}

func (box mailbox) list(w http.ResponseWriter, r *http.Request) {
	names, err := box.names()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	letters := []letter{}
	for _, name := range names {
		if l, err := box.read(name); err == nil {
			letters = append(letters, l)
		}
	}
	answer(w, r, letters, listPage, listText)
}

func (box mailbox) one(w http.ResponseWriter, r *http.Request) {
	l, err := box.read(r.PathValue("name"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	answer(w, r, l, letterPage, letterText)
}

// html shows the HTML part as a page that can do nothing: no script, no request, an origin of its own.
func (box mailbox) html(w http.ResponseWriter, r *http.Request) {
	l, err := box.read(r.PathValue("name"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	protect(w, "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// A link must leave the frame: its page would not work inside.
	_, _ = w.Write([]byte(strings.Replace(l.html, "<head>", `<head><base target="_blank">`, 1)))
}

// names lists the newest letters, the newest first. A folder that is not there yet is empty.
func (box mailbox) names() ([]string, error) {
	entries, err := os.ReadDir(string(box))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range slices.Backward(entries) {
		if filepath.Ext(entry.Name()) == ".eml" && len(names) < shown {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// read opens a letter of the folder, and no other file: neither elsewhere nor with another ending.
func (box mailbox) read(name string) (letter, error) {
	if filepath.Ext(name) != ".eml" || filepath.Base(name) != name {
		return letter{}, fs.ErrNotExist
	}
	file, err := os.OpenInRoot(string(box), name)
	if err != nil {
		return letter{}, err
	}
	defer file.Close()
	m, err := mail.Parse(file)
	if err != nil {
		return letter{}, err
	}
	return letter{
		Name: name, From: m.From.Address, To: m.To.Address, Subject: m.Subject, Date: m.Date,
		Links: append([]string{}, m.Links()...), Text: m.Text, html: m.HTML,
	}, nil
}

func protect(w http.ResponseWriter, policy string) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
}

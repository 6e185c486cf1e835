package dev

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"
)

const frame = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{{block "refresh" .}}{{end}}
<title>Mails</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8885 }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
iframe { width: 100%; height: 32rem; border: 1px solid #8885; background: Canvas }
</style>
</head>
<body>
{{block "body" .}}{{end}}
</body>
</html>
`

const listPage = `{{define "refresh"}}<meta http-equiv="refresh" content="3">{{end}}
{{define "body"}}<h1>Mails</h1>
{{if .}}<table>
<tr><th>Subject</th><th>To</th><th>From</th><th>Date</th></tr>
{{range .}}<tr><td><a href="/dev/mail/{{.Name}}">{{.Subject}}</a></td><td>{{.To}}</td><td>{{.From}}</td><td>{{time .Date}}</td></tr>
{{end}}</table>{{else}}<p>None yet. This page looks again every three seconds.</p>{{end}}{{end}}`

const letterPage = `{{define "body"}}<p><a href="/dev/mail">All mails</a></p>
<h1>{{.Subject}}</h1>
<p>To {{.To}}<br>From {{.From}}<br>{{time .Date}}</p>
<h2>Text</h2>
<pre>{{range pieces .}}{{if .Link}}<a href="{{.Link}}">{{.Link}}</a>{{else}}{{.Words}}{{end}}{{end}}</pre>
<h2>HTML</h2>
<iframe src="/dev/mail/{{.Name}}/html" sandbox="allow-popups allow-popups-to-escape-sandbox" title="HTML part"></iframe>{{end}}`

// answer writes v in the form that the request asks for.
func answer[T any](w http.ResponseWriter, r *http.Request, v T, page string, text func(io.Writer, T)) {
	protect(w, "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	var body bytes.Buffer
	var err error
	switch form(r) {
	case "html":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err = show(&body, page, v)
	case "json":
		w.Header().Set("Content-Type", "application/json")
		err = writeJSON(&body, v)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		text(&body, v)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = body.WriteTo(w)
}

func form(r *http.Request) string {
	accept := r.Header.Get("Accept")
	switch format := r.URL.Query().Get("format"); {
	case format != "":
		return format
	case strings.Contains(accept, "text/html"):
		return "html"
	case strings.Contains(accept, "application/json"):
		return "json"
	}
	return "text"
}

// writeJSON leaves & as it is, so that links can be cut out by hand.
func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

func show(w io.Writer, page string, v any) error {
	functions := template.FuncMap{"time": moment, "pieces": pieces}
	t, err := template.New("mailbox").Funcs(functions).Parse(frame)
	if err != nil {
		return err
	}
	if t, err = t.Parse(page); err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "mailbox", v)
}

func listText(w io.Writer, letters []letter) {
	for _, l := range letters {
		fmt.Fprintf(w, "%s  %s\n%s\n%s\n\n", moment(l.Date), l.To, l.Subject, strings.Join(l.Links, "\n"))
	}
}

func letterText(w io.Writer, l letter) {
	fmt.Fprintf(w, "Date: %s\nFrom: %s\nTo: %s\nSubject: %s\n\n%s", moment(l.Date), l.From, l.To, l.Subject, l.Text)
}

func moment(t time.Time) string { return t.UTC().Format(time.DateTime) }

// piece is a part of a text: words or a link.
type piece struct{ Words, Link string }

// pieces cuts a letter's text at its links.
func pieces(l letter) []piece {
	var out []piece
	rest := l.Text
	for _, link := range l.Links {
		before, after, _ := strings.Cut(rest, link)
		out = append(out, piece{Words: before}, piece{Link: link})
		rest = after
	}
	return append(out, piece{Words: rest})
}

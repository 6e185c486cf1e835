package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"

	"github.com/usherhq/usher/gen/web"
)

// Problem explains one code of the contract's failures (RFC 9457).
type Problem struct {
	Code        string `json:"code"`
	Title       string `json:"title"`
	Status      int    `json:"status"`
	Description string `json:"description,omitempty"`
}

// Type is the address of the problem's page, and what a failure names as its type.
func (p Problem) Type() string { return "/problems/" + p.Code }

// StatusText is the HTTP status in words.
func (p Problem) StatusText() string { return http.StatusText(p.Status) }

// MarshalJSON adds the type.
func (p Problem) MarshalJSON() ([]byte, error) {
	type fields Problem
	return json.Marshal(struct {
		Type string `json:"type"`
		fields
	}{p.Type(), fields(p)})
}

func (s *Site) addProblems(problems []Problem, missing http.Handler) error {
	templates, err := template.ParseFS(web.Files, "problem.html", "problems.html")
	if err != nil {
		return fmt.Errorf("parse the pages about problems: %w", err)
	}
	list := map[string][]Problem{"items": append([]Problem{}, problems...)} // never null in JSON
	index, err := newExplanation(templates.Lookup("problems.html"), list)
	if err != nil {
		return err
	}
	each := map[string]http.Handler{}
	for _, problem := range problems {
		if each[problem.Code], err = newExplanation(templates.Lookup("problem.html"), problem); err != nil {
			return err
		}
	}
	s.handle("/problems", index)
	s.handle("/problems/{code}", lookup("code", each, missing))
	return nil
}

// explanation says the same as a page and as JSON.
type explanation struct{ page, json *document }

func newExplanation(t *template.Template, data any) (explanation, error) {
	var page bytes.Buffer
	if err := t.Execute(&page, data); err != nil {
		return explanation{}, fmt.Errorf("render %s: %w", t.Name(), err)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return explanation{}, fmt.Errorf("render %s as JSON: %w", t.Name(), err)
	}
	return explanation{
		page: newDocument("text/html; charset=utf-8", plainPolicy, page.Bytes()),
		json: newDocument("application/json", sealedPolicy, text),
	}, nil
}

// ServeHTTP implements http.Handler.
func (e explanation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	if prefersJSON(r) {
		e.json.ServeHTTP(w, r)
		return
	}
	e.page.ServeHTTP(w, r)
}

// Package site serves what people open in a browser and the contract does not describe: the API's documentation, the
// pages behind mailed links, and an explanation of each problem. Nothing here reads or changes an account: the pages
// call the API for that.
package site

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/usherhq/usher/gen/web"
)

// Content is what the pages tell about the service they belong to.
type Content struct {
	OpenAPIYAML []byte
	OpenAPIJSON []byte
	Problems    []Problem
}

// Site is all pages together. It answers GET and HEAD; anything else is 405.
type Site struct {
	mux   *http.ServeMux
	paths []string
}

// New prepares every page, so that a broken one stops the start of the server instead of a visitor.
func New(content Content) (*Site, error) {
	s := &Site{mux: http.NewServeMux()}
	s.handle("/openapi.yaml", openAPI("application/yaml", content.OpenAPIYAML))
	s.handle("/openapi.json", openAPI("application/json", content.OpenAPIJSON))
	for _, page := range []struct{ path, file, policy string }{
		{"/docs", "docs.html", swaggerPolicy},
		{"/redoc", "redoc.html", redocPolicy},
		{"/verify", "verify.html", scriptPolicy},
		{"/forgot-password", "forgot-password.html", scriptPolicy},
		{"/reset-password", "reset-password.html", scriptPolicy},
		{"/confirm-email", "confirm-email.html", scriptPolicy},
		{"/licenses", "licenses.txt", sealedPolicy},
	} {
		doc, err := fromFile(page.file, page.policy)
		if err != nil {
			return nil, err
		}
		s.handle(page.path, doc)
	}
	missing, err := newNotFound()
	if err != nil {
		return nil, err
	}
	if err := s.addAssets(missing); err != nil {
		return nil, err
	}
	if err := s.addProblems(content.Problems, missing); err != nil {
		return nil, err
	}
	return s, nil
}

// Paths lists what the server has to mount the site on, written as in OpenAPI: /problems/{code}.
func (s *Site) Paths() []string { return slices.Clone(s.paths) }

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	s.mux.ServeHTTP(w, r)
}

// handle is the only way onto the site, so that Paths cannot forget one.
func (s *Site) handle(path string, h http.Handler) {
	s.mux.Handle("GET "+path, h)
	s.paths = append(s.paths, path)
}

func (s *Site) addAssets(missing http.Handler) error {
	entries, err := fs.ReadDir(web.Files, "assets")
	if err != nil {
		return fmt.Errorf("read the built assets: %w", err)
	}
	assets := map[string]http.Handler{}
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".gz")
		if assets[name], err = asset(name, path.Join("assets", entry.Name())); err != nil {
			return err
		}
	}
	s.handle("/assets/{file}", lookup("file", assets, missing))
	return nil
}

// lookup hands a request to the handler named by a segment of its path.
func lookup(segment string, handlers map[string]http.Handler, missing http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, ok := handlers[r.PathValue(segment)]
		if !ok {
			h = missing
		}
		h.ServeHTTP(w, r)
	})
}

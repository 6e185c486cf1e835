package site

import (
	"fmt"
	"io/fs"
	"net/http"

	"github.com/usherhq/usher/gen/web"
)

// notFound is the answer to a name that the site does not know: a page, or a problem without a page of its own.
type notFound struct{ page []byte }

func newNotFound() (notFound, error) {
	page, err := fs.ReadFile(web.Files, "not-found.html")
	if err != nil {
		return notFound{}, fmt.Errorf("read a built page: %w", err)
	}
	return notFound{page}, nil
}

// ServeHTTP implements http.Handler.
func (n notFound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, contentType := n.page, "text/html; charset=utf-8"
	if prefersJSON(r) {
		body, contentType = []byte(`{"type":"about:blank","title":"Not Found","status":404}`), "application/problem+json"
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Security-Policy", plainPolicy)
	header.Set("Cache-Control", revalidate)
	header.Set("Vary", "Accept")
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone: nobody is left to tell
	}
}

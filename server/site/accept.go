package site

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// prefersJSON tells whether a client would rather read JSON than a page; without a preference it gets the page.
func prefersJSON(r *http.Request) bool {
	accept := r.Header["Accept"]
	return quality(accept, "application/json", "application/*", "*/*") > quality(accept, "text/html", "text/*", "*/*")
}

// quality is the weight that a header of the Accept family (RFC 9110, section 12.5) gives to the first of the names
// that it lists, the most specific name coming first; 0 when it lists none.
func quality(header []string, names ...string) float64 {
	weights := map[string]float64{}
	for item := range strings.SplitSeq(strings.Join(header, ","), ",") {
		if name, params, err := mime.ParseMediaType(item); err == nil {
			weights[name] = weight(params)
		}
	}
	for _, name := range names {
		if q, ok := weights[name]; ok {
			return q
		}
	}
	return 0
}

func weight(params map[string]string) float64 {
	text, ok := params["q"]
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return q
}

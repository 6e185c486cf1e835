package site

import "net/http"

// The Content-Security-Policy of each kind of answer: nothing is allowed but what it needs, and that from our own origin.
const (
	sealedPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	plainPolicy  = sealedPolicy + "; style-src 'self'; img-src 'self'"
	scriptPolicy = plainPolicy + "; script-src 'self'; connect-src 'self'"

	// Swagger UI and Redoc write style attributes and style elements; both carry small pictures as data.
	swaggerPolicy = sealedPolicy + "; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
	// Redoc searches in a worker that it starts from a blob.
	redocPolicy = swaggerPolicy + "; worker-src blob:"
)

// secure sets what every answer has in common, a failure included; a document adds to it.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", sealedPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

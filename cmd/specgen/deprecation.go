package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// deprecation is what a deprecated operation answers in the headers Deprecation (RFC 9745) and Sunset (RFC 8594).
type deprecation struct{ Since, Sunset string }

// readDeprecation reads x-deprecated: {since: 2026-11-01, sunset: 2027-05-01} of an operation with deprecated: true.
// ok is false unless the two stand together and the end follows the beginning.
func readDeprecation(op *openapi3.Operation) (d deprecation, ok bool) {
	said, found := op.Extensions["x-deprecated"].(map[string]any)
	if !op.Deprecated || !found {
		return d, op.Deprecated == found
	}
	since, err1 := time.Parse(time.DateOnly, text(said["since"]))
	sunset, err2 := time.Parse(time.DateOnly, text(said["sunset"]))
	if err1 != nil || err2 != nil || !sunset.After(since) {
		return d, false
	}
	return deprecation{fmt.Sprintf("@%d", since.Unix()), sunset.UTC().Format(http.TimeFormat)}, true
}

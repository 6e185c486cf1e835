// Package etag makes entity tags (RFC 9110 section 8.8.3) of a row's version and of what the caller is shown. The
// version answers If-Match: has anybody edited it since? The rest answers If-None-Match: would the caller see the very
// same bytes? They differ, because links depend on who asks.
package etag

import (
	"context"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// Version is the tag of a row's version; the wire adds the representation with Of.
func Version(n int64) string { return strconv.FormatInt(n, 10) }

// Of is the strong tag of a representation of a version.
func Of(version string, body []byte) string {
	h := fnv.New64a()
	_, _ = h.Write(body) // a hash does not fail
	return `"` + version + "." + strconv.FormatUint(h.Sum64(), 36) + `"`
}

// Matches reports whether a header (If-None-Match) lists the tag, or is "*". The comparison is weak, as RFC 9110
// section 13.1.2 wants.
func Matches(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == tag {
			return true
		}
	}
	return false
}

type key struct{}

// Expect returns a context in which a change is refused unless header (If-Match) names the row's version. An empty
// header expects nothing.
func Expect(ctx context.Context, header string) context.Context {
	if header == "" {
		return ctx
	}
	return context.WithValue(ctx, key{}, header)
}

// Check holds the version of a locked row to what the request expects: precondition-failed unless it matches.
func Check(ctx context.Context, version int64) error {
	header, ok := ctx.Value(key{}).(string)
	if !ok {
		return nil
	}
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		n, _, _ := strings.Cut(strings.Trim(item, `"`), ".")
		if item == "*" || strings.HasPrefix(item, `"`) && n == Version(version) {
			return nil
		}
	}
	return fault.New(spec.ProblemPreconditionFailed, "")
}

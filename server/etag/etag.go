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

// Matches reports whether a header (If-None-Match) is "*" or lists the tag. The comparison is weak, as RFC 9110 section
// 13.1.2 wants.
func Matches(header, tag string) bool {
	return lists(header, func(item string) bool { return strings.TrimPrefix(item, "W/") == tag })
}

// lists reports whether a header is "*" or a list with an item that fits. Our tags hold no comma, so a tag that does
// falls apart into pieces that fit nothing.
func lists(header string, fits func(item string) bool) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for item := range strings.SplitSeq(header, ",") {
		if fits(strings.TrimSpace(item)) {
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

// Check holds the version of a locked row to what the request expects: precondition-failed unless it matches. The
// comparison is strong, as RFC 9110 section 13.1.1 wants: a weak tag never matches.
func Check(ctx context.Context, version int64) error {
	header, ok := ctx.Value(key{}).(string)
	if !ok || lists(header, func(item string) bool { return versionOf(item) == Version(version) }) {
		return nil
	}
	return fault.New(spec.ProblemPreconditionFailed, "")
}

// versionOf is the version in a strong tag of ours; empty if it is none.
func versionOf(tag string) string {
	inside, opened := strings.CutPrefix(tag, `"`)
	inside, closed := strings.CutSuffix(inside, `"`)
	version, _, found := strings.Cut(inside, ".")
	if !opened || !closed || !found {
		return ""
	}
	return version
}

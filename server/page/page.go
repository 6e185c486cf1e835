// Package page reads lists page by page with keyset cursors: a page starts after the last row of the one before, so pages
// stay right while rows come and go, and deep pages cost what the first one costs.
package page

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/token"
)

// Request is the page that a client asks for.
type Request struct {
	Limit  int
	at     *cursor    // nil: the first page
	path   string     // of the list
	query  url.Values // without the cursor
	raw    string     // the cursor as it was sent
	op     *spec.Operation
	sealer *token.Sealer
}

// cursor is where a page starts: after the row with the key, or before it.
type cursor struct {
	Back bool            `json:"b,omitempty"`
	Key  json.RawMessage `json:"k"`
}

// Read reads what the URL asks of a list that the contract has checked it against. A cursor that this list did not
// make for this query is invalid-cursor.
func Read(sealer *token.Sealer, op *spec.Operation, u *url.URL) (Request, error) {
	r := Request{path: u.Path, query: u.Query(), op: op, sealer: sealer}
	limit := r.query.Get("limit")
	if limit == "" {
		limit = op.Param("limit").Default
	}
	r.Limit, _ = strconv.Atoi(limit) // the contract has seen to it that it is a number
	r.raw = r.query.Get("cursor")
	r.query.Del("cursor")
	if r.raw == "" {
		return r, nil
	}
	payload, err := sealer.Open(r.raw, r.binding())
	if err == nil {
		err = json.Unmarshal(payload, &r.at)
	}
	if err != nil {
		return r, &fault.Error{Problem: spec.ProblemInvalidCursor, Cause: err}
	}
	return r, nil
}

func (r Request) binding() []byte { return []byte(r.path + "?" + r.query.Encode()) }

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Links spec.Links
}

// List is how a list is read: key is what a row is ordered by, and Start precedes every key. After reads up to size rows
// that follow a key in the order of the list, Before those that precede it, nearest first.
type List[T, K any] struct {
	Start  K
	Key    func(row T) K
	After  func(key K, size int32) ([]T, error)
	Before func(key K, size int32) ([]T, error)
}

// Fetch reads the page that r asks for.
func Fetch[T, K any](r Request, l List[T, K]) (Page[T], error) {
	size := int32(r.Limit) + 1 // one more tells whether there is a further page
	k := l.Start
	if r.at != nil {
		if err := json.Unmarshal(r.at.Key, &k); err != nil {
			return Page[T]{}, &fault.Error{Problem: spec.ProblemInvalidCursor, Cause: err}
		}
	}
	back := r.at != nil && r.at.Back
	var items []T
	var err error
	if back {
		items, err = l.Before(k, size)
	} else {
		items, err = l.After(k, size)
	}
	if err != nil {
		return Page[T]{}, err
	}
	more := len(items) > r.Limit
	if more {
		items = items[:r.Limit]
	}
	if back {
		slices.Reverse(items)
	}
	links := spec.Links{Self: r.link(r.raw), First: r.link("")}
	if len(items) > 0 && (back && more || !back && r.at != nil) {
		links.Prev = r.link(r.seal(true, l.Key(items[0])))
	}
	if len(items) > 0 && (back || more) {
		links.Next = r.link(r.seal(false, l.Key(items[len(items)-1])))
	}
	return Page[T]{items, links}, nil
}

func (r Request) seal(back bool, key any) string {
	k, err := json.Marshal(key)
	if err != nil {
		panic(err) // keys are uuids, times, numbers and strings
	}
	payload, err := json.Marshal(cursor{back, k})
	if err != nil {
		panic(err)
	}
	return r.sealer.Seal(payload, r.binding())
}

func (r Request) link(at string) *spec.Link {
	query := r.query.Encode()
	if at != "" {
		query = strings.TrimPrefix(query+"&cursor="+at, "&")
	}
	if query != "" {
		query = "?" + query
	}
	return &spec.Link{Href: r.path + query, Method: r.op.Method}
}

// Header lists the links of a page as a Link header (RFC 8288) does.
func Header(links spec.Links) string {
	var out []string
	for _, l := range links.All() {
		out = append(out, "<"+l.Href+`>; rel="`+l.Rel+`"`)
	}
	return strings.Join(out, ", ")
}

type contextKey struct{}

// With returns a context that carries the page the request asks for.
func With(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// From returns the page that the request asks for.
func From(ctx context.Context) Request {
	r, _ := ctx.Value(contextKey{}).(Request)
	return r
}

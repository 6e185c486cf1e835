package apitest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// Client calls the service as one user.
type Client struct {
	server *Server
	header map[string]string
}

// With returns a client that also sends a header.
func (c *Client) With(name, value string) *Client {
	header := maps.Clone(c.header)
	header[name] = value
	return &Client{c.server, header}
}

// Basic returns a client that sends the credentials of a service (RFC 6749 section 2.3.1).
func (c *Client) Basic(id, secret string) *Client {
	sent := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
	return c.With("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(sent)))
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send sends a request and holds the answer to the contract. A body is sent as JSON (merge patch for PATCH), a string
// or []byte as it is; a path that starts with the base path is taken as it is, others are put under it.
func (c *Client) Send(method, path string, body any) Answer {
	s := c.server
	s.t.Helper()
	if !strings.HasPrefix(path, spec.BasePath) {
		path = spec.BasePath + path
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, reader(s, body))
	require.NoError(s.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		if method == http.MethodPatch {
			req.Header.Set("Content-Type", "application/merge-patch+json")
		}
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	a := Answer{res.StatusCode, res.Header, b}
	s.conforms(req, a)
	return a
}

func reader(s *Server, body any) io.Reader {
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(b)
	case []byte:
		return bytes.NewReader(b)
	}
	b, err := json.Marshal(body)
	require.NoError(s.t, err)
	return bytes.NewReader(b)
}

// Do sends a request and decodes an answer of the wanted status.
func Do[T any](c *Client, method, path string, body any, status int) T {
	c.server.t.Helper()
	var out T
	a := c.Send(method, path, body)
	require.Equal(c.server.t, status, a.Status, string(a.Body))
	if len(a.Body) > 0 {
		require.NoError(c.server.t, json.Unmarshal(a.Body, &out))
	}
	return out
}

// Refused sends a request that must fail with the problem p.
func Refused(c *Client, method, path string, body any, p spec.Problem) spec.ProblemDetails {
	c.server.t.Helper()
	got := Do[spec.ProblemDetails](c, method, path, body, p.Status())
	require.Equal(c.server.t, p, got.Code)
	return got
}

// Rels lists the relations of links.
func Rels(l spec.Links) []string {
	out := []string{}
	for _, link := range l.All() {
		out = append(out, link.Rel)
	}
	return out
}

// Pointers lists the fields that a problem names.
func Pointers(p spec.ProblemDetails) []string {
	out := []string{}
	if p.Errors != nil {
		for _, f := range *p.Errors {
			out = append(out, f.Pointer+" "+string(f.Code))
		}
	}
	return out
}

// Raw sends a request to a path exactly as written, off the contract too, and returns the status.
func (c *Client) Raw(t testing.TB, method, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.server.URL+path, nil)
	require.NoError(t, err)
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	return res.StatusCode
}

package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usherhq/usher/gen/spec"
)

// failure is an answer that is a problem (RFC 9457), or at the token endpoint an error with a problem in it.
type failure struct {
	spec.ProblemDetails
	MFAToken string `json:"mfa_token"`

	status int
	retry  time.Duration
	hint   string              // what to do on the command line
	flag   func(string) string // the flag of a JSON Pointer
}

// failed reads an answer that is no success.
func failed(res *http.Response) error {
	b, err := body(res)
	if err != nil {
		return err
	}
	f := &failure{status: res.StatusCode, retry: retryAfter(res)}
	if json.Unmarshal(b, f) != nil || f.Code == "" {
		f.Title, f.Code = http.StatusText(res.StatusCode), ""
		f.hint = "This is no answer of Usher; look at the address, or at what stands before the service."
	}
	return f
}

// Error is one line on the problem, and one for each thing to know about it.
func (f *failure) Error() string {
	lines := []string{fmt.Sprintf("%d %s: %s", f.status, f.Code, f.Title)}
	if f.Code == "" {
		lines[0] = fmt.Sprintf("%d %s", f.status, f.Title)
	}
	if f.Detail != nil {
		lines = append(lines, *f.Detail)
	}
	if f.Errors != nil {
		for _, e := range *f.Errors {
			lines = append(lines, f.field(e))
		}
	}
	if f.retry > 0 {
		lines = append(lines, fmt.Sprintf("Try again in %s; --wait does.", f.retry))
	}
	if f.hint != "" {
		lines = append(lines, f.hint)
	}
	if f.Instance != "" {
		lines = append(lines, "Request: "+f.Instance)
	}
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n  ")
}

func (f *failure) field(e spec.FieldError) string {
	at := e.Pointer
	if f.flag != nil {
		at = f.flag(e.Pointer)
	}
	if at == "" {
		return e.Detail
	}
	return at + ": " + e.Detail
}

// is reports whether err is an answer with this problem.
func is(err error, problems ...spec.Problem) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && slices.Contains(problems, f.Code)
}

// flagOf is the flag that a JSON Pointer into the body, or the place of a parameter, is about.
func (k *call) flagOf(pointer string) string {
	in, name := inBody, strings.TrimPrefix(pointer, "/")
	if !strings.HasPrefix(pointer, "/") {
		in, name, _ = strings.Cut(pointer, "/")
	}
	name, rest, _ := strings.Cut(name, "/")
	name = unescape(name)
	for _, v := range k.values {
		if v.in != in || v.name != name || in == inBody && k.body != "" {
			continue
		}
		if rest != "" {
			return "--" + v.flag + " /" + rest
		}
		return "--" + v.flag
	}
	return pointer
}

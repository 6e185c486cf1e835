package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/spec"
)

// request is what is sent to the service, maybe more than once.
type request struct {
	op     *spec.Operation // nil for a link
	method string
	path   string // with the query, from the root of the service
	header http.Header
	body   func() (io.ReadCloser, int64, error) // opens the body and tells how long it is, -1 if unknown; nil if there is none
	stdin  bool                                 // the body can be read only once
}

// again reports whether a lost connection may be answered with the same request once more: nothing happens twice then.
func (r *request) again() bool {
	switch r.method {
	case http.MethodGet, http.MethodPut, http.MethodDelete:
		return !r.stdin
	}
	return r.header.Get(idempotencyKey) != "" && !r.stdin
}

const idempotencyKey = "Idempotency-Key"

// request makes what the flags of c say into a request.
func (k *call) request(c *cobra.Command, in *caller) (*request, error) {
	if err := k.complete(c, in); err != nil {
		return nil, err
	}
	r := &request{op: k.op, method: k.op.Method, path: spec.BasePath + k.op.Path, header: http.Header{}}
	query := url.Values{}
	for _, v := range k.values {
		switch {
		case v.in == "path":
			r.path = strings.ReplaceAll(r.path, "{"+v.name+"}", url.PathEscape(v.texts[0]))
		case v.in == "header" && len(v.texts) > 0:
			r.header.Set(v.name, v.texts[0])
		case v.in == "header" && v.name == idempotencyKey:
			r.header.Set(v.name, uuid.NewString())
		case v.in == "query" && len(v.texts) > 0:
			query[v.name] = v.texts
		case v.in == "query" && k.all && v.name == "limit" && v.shape.maximum != "":
			query.Set(v.name, v.shape.maximum) // all pages are wanted: as few as can be
		}
	}
	if len(query) > 0 {
		r.path += "?" + query.Encode()
	}
	for _, a := range k.answers {
		if a.file {
			r.header.Set("Accept", strings.Join(k.op.Answers, ", "))
		}
	}
	return r, k.content(c, in, r)
}

// complete wants what the operation cannot do without. Passwords are asked for.
func (k *call) complete(c *cobra.Command, in *caller) error {
	var missing []string
	for _, v := range k.values {
		whole := v.in == inBody && given(c, "body")
		switch {
		case whole && len(v.texts) > 0:
			return fmt.Errorf("--%s: --body has the whole body already", v.flag)
		case v.secret() && len(v.texts) == 1 && v.texts[0] == "-":
			text, err := line(in.in)
			if err != nil {
				return fmt.Errorf("--%s: there is no line for it on standard input", v.flag)
			}
			v.texts[0] = text
		case v.required && !whole && v.secret() && len(v.texts) == 0:
			text, err := in.Ask(v.flag, true)
			if errors.Is(err, ErrNobody) {
				missing = append(missing, strconv.Quote(v.flag))
			} else if err != nil {
				return err
			}
			v.texts = append(v.texts, text)
		case v.required && !whole && len(v.texts) == 0:
			missing = append(missing, strconv.Quote(v.flag))
		}
	}
	if k.media != "" && !k.structured() && k.upload == "" {
		missing = append(missing, `"file"`)
	}
	if len(missing) > 0 {
		return fmt.Errorf("required flag(s) %s not set", strings.Join(missing, ", "))
	}
	return nil
}

// content gives the request its body.
func (k *call) content(c *cobra.Command, in *caller, r *request) error {
	var b []byte
	var err error
	switch {
	case k.media == "":
		return nil
	case !k.structured():
		return k.sentFile(in, r)
	case k.body != "":
		b, err = k.whole(c, in)
	case k.media == formType:
		form := url.Values{}
		for _, v := range k.values {
			if v.in == inBody && len(v.texts) > 0 {
				form[v.name] = v.texts
			}
		}
		b = []byte(form.Encode())
	default:
		b, err = k.members()
	}
	r.header.Set("Content-Type", k.media)
	r.body = func() (io.ReadCloser, int64, error) { return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil }
	return err
}

// members is the body that the flags make.
func (k *call) members() ([]byte, error) {
	body := map[string]any{}
	for _, v := range k.values {
		if v.in == inBody && len(v.texts) > 0 {
			body[v.name] = v.sent()
		}
	}
	for _, cleared := range k.clear {
		name := ""
		for _, v := range k.values {
			if v.in == inBody && v.shape.nullable && kebab(v.name) == kebab(cleared) {
				name = v.name
			}
		}
		if _, set := body[name]; name == "" || set {
			return nil, fmt.Errorf("--clear: want one of %s that has no other value", strings.Join(k.clearable(), ", "))
		}
		body[name] = nil
	}
	return json.Marshal(body)
}

// whole is the body that --body names.
func (k *call) whole(c *cobra.Command, in *caller) ([]byte, error) {
	if given(c, "clear") {
		return nil, errors.New("--clear: --body has the whole body already")
	}
	var b []byte
	var err error
	if k.body == "-" {
		b, err = io.ReadAll(in.in)
	} else {
		b, err = os.ReadFile(k.body)
	}
	if err != nil {
		return nil, fmt.Errorf("--body: %w", err)
	}
	if !json.Valid(b) {
		return nil, errors.New("--body: this is not JSON")
	}
	if k.media != formType {
		return b, nil
	}
	fields := map[string]string{}
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, errors.New("--body: want a JSON object of strings")
	}
	form := url.Values{}
	for name, text := range fields {
		form.Set(name, text)
	}
	return []byte(form.Encode()), nil
}

// sentFile gives the request a file as its body. It is opened anew for each try.
func (k *call) sentFile(in *caller, r *request) error {
	r.header.Set("Content-Type", k.media)
	r.header.Set("Expect", "100-continue") // a file that is refused need not be sent
	if k.upload == "-" {
		r.stdin = true
		r.body = func() (io.ReadCloser, int64, error) { return io.NopCloser(in.in), -1, nil }
		return nil
	}
	r.body = func() (io.ReadCloser, int64, error) {
		f, err := os.Open(k.upload)
		if err != nil {
			return nil, 0, fmt.Errorf("--file: %w", err)
		}
		about, err := f.Stat()
		if err != nil || !about.Mode().IsRegular() {
			return f, -1, err
		}
		return f, about.Size(), nil
	}
	return nil
}

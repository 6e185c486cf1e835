package contract

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// Request is what the requests of one operation are held to.
type Request struct {
	op     *spec.Operation
	params []param
	bodies map[string]*jsonschema.Schema
}

type param struct {
	spec.Param
	schema *jsonschema.Schema
}

// HasBody reports whether the operation takes a body.
func (r *Request) HasBody() bool { return len(r.bodies) > 0 }

// Stream is how many bytes the body has at most if the handler reads it as a stream; 0 if it is checked before.
func (r *Request) Stream() int64 { return r.op.Stream }

// Takes refuses content types that the operation does not take, and other charsets than UTF-8.
func (r *Request) Takes(contentType string) error {
	mediaType, params, err := mime.ParseMediaType(contentType)
	_, known := r.bodies[mediaType]
	if charset := params["charset"]; err != nil || !known || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.New(spec.ProblemUnsupportedMediaType, "Send "+r.mediaTypes()+" in UTF-8.")
	}
	return nil
}

// Params lists the parameters that break the contract; path gives the value of a path parameter.
func (r *Request) Params(req *http.Request, path func(name string) string) []spec.FieldError {
	var out []spec.FieldError
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return []spec.FieldError{fault.Field("query", spec.FieldProblemEncoding, "The query string is not well formed.")}
	}
	for _, p := range r.params {
		switch p.In {
		case "path":
			out = append(out, p.check([]string{path(p.Name)})...)
		case "header":
			out = append(out, p.check(req.Header.Values(p.Name))...)
		case "query":
			out = append(out, p.check(query[p.Name])...)
			delete(query, p.Name)
		}
	}
	for name := range query {
		if !utf8.ValidString(name) {
			return []spec.FieldError{fault.Field("query", spec.FieldProblemEncoding, "This is not valid UTF-8.")}
		}
		out = append(out, fault.Field("query/"+name, spec.FieldProblemUnknown, "There is no such parameter."))
	}
	return told(out)
}

func (p param) check(values []string) []spec.FieldError {
	at := p.In + "/" + p.Name
	switch {
	case len(values) == 0 && p.Required:
		return []spec.FieldError{fault.Field(at, spec.FieldProblemRequired, "This parameter is missing.")}
	case len(values) == 0:
		return nil
	case len(values) > 1 && p.Type != "array":
		return []spec.FieldError{fault.Field(at, spec.FieldProblemTooMany, "Send this parameter once.")}
	}
	for _, v := range values {
		if !utf8.ValidString(v) {
			return []spec.FieldError{fault.Field(at, spec.FieldProblemEncoding, "This is not valid UTF-8.")}
		}
	}
	var value any = p.value(values[0])
	if p.Type == "array" {
		var items []any
		for _, v := range values {
			items = append(items, v)
		}
		value = items
	}
	if err := p.schema.Validate(value); err != nil {
		return fields(at, err)
	}
	return nil
}

// value reads a parameter as its type; what does not read as that stays a string, for the schema to refuse.
func (p param) value(s string) any {
	switch p.Type {
	case "integer":
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case "boolean":
		if s == "true" || s == "false" {
			return s == "true"
		}
	}
	return s
}

// Body checks a body against the contract and returns it as the handler is to read it: strings in Unicode NFC. Failures are unsupported-media-type, malformed-request and
// invalid-request with each field.
func (r *Request) Body(contentType string, raw []byte) ([]byte, error) {
	if err := r.Takes(contentType); err != nil {
		return nil, err
	}
	mediaType, _, _ := mime.ParseMediaType(contentType) // which has just been read
	schema := r.bodies[mediaType]
	read := clean
	if mediaType == formType {
		read = form
	}
	body, value, err := read(raw)
	if err != nil {
		return nil, err
	}
	if err := schema.Validate(value); err != nil {
		return nil, fault.Invalid(told(fields("", err))...)
	}
	return body, nil
}

func (r *Request) mediaTypes() string {
	var out []string
	for _, b := range r.op.Bodies {
		out = append(out, b.MediaType)
	}
	return strings.Join(out, " or ")
}

package contract

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/unicode/norm"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

const (
	maxDepth  = 16
	maxTokens = 20_000
)

// clean reads a JSON text as RFC 8259 means it: one value, no member twice, valid UTF-8, bounded in depth and size. It
// returns the text with every string in NFC, and its value. encoding/json would let the last duplicate win and repair
// bad UTF-8 without a word.
func clean(raw []byte) ([]byte, any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil, fault.New(spec.ProblemMalformedRequest, "The body is empty.")
	}
	var out bytes.Buffer
	in, to := jsontext.NewDecoder(bytes.NewReader(raw)), jsontext.NewEncoder(&out)
	for tokens := 0; ; tokens++ {
		token, err := in.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && (tokens > maxTokens || in.StackDepth() > maxDepth) {
			return nil, nil, fault.New(spec.ProblemMalformedRequest, "The body is nested too deeply or has too many members.")
		}
		if err == nil && tokens > 0 && in.StackDepth() == 0 && !closes(token) {
			err = io.ErrUnexpectedEOF // a second value after the first
		}
		if err == nil && token.Kind() == '"' {
			token = jsontext.String(norm.NFC.String(token.String()))
		}
		if err == nil {
			err = to.WriteToken(token)
		}
		if err != nil {
			return nil, nil, &fault.Error{Problem: spec.ProblemMalformedRequest, Detail: reason(err), Cause: err}
		}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
	if err != nil {
		return nil, nil, &fault.Error{Problem: spec.ProblemMalformedRequest, Cause: err}
	}
	return out.Bytes(), value, nil
}

func closes(t jsontext.Token) bool { return t.Kind() == '}' || t.Kind() == ']' }

// reason says what is wrong without quoting the body, which may hold a password.
func reason(err error) string {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return "A member appears twice in one object."
	}
	return "The body is not valid JSON in UTF-8."
}

// form reads application/x-www-form-urlencoded; RFC 6749 section 3.2 forbids a parameter twice.
func form(raw []byte) (any, error) {
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, fault.New(spec.ProblemMalformedRequest, "The form is not well formed.")
	}
	out := map[string]any{}
	for name, list := range values {
		if len(list) > 1 {
			return nil, fault.New(spec.ProblemMalformedRequest, "A parameter appears twice.")
		}
		if !utf8.ValidString(name) || !utf8.ValidString(list[0]) {
			return nil, fault.New(spec.ProblemMalformedRequest, "The form is not valid UTF-8.")
		}
		out[name] = list[0]
	}
	return out, nil
}

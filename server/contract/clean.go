package contract

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
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
// returns the text with every string and name in NFC and every number as the handler can read it, and its value.
// encoding/json would let the last duplicate win and repair bad UTF-8 without a word.
func clean(raw []byte) ([]byte, any, error) {
	var out bytes.Buffer
	in, to := jsontext.NewDecoder(bytes.NewReader(raw)), jsontext.NewEncoder(&out)
	for tokens := 0; ; tokens++ {
		ended := tokens > 0 && in.StackDepth() == 0
		token, err := in.ReadToken()
		switch {
		case errors.Is(err, io.EOF) && ended:
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
			if err != nil {
				return nil, nil, unreadable(err)
			}
			return out.Bytes(), value, nil
		case errors.Is(err, io.EOF):
			return nil, nil, malformed("The body is empty.")
		case err != nil:
			return nil, nil, unreadable(err)
		case ended:
			return nil, nil, malformed("The body goes on after its end.")
		case tokens == maxTokens, in.StackDepth() > maxDepth:
			return nil, nil, malformed("The body is nested too deeply or has too many members.")
		}
		if token, err = normal(token); err != nil {
			return nil, nil, malformed("A number is out of range.")
		}
		if err := to.WriteToken(token); err != nil {
			return nil, nil, unreadable(err)
		}
	}
}

// normal is a token as it goes on: strings in Unicode NFC; numbers that are not written as integers in the form of RFC
// 8785, so that 1.0 and 1e2, which JSON Schema calls integers, are integers to Go. Numbers beyond binary64 are refused, as
// RFC 7493 section 2.2 advises: writing out the digits of each 1e999999 in a list would take 20 ms.
func normal(t jsontext.Token) (jsontext.Token, error) {
	switch t.Kind() {
	case '"':
		return jsontext.String(norm.NFC.String(t.String())), nil
	case '0':
		n, err := strconv.ParseFloat(t.String(), 64)
		if err == nil && strings.ContainsAny(t.String(), ".eE") {
			t = jsontext.Float(n)
		}
		return t, err
	}
	return t, nil
}

func malformed(detail string) error { return fault.New(spec.ProblemMalformedRequest, detail) }

// unreadable says what is wrong without quoting the body, which may hold a password.
func unreadable(cause error) error {
	detail := "The body is not valid JSON in UTF-8."
	if errors.Is(cause, jsontext.ErrDuplicateName) {
		detail = "A member appears twice in one object."
	}
	return &fault.Error{Problem: spec.ProblemMalformedRequest, Detail: detail, Cause: cause}
}

// form reads application/x-www-form-urlencoded as RFC 6749 section 3.2 has it: no parameter twice, and one without a
// value counts as left out. It returns the form with every string in NFC, and its value.
func form(raw []byte) ([]byte, any, error) {
	sent, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, nil, malformed("The form is not well formed.")
	}
	out, value := url.Values{}, map[string]any{}
	for name, list := range sent {
		if !utf8.ValidString(name) || !utf8.ValidString(list[0]) {
			return nil, nil, malformed("The form is not valid UTF-8.")
		}
		name = norm.NFC.String(name)
		if len(list) > 1 || out.Has(name) {
			return nil, nil, malformed("A parameter appears twice.")
		}
		if list[0] != "" {
			out.Set(name, norm.NFC.String(list[0]))
			value[name] = out.Get(name)
		}
	}
	return []byte(out.Encode()), value, nil
}

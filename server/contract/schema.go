package contract

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// MaxSchema is how long a schema may be that is written while the service runs, in bytes.
const MaxSchema = 8 << 10

// written is where a schema stands that is not part of the contract.
const written = "urn:usher:schema"

const closed = "A schema is of draft 2020-12 and refers to nothing but itself."

var errOutside = errors.New("a reference to another document")

// Schema is a JSON Schema (draft 2020-12) that somebody wrote while the service runs.
type Schema struct {
	compiled *jsonschema.Schema
	document any
}

// NewSchema compiles a schema. Failures are *jsonschema.SchemaValidationError and others of its compiler.
func NewSchema(raw []byte, formats map[string]Format) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := newCompiler(formats)
	c.UseLoader(nowhere{})
	c.UseRegexpEngine(expression)
	if err := c.AddResource(written, doc); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(written)
	return &Schema{compiled, doc}, err
}

// CheckSchema compiles a schema that somebody else wrote, or lists what is wrong with it; at goes before each pointer. Besides
// what JSON Schema refuses it refuses what would reach beyond the schema, what nobody would check, and what would take long
// to check.
func CheckSchema(at string, raw []byte, formats map[string]Format) (*Schema, []spec.FieldError) {
	if len(raw) > MaxSchema {
		return nil, []spec.FieldError{fault.Field(at, spec.FieldProblemTooLong, "Use at most 8 KiB.")}
	}
	s, err := NewSchema(raw, formats)
	if err != nil {
		return nil, uncompiled(at, err)
	}
	if unseen(s.document) {
		return nil, []spec.FieldError{fault.Field(at, spec.FieldProblemPattern, "This has control characters.")}
	}
	w := weight{at: at, document: s.document}
	w.add(s.compiled, 0)
	return s, w.refused
}

// unseen reports whether a document has characters that nobody sees, of which the database stores not even all.
func unseen(document any) bool {
	control := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	}
	switch v := document.(type) {
	case string:
		return control(v)
	case []any:
		return slices.ContainsFunc(v, unseen)
	case map[string]any:
		for name, member := range v {
			if control(name) || unseen(member) {
				return true
			}
		}
	}
	return false
}

// uncompiled says why a schema does not compile.
func uncompiled(at string, err error) []spec.FieldError {
	refused := func(pointer string, code spec.FieldProblem, detail string) []spec.FieldError {
		return []spec.FieldError{fault.Field(at+pointer, code, detail)}
	}
	var invalid *jsonschema.SchemaValidationError
	var regex *jsonschema.InvalidRegexError
	var outside *jsonschema.LoadURLError
	switch {
	case errors.As(err, &outside):
		return refused("", spec.FieldProblemInvalid, closed)
	case errors.As(err, &invalid):
		return told(fields(at, invalid.Err))
	case errors.As(err, &regex):
		return refused(pointerOf(regex.URL), spec.FieldProblemInvalid, "This is not a regular expression of RE2, or takes too long.")
	}
	return refused("", spec.FieldProblemInvalid, "This is not a JSON Schema: a reference leads nowhere, or a name is given twice.")
}

// pointerOf is the JSON Pointer (RFC 6901) in a location within a schema.
func pointerOf(location string) string {
	_, fragment, _ := strings.Cut(location, "#")
	pointer, err := url.PathUnescape(fragment)
	if err != nil {
		return ""
	}
	return pointer
}

// Check lists what is wrong with a value; at goes before each pointer.
func (s *Schema) Check(at string, value any) []spec.FieldError {
	if err := s.compiled.Validate(value); err != nil {
		return told(fields(at, err))
	}
	return nil
}

// Value reads a JSON text as the body of a request is read: bounded, no member twice, strings in Unicode NFC, numbers as
// json.Number. Failures are malformed-request.
func Value(raw []byte) (any, error) {
	_, value, err := clean(raw)
	return value, err
}

// Type is the one type that values have; empty if the schema does not say, or says several.
func (s *Schema) Type() string {
	object, _ := s.document.(map[string]any)
	name, _ := object["type"].(string)
	return name
}

// nowhere is where other documents are found.
type nowhere struct{}

// Load finds nothing: neither files nor the network.
func (nowhere) Load(string) (any, error) { return nil, errOutside }

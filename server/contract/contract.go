// Package contract holds requests and answers to openapi.yaml. An OpenAPI 3.1 document is a JSON Schema 2020-12
// document, so each schema is compiled once, where it stands.
package contract

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/usherhq/usher/gen/spec"
)

// Format says what is wrong with a string of a format of ours; nil if nothing is.
type Format func(string) error

// maxFormatted is the longest string, in bytes, that a format of ours is asked about.
const maxFormatted = 1024

var errTooLong = errors.New("too long")

// Contract is openapi.yaml, compiled.
type Contract struct {
	compiler *jsonschema.Compiler
	requests map[string]*Request
}

const (
	location = "openapi.json"
	formType = "application/x-www-form-urlencoded"
)

// New compiles what requests are held to. document is the contract as JSON; formats are those that JSON Schema does
// not know.
func New(document []byte, formats map[string]Format) (*Contract, error) {
	return compile(document, formats, spec.Operations())
}

func compile(document []byte, formats map[string]Format, operations []*spec.Operation) (*Contract, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	c := &Contract{newCompiler(formats), map[string]*Request{}}
	if err := c.compiler.AddResource(location, doc); err != nil {
		return nil, err
	}
	for _, op := range operations {
		if c.requests[op.ID], err = c.request(op); err != nil {
			return nil, fmt.Errorf("%s: %w", op.ID, err)
		}
	}
	return c, nil
}

// newCompiler is a compiler of JSON Schema that knows our formats and holds strings to all it knows.
func newCompiler(formats map[string]Format) *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	for name, check := range formats {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			switch s, ok := v.(string); {
			case !ok:
				return nil
			case len(s) > maxFormatted: // formats are asked even about what maxLength has refused, and may take long
				return errTooLong
			default:
				return check(s)
			}
		}})
	}
	c.AssertFormat()
	return c
}

// Request returns what the requests of an operation are held to.
func (c *Contract) Request(op *spec.Operation) *Request { return c.requests[op.ID] }

// Schema compiles the schema at a JSON Pointer into the contract, such as #/components/schemas/User.
func (c *Contract) Schema(pointer string) (*jsonschema.Schema, error) {
	return c.compiler.Compile(location + pointer)
}

func (c *Contract) request(op *spec.Operation) (*Request, error) {
	r := &Request{op: op, bodies: map[string]*jsonschema.Schema{}}
	for _, p := range op.Params {
		schema, err := c.checked(p.Schema)
		if err != nil {
			return nil, err
		}
		r.params = append(r.params, param{p, schema})
	}
	for _, b := range op.Bodies {
		r.bodies[b.MediaType] = nil
		if op.Stream > 0 {
			continue // the handler reads it
		}
		schema, err := c.checked(b.Schema)
		if err != nil {
			return nil, err
		}
		r.bodies[b.MediaType] = schema
	}
	return r, nil
}

// checked compiles the schema of what a client sends.
func (c *Contract) checked(pointer string) (*jsonschema.Schema, error) {
	schema, err := c.Schema(pointer)
	if err != nil {
		return nil, err
	}
	return schema, unchecked(schema)
}

// unchecked refuses a string that could hold anything. The contract gives each a pattern, a format or an enum, but JSON
// Schema takes no notice of a format that it does not know.
func unchecked(s *jsonschema.Schema) error {
	if s.Types != nil && slices.Contains(s.Types.ToStrings(), "string") && s.Format == nil && s.Pattern == nil && s.Enum == nil {
		return fmt.Errorf("%s: nothing checks this string; register its format", s.Location)
	}
	within := slices.Collect(maps.Values(s.Properties))
	if rest, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		within = append(within, rest)
	}
	for _, w := range append(within, s.Ref, s.Items2020) {
		if w == nil {
			continue
		}
		if err := unchecked(w); err != nil {
			return err
		}
	}
	return nil
}

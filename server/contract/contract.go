// Package contract holds requests and answers to openapi.yaml. An OpenAPI 3.1 document is a JSON Schema 2020-12
// document, so each schema is compiled once, where it stands.
package contract

import (
	"bytes"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/usherhq/usher/gen/spec"
)

// Format says what is wrong with a string of a format of ours; nil if nothing is.
type Format func(string) error

// Contract is openapi.yaml, compiled.
type Contract struct {
	compiler *jsonschema.Compiler
	requests map[string]*Request
}

const location = "openapi.json"

// New compiles what requests are held to. document is the contract as JSON; formats are those that JSON Schema does
// not know.
func New(document []byte, formats map[string]Format) (*Contract, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	c := &Contract{jsonschema.NewCompiler(), map[string]*Request{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	for name, check := range formats {
		c.compiler.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok {
				return check(s)
			}
			return nil
		}})
	}
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource(location, doc); err != nil {
		return nil, err
	}
	for _, op := range spec.Operations() {
		if c.requests[op.ID], err = c.request(op); err != nil {
			return nil, fmt.Errorf("%s: %w", op.ID, err)
		}
	}
	return c, nil
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
		schema, err := c.Schema(p.Schema)
		if err != nil {
			return nil, err
		}
		r.params = append(r.params, param{p, schema})
	}
	for _, b := range op.Bodies {
		schema, err := c.Schema(b.Schema)
		if err != nil {
			return nil, err
		}
		r.bodies[b.MediaType] = schema
	}
	return r, nil
}

package main

import (
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *checker) operation(path string, op *openapi3.Operation) {
	id := op.OperationID
	if len(op.Tags) != 1 || c.doc.Tags.Get(op.Tags[0]) == nil {
		c.refuse("%s: give it exactly one of the tags listed at the top, not %v", id, op.Tags)
	}
	if !oneLine(op.Summary) || op.Description == "" {
		c.refuse("%s: give it a description, and a summary in one line without a full stop", id)
	}
	if params := placeholders(path); len(params) > 1 {
		c.refuse("%s: leave one parameter in the path, not %v; ids are unique, so the last one will do", id, params)
	}
	if _, ok := readDeprecation(op); !ok {
		c.refuse("%s: write deprecated: true and x-deprecated: {since: 2026-11-01, sunset: 2027-05-01} together; clients are told both days", id)
	}
	c.security(path, op)
	c.stepUp(op)
	c.limits(op)
	c.responses(op)
	if op.RequestBody != nil {
		if !op.RequestBody.Value.Required {
			c.refuse("%s: write required: true beside the content of its body; an absent body is never taken", id)
		}
		for mediaType, media := range op.RequestBody.Value.Content {
			c.body(id, mediaType, media.Schema)
		}
	}
}

func (c *checker) responses(op *openapi3.Operation) {
	failed := op.Responses.Default()
	if failed == nil || !slices.Contains([]string{"Failed", "OAuthFailed"}, refName(failed.Ref)) {
		c.refuse("%s: write its default response as a $ref to the response Failed, or OAuthFailed", op.OperationID)
	} else if forClients(op) && refName(failed.Ref) != "OAuthFailed" {
		c.refuse("%s: write its default response as a $ref to the response OAuthFailed; service clients expect RFC 6749", op.OperationID)
	}
	for status, response := range op.Responses.Map() {
		if response.Ref == "" && len(response.Value.Links) > 0 {
			c.refuse("%s: move its %s to components.responses, named ...Response; links are read there", op.OperationID, status)
		}
	}
}

func (c *checker) parameters(id string, params openapi3.Parameters) {
	for _, p := range params {
		v := p.Value
		at := id + ": parameter " + v.Name
		if p.Ref == "" {
			c.refuse("%s: move it to components.parameters and write a $ref", at)
		}
		if v.Schema == nil || v.Schema.Ref != "" && len(v.Schema.Value.Enum) == 0 || !simple(v) {
			c.refuse("%s: write a schema in place, or the $ref of an enum: one string, integer or boolean, or in the query a list of strings in the usual style", at)
			continue
		}
		if v.In == openapi3.ParameterInPath && !v.Schema.Value.Type.Is("string") {
			c.refuse("%s: write {type: string, format: uuid}, or a string with a pattern; paths hold ids and names", at)
			continue
		}
		c.bounded(at, v.Schema)
	}
}

// simple reports whether a parameter is of a kind that the request check and the generated code read alike.
func simple(p *openapi3.Parameter) bool {
	s := p.Schema.Value
	switch {
	case p.In == openapi3.ParameterInCookie, p.Style != "", p.Explode != nil:
		return false
	case s.Type.Is("string"), s.Type.Is("integer"), s.Type.Is("boolean"):
		return true
	}
	return s.Type.Is("array") && p.In == openapi3.ParameterInQuery && s.Default == nil && s.Items != nil && s.Items.Value.Type.Is("string")
}

// conventions holds operations to what every client relies on, so that an operation gets the machinery by being in the
// contract: conditional requests, idempotent retries, pages.
func (c *checker) conventions(method string, item *openapi3.PathItem, op *openapi3.Operation) {
	id := op.OperationID
	has := func(name string) bool {
		return slices.ContainsFunc(slices.Concat(item.Parameters, op.Parameters), func(p *openapi3.ParameterRef) bool { return p.Value.Name == name })
	}
	header := func(status, name string) bool {
		r := op.Responses.Value(status)
		return r != nil && r.Value.Headers[name] != nil
	}
	switch method {
	case http.MethodGet:
		page := has("cursor")
		if page != has("limit") || page != header("200", "Link") {
			c.refuse("%s: a page takes the parameters limit and cursor and answers 200 with a Link header; write all three, or none", id)
		}
		if !page && (!has("If-None-Match") || !header("200", "ETag")) {
			c.refuse("%s: a resource takes If-None-Match and answers 200 with an ETag; write both", id)
		}
	case http.MethodPost:
		if _, limited := op.Extensions["x-rate-limits"]; public(op) && !limited {
			c.refuse("%s: give it x-rate-limits; anybody can call it as often as they like", id)
		}
		if created := op.Responses.Value("201"); created != nil && (!has("Idempotency-Key") || !header("201", "Location")) {
			c.refuse("%s: a POST that creates takes an Idempotency-Key and answers 201 with a Location; write both", id)
		}
	case http.MethodPatch:
		merge := op.RequestBody != nil && op.RequestBody.Value.Content[mergePatch] != nil
		if !merge || !has("If-Match") || !header("200", "ETag") {
			c.refuse("%s: a PATCH has an %s body, takes If-Match and answers 200 with an ETag; write all three", id, mergePatch)
		}
	}
}

package main

import (
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *checker) operation(op *openapi3.Operation) {
	id := op.OperationID
	if len(op.Tags) != 1 || c.doc.Tags.Get(op.Tags[0]) == nil {
		c.refuse("%s: want exactly one of the listed tags, have %v", id, op.Tags)
	}
	if op.Summary == "" || op.Description == "" {
		c.refuse("%s: needs a summary and a description", id)
	}
	if op.Security == nil {
		c.refuse("%s: say who may call it (security; [] is everybody)", id)
	} else {
		for _, requirement := range *op.Security {
			c.requirement(id, requirement)
		}
	}
	if op.Responses.Default() == nil || op.Responses.Default().Ref == "" {
		c.refuse("%s: its default response must be a $ref to Failed or OAuthFailed", id)
	}
	if op.RequestBody != nil {
		for mediaType, media := range op.RequestBody.Value.Content {
			c.body(id, mediaType, media.Schema)
		}
	}
}

func (c *checker) requirement(id string, r openapi3.SecurityRequirement) {
	scopes, ok := r["oauth2"]
	if !ok || len(r) != 1 {
		c.refuse("%s: security knows the scheme oauth2 only", id)
	}
	if len(scopes) > 1 {
		c.refuse("%s: one scope per requirement; list alternatives as requirements of their own", id)
	}
	for _, s := range scopes {
		if !slices.Contains(scopeNames(c.doc), s) {
			c.refuse("%s: unknown scope %s", id, s)
		}
	}
}

func (c *checker) body(id, mediaType string, ref *openapi3.SchemaRef) {
	if ref == nil || ref.Ref == "" {
		c.refuse("%s: the %s body must be a $ref to a schema", id, mediaType)
		return
	}
	if mediaType == "application/octet-stream" || mediaType == "multipart/form-data" {
		return
	}
	schema := ref.Value
	closed := schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
	if !closed && text(schema.Extensions["x-open"]) == "" {
		c.refuse("schema %s: a request body needs additionalProperties: false (or x-open with the reason)", refName(ref.Ref))
	}
	for name, property := range schema.Properties {
		c.bounded("schema "+refName(ref.Ref)+": "+name, property)
	}
}

// bounded refuses a string or list from a client that could hold anything at any length.
func (c *checker) bounded(at string, ref *openapi3.SchemaRef) {
	s := ref.Value
	switch {
	case s.Type.Includes("string") && len(s.Enum) == 0:
		if s.Pattern == "" && s.Format == "" {
			c.refuse("%s: a string from a client needs a pattern, a format or an enum", at)
		}
		if s.MaxLength == nil && s.Format != "uuid" && s.Format != "date-time" && s.Format != "date" {
			c.refuse("%s: a string from a client needs a maxLength", at)
		}
	case s.Type.Includes("array"):
		if s.MaxItems == nil {
			c.refuse("%s: a list from a client needs maxItems", at)
		}
		c.bounded(at+"[]", s.Items)
	case s.Type.Includes("object"):
		for name, property := range s.Properties {
			c.bounded(at+"."+name, property)
		}
	}
}

func (c *checker) parameters(id string, params openapi3.Parameters) {
	for _, p := range params {
		v := p.Value
		if p.Ref == "" {
			c.refuse("%s: parameter %s must be a $ref to components.parameters", id, v.Name)
		}
		if v.Schema == nil || v.Schema.Ref != "" || len(v.Schema.Value.Type.Slice()) != 1 {
			c.refuse("%s: parameter %s needs a schema of its own with one type", id, v.Name)
			continue
		}
		c.bounded(id+": parameter "+v.Name, v.Schema)
	}
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
			c.refuse("%s: a page has the parameters limit and cursor and answers a Link header", id)
		}
		if !page && (!has("If-None-Match") || !header("200", "ETag")) {
			c.refuse("%s: a resource answers an ETag and takes If-None-Match", id)
		}
	case http.MethodPost:
		if created := op.Responses.Value("201"); created != nil && (!has("Idempotency-Key") || !header("201", "Location")) {
			c.refuse("%s: a POST that creates takes an Idempotency-Key and answers a Location", id)
		}
	case http.MethodPatch:
		merge := op.RequestBody != nil && op.RequestBody.Value.Content["application/merge-patch+json"] != nil
		if !merge || !has("If-Match") || !header("200", "ETag") {
			c.refuse("%s: a PATCH is application/merge-patch+json, takes If-Match and answers an ETag", id)
		}
	}
}

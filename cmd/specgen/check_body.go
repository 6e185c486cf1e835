package main

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	mergePatch = "application/merge-patch+json"
	form       = "application/x-www-form-urlencoded"
)

func (c *checker) body(id, mediaType string, ref *openapi3.SchemaRef) {
	if ref == nil || ref.Ref == "" {
		c.refuse("%s: write its %s body as a $ref to a schema", id, mediaType)
		return
	}
	at, s := "schema "+refName(ref.Ref), ref.Value
	if streamed(mediaType) {
		if number(s.Extensions["x-max-bytes"]) <= 0 {
			c.refuse("%s: write x-max-bytes; a body that is read as a stream needs an end", at)
		}
		return
	}
	switch mediaType {
	case "application/json", form:
	case mergePatch:
		if told, _ := s.Extensions["x-merge-patch"].(bool); !told {
			c.refuse("%s: write x-merge-patch: true; null and left out would be the same in Go", at)
		}
	default:
		c.refuse("%s: a body is JSON, a merge patch, a form, text/csv, multipart/form-data or application/octet-stream; %s is none of them", id, mediaType)
		return
	}
	if !s.Type.Is("object") {
		c.refuse("%s: write type: object; a request body has members", at)
		return
	}
	for name, property := range s.Properties {
		if mediaType == form && !property.Value.Type.Is("string") {
			c.refuse("%s: %s: write type: string; a form holds nothing else", at, name)
		}
	}
	c.bounded(at, ref)
}

// streamed reports whether a body is left to the handler, which reads it as a stream.
func streamed(mediaType string) bool {
	return slices.Contains([]string{"application/octet-stream", "multipart/form-data", "text/csv"}, mediaType)
}

// understood are the keywords that bounded looks at, and those that let nothing more in.
var understood = []string{"type", "title", "description", "enum", "default", "examples", "deprecated", "writeOnly", "format",
	"pattern", "minLength", "maxLength", "minimum", "maximum", "items", "minItems", "maxItems", "uniqueItems", "properties",
	"required", "additionalProperties", "minProperties", "maxProperties", "x-open", "x-merge-patch"}

// bounded refuses a schema that a client could fill with anything, or at any length. within are the schemas around it.
func (c *checker) bounded(at string, ref *openapi3.SchemaRef, within ...*openapi3.Schema) {
	s := ref.Value
	if slices.Contains(within, s) {
		c.refuse("%s: a schema inside itself has no end; write the levels out", at)
		return
	}
	within = append(within, s)
	written, _ := s.MarshalYAML()
	keywords, _ := written.(map[string]any)
	for keyword := range keywords {
		if !slices.Contains(understood, keyword) {
			c.refuse("%s: the keyword %s is not understood in requests; say it with type, properties, enum, pattern and bounds", at, keyword)
		}
	}
	types := slices.DeleteFunc(slices.Clone(s.Type.Slice()), func(t string) bool { return t == "null" })
	switch {
	case len(types) != 1:
		c.refuse("%s: write the one type that a client sends, and 'null' beside it if that clears it", at)
	case types[0] == "object":
		c.closed(at, s, within)
	case types[0] == "array":
		if s.MaxItems == nil || s.Items == nil {
			c.refuse("%s: a list from a client needs items and maxItems", at)
			return
		}
		c.bounded(at+"[]", s.Items, within...)
	case types[0] == "string" && len(s.Enum) == 0:
		c.string(at, s)
	case (types[0] == "integer" || types[0] == "number") && len(s.Enum) == 0:
		if s.Min == nil || s.Max == nil {
			c.refuse("%s: a number from a client needs a minimum and a maximum", at)
		}
	}
}

func (c *checker) closed(at string, s *openapi3.Schema, within []*openapi3.Schema) {
	if has := s.AdditionalProperties.Has; (has == nil || *has) && text(s.Extensions["x-open"]) == "" {
		c.refuse("%s: an object from a client needs additionalProperties: false (or x-open with the reason)", at)
	}
	if rest := s.AdditionalProperties.Schema; rest != nil {
		c.bounded(at+".*", rest, within...)
	}
	for name, property := range s.Properties {
		c.bounded(at+"."+name, property, within...)
	}
}

func (c *checker) string(at string, s *openapi3.Schema) {
	if s.Pattern == "" && s.Format == "" {
		c.refuse("%s: a string from a client needs a pattern, a format or an enum", at)
	}
	if s.MaxLength == nil && !slices.Contains([]string{"uuid", "date-time", "date"}, s.Format) {
		c.refuse("%s: a string from a client needs a maxLength", at)
	}
}

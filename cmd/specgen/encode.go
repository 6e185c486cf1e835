package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// reply is an answer of an operation that is JSON with headers, and so has a type of its own in gen/api.
type reply struct {
	Type    string // in gen/api
	Status  string
	Headers []string
}

// encoded is a schema whose values are written as JSON without reflection: lists carry hundreds of them.
type encoded struct {
	Name    string
	Members []member
}

// member is one of an object, as Go has it.
type member struct {
	Name     string
	Of       value
	Optional bool // left out when nil
	Nullable bool // null when nil
}

// value says how a Go value is written.
type value struct {
	Kind string
	Item *value // of a list
}

// readReplies lists the answers that carry headers, by operation, and the schemas that they are made of.
func readReplies(doc *openapi3.T) (map[string][]reply, []encoded) {
	replies, schemas := map[string][]reply{}, map[string]*openapi3.Schema{}
	each(doc, func(_, _ string, _ *openapi3.PathItem, op *openapi3.Operation) {
		for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
			response := op.Responses.Value(status)
			media := response.Value.Content["application/json"]
			if status >= "300" || response.Ref == "" || len(response.Value.Headers) == 0 || media == nil {
				continue
			}
			replies[op.OperationID] = append(replies[op.OperationID], reply{
				Type: camel(op.OperationID) + status + "JSONResponse", Status: status,
				Headers: slices.Sorted(maps.Keys(response.Value.Headers)),
			})
			within(media.Schema, schemas)
		}
	})
	var out []encoded
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		out = append(out, readEncoded(name, schemas[name]))
	}
	return replies, out
}

// within collects the objects that a schema is made of.
func within(ref *openapi3.SchemaRef, out map[string]*openapi3.Schema) {
	name := refName(ref.Ref)
	if name == "Links" || out[name] != nil {
		return
	}
	if ref.Value.Type.Is("object") && ref.Ref != "" {
		out[name] = ref.Value
	}
	for _, p := range ref.Value.Properties {
		within(p, out)
	}
	if ref.Value.Items != nil {
		within(ref.Value.Items, out)
	}
}

func readEncoded(name string, s *openapi3.Schema) encoded {
	e := encoded{Name: name}
	for _, property := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[property]
		m := member{Name: property, Of: readValue(p), Optional: !slices.Contains(s.Required, property)}
		m.Nullable = !m.Optional && slices.Contains(p.Value.Type.Slice(), "null")
		e.Members = append(e.Members, m)
	}
	// What is always there comes first, so that it is known where a comma goes; the links come last, as people read.
	rank := func(m member) int { return b2i(m.Optional) + 2*b2i(m.Name == "_links") }
	slices.SortStableFunc(e.Members, func(a, b member) int { return rank(a) - rank(b) })
	return e
}

func readValue(ref *openapi3.SchemaRef) value {
	s := ref.Value
	types := slices.DeleteFunc(slices.Clone(s.Type.Slice()), func(t string) bool { return t == "null" })
	switch {
	case len(types) != 1:
	case types[0] == "array":
		item := readValue(s.Items)
		return value{Kind: "list", Item: &item}
	case types[0] == "object" && ref.Ref != "":
		return value{Kind: "object"}
	case types[0] == "string" && s.Format == "uuid":
		return value{Kind: "uuid"}
	case types[0] == "string" && s.Format == "date-time":
		return value{Kind: "time"}
	case types[0] == "string", types[0] == "integer", types[0] == "boolean":
		return value{Kind: types[0]}
	}
	return value{Kind: "any"}
}

// Code is what writes the member, after others or first.
func (m member) Code(first bool) string {
	name := `,"` + m.Name + `":`
	if first {
		name = name[1:]
	}
	label := "b = append(b, `" + name + "`...)\n"
	field := "v." + strings.TrimPrefix(camel(m.Name), "_")
	switch {
	case m.Optional && m.Of.Kind != "any":
		return "if " + field + " != nil {\n" + label + m.Of.code("(*"+field+")") + "}\n"
	case m.Optional:
		return "if " + field + " != nil {\n" + label + m.Of.code(field) + "}\n"
	case m.Nullable:
		return label + "if " + field + " == nil {\nb = append(b, \"null\"...)\n} else {\n" + m.Of.code("(*"+field+")") + "}\n"
	}
	return label + m.Of.code(field)
}

// code is what writes the value of an expression.
func (v value) code(of string) string {
	switch v.Kind {
	case "uuid":
		return "b = append(append(append(b, '\"'), " + of + ".String()...), '\"')\n"
	case "time":
		return "b = appendTime(b, " + of + ")\n"
	case "string":
		return "b = appendString(b, " + of + ")\n"
	case "integer":
		return "b = strconv.AppendInt(b, int64(" + of + "), 10)\n"
	case "boolean":
		return "b = strconv.AppendBool(b, " + of + ")\n"
	case "object":
		return "b = " + of + ".AppendJSON(b)\n"
	case "list":
		item := v.Item.code("item")
		if v.Item.Kind == "object" {
			item = "before := len(b)\n" + item + "if i == 0 {\nb = grow(b, len(b)-before, len(" + of + ")-1)\n}\n"
		}
		return "b = append(b, '[')\nfor i, item := range " + of + " {\nif i > 0 {\nb = append(b, ',')\n}\n" + item + "}\nb = append(b, ']')\n"
	}
	return "b = appendAny(b, " + of + ")\n"
}

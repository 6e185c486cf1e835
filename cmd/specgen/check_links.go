package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *checker) links() {
	known, clients, ids := map[string][]string{}, map[string]bool{}, map[string]bool{}
	each(c.doc, func(path, _ string, item *openapi3.PathItem, op *openapi3.Operation) {
		known[op.OperationID] = placeholders(path)
		for _, p := range slices.Concat(item.Parameters, op.Parameters) {
			if p.Value.In == openapi3.ParameterInPath && isID(p.Value.Schema) {
				ids[op.OperationID] = true
			}
		}
		clients[op.OperationID] = forClients(op)
	})
	for name, ref := range c.doc.Components.Responses {
		response := ref.Value
		if len(response.Links) > 0 && !strings.HasSuffix(name, "Response") {
			c.refuse("response %s: it has links, so name it after its resource: %sResponse", name, name)
		}
		for rel, ref := range response.Links {
			l := ref.Value
			at := "response " + name + ": link " + rel
			params, ok := known[l.OperationID]
			if !ok || l.OperationID == "" {
				c.refuse("%s: there is no operation %q; write the operationId of one that is there", at, l.OperationID)
				continue
			}
			if clients[l.OperationID] {
				c.refuse("%s: drop it; only service clients may call %s, and they follow no links", at, l.OperationID)
				continue
			}
			if !slices.Equal(params, slices.Sorted(maps.Keys(l.Parameters))) {
				c.refuse("%s: parameters are what the path of %s has, %v", at, l.OperationID, params)
				continue
			}
			for p, from := range l.Parameters {
				c.filled(at, p, from, ids[l.OperationID], response)
			}
		}
	}
}

const bodyMember = "$response.body#/"

// filled refuses a link parameter that nothing in the response fills: an id by an id, a name by a string.
func (c *checker) filled(at, param string, from any, id bool, response *openapi3.Response) {
	member, ok := strings.CutPrefix(text(from), bodyMember)
	if !ok || strings.Contains(member, "/") {
		c.refuse("%s: fill %s from a member of the response, %sid, not from %v", at, param, bodyMember, from)
		return
	}
	var found *openapi3.SchemaRef
	if media := response.Content["application/json"]; media != nil && media.Schema != nil {
		found = media.Schema.Value.Properties[member]
	}
	switch {
	case id && !isID(found):
		c.refuse("%s: fill %s from a member that is {type: string, format: uuid}, which %s is not", at, param, member)
	case !id && (found == nil || !found.Value.Type.Is("string") || isID(found)):
		c.refuse("%s: fill %s from a member that is a string and no id, which %s is not", at, param, member)
	}
}

// isID reports whether a schema is that of an identifier.
func isID(ref *openapi3.SchemaRef) bool {
	return ref != nil && ref.Value != nil && ref.Value.Type.Is("string") && ref.Value.Format == "uuid"
}

// placeholders lists the parameters in a path.
func placeholders(path string) []string {
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			out = append(out, strings.Trim(part, "{}"))
		}
	}
	return out
}

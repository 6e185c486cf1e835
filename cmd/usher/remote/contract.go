package remote

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/usherhq/usher/gen/spec"
)

// node is an object of the contract.
type node map[string]any

// contract is openapi.yaml, as far as the types of gen/spec do not have it: descriptions, the schemas of values, and what
// the answers look like.
type contract struct{ root node }

func readContract(document []byte) (contract, error) {
	var c contract
	return c, json.Unmarshal(document, &c.root)
}

// at is the object at a JSON Pointer (RFC 6901) into the contract, with references followed on the way.
func (c contract) at(pointer string) node {
	n := c.root
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "#/"), "/") {
		n = c.under(n, unescape(step))
	}
	return n
}

// unescape is the name that a step of a JSON Pointer means.
func unescape(step string) string {
	return strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
}

// under is a member of n that is an object; empty if there is none.
func (c contract) under(n node, name string) node {
	m, _ := n[name].(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		return c.at(ref)
	}
	return m
}

func (n node) text(name string) string {
	s, _ := n[name].(string)
	return s
}

func (n node) list(name string) []string {
	var out []string
	all, _ := n[name].([]any)
	for _, v := range all {
		if v != nil {
			out = append(out, fmt.Sprint(v))
		}
	}
	return out
}

func (n node) objects(name string) []node {
	var out []node
	all, _ := n[name].([]any)
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (c contract) operation(op *spec.Operation) node {
	return c.under(c.under(c.under(c.root, "paths"), op.Path), strings.ToLower(op.Method))
}

// answer is what an operation answers when it does not fail.
type answer struct {
	node  node
	shape shape // of JSON
	file  bool  // it is no JSON, so it goes to a file
}

// answers are what an operation answers when it does not fail, by status.
func (c contract) answers(op *spec.Operation) map[string]answer {
	responses := c.under(c.operation(op), "responses")
	out := map[string]answer{}
	for status := range responses {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		a := answer{node: c.under(responses, status)}
		content := c.under(a.node, "content")
		_, structured := content[jsonType]
		a.file = len(content) > 0 && !structured
		a.shape = c.shape(c.under(c.under(content, jsonType), "schema"))
		out[status] = a
	}
	return out
}

// page is the shape of the items of a list; false if the answer is none.
func (a answer) page() (shape, bool) {
	items, ok := a.shape.member("items")
	_, linked := a.shape.member("_links")
	return items.items(), ok && linked
}

// job reports whether the answer is about work that goes on: it has a state, and a time when that was over.
func (a answer) job() bool {
	_, state := a.shape.member(stateMember)
	_, over := a.shape.member(overMember)
	return state && over && a.node["links"] != nil
}

// fileLink is the relation that leads from an answer to a file; empty if none does.
func (c contract) fileLink(a answer) string {
	links := c.under(a.node, "links")
	for _, rel := range slices.Sorted(maps.Keys(links)) {
		op := operation(c.under(links, rel).text("operationId"))
		if op != nil && !slices.Contains(op.Answers, jsonType) && len(op.Answers) > 0 {
			return rel
		}
	}
	return ""
}

// operation finds an operation by its id; nil if there is none.
func operation(id string) *spec.Operation {
	for _, op := range spec.Operations() {
		if op.ID == id {
			return op
		}
	}
	return nil
}

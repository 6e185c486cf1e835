package remote

import (
	"fmt"
	"maps"
	"slices"
)

// shape is what the command line has to know about a value.
type shape struct {
	types    []string // of JSON Schema, without null
	nullable bool
	format   string
	enum     []string
	about    string
	maximum  string
	node     node
	contract contract
}

func (c contract) shape(n node) shape {
	s := shape{format: n.text("format"), enum: n.list("enum"), about: n.text("description"), node: n, contract: c}
	if limit, ok := n["maximum"]; ok {
		s.maximum = fmt.Sprint(limit)
	}
	types := n.list("type")
	if one := n.text("type"); one != "" {
		types = []string{one}
	}
	for _, t := range types {
		if t == "null" {
			s.nullable = true
		} else {
			s.types = append(s.types, t)
		}
	}
	return s
}

// is reports whether a value of the shape has this type, and no other.
func (s shape) is(types ...string) bool {
	return len(s.types) == 1 && slices.Contains(types, s.types[0])
}

// items is the shape of the elements of an array.
func (s shape) items() shape { return s.contract.shape(s.contract.under(s.node, "items")) }

// list reports whether values are sent by repeating a flag.
func (s shape) list() bool {
	return s.is("array") && s.items().is("string", "integer", "number", "boolean")
}

// member is a member of an object.
type member struct {
	name     string
	required bool
	shape
}

// members are those of an object, in the order in which the contract requires them (the members of a JSON object have no
// order), then the others.
func (s shape) members() []member {
	properties := s.contract.under(s.node, "properties")
	required := s.node.list("required")
	names := slices.Clone(required)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !slices.Contains(required, name) {
			names = append(names, name)
		}
	}
	var out []member
	for i, name := range names {
		out = append(out, member{name, i < len(required), s.contract.shape(s.contract.under(properties, name))})
	}
	return out
}

func (s shape) member(name string) (shape, bool) {
	properties := s.contract.under(s.node, "properties")
	_, ok := properties[name]
	return s.contract.shape(s.contract.under(properties, name)), ok
}

package main

import (
	"bytes"
	"encoding/json"
)

// jsonMember is a member of a JSON object.
type jsonMember struct {
	name  string
	value json.RawMessage
}

// membersOf lists the members of what is an object as JSON, in order.
func membersOf(thing any) ([]jsonMember, error) {
	raw, err := json.Marshal(thing)
	if err != nil {
		return nil, err
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	if _, err := in.Token(); err != nil { // {
		return nil, err
	}
	var out []jsonMember
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, err
		}
		m := jsonMember{}
		m.name, _ = name.(string) // names are
		if err := in.Decode(&m.value); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// text is the value as people read it.
func (m jsonMember) text() string {
	if string(m.value) == "null" {
		return "-"
	}
	return m.cell()
}

// cell is the value as programs read it; empty if there is none.
func (m jsonMember) cell() string {
	var s string
	if json.Unmarshal(m.value, &s) != nil {
		return string(m.value)
	}
	return s
}

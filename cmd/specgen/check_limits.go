package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *checker) limits(op *openapi3.Operation) {
	said, found := op.Extensions["x-rate-limits"]
	list, _ := said.([]any)
	if found && len(list) == 0 {
		c.refuse("%s: write x-rate-limits as a list, such as [{by: address, limit: 100, per: 10m}]", op.OperationID)
	}
	before := len(c.faults)
	for i, entry := range list {
		at := fmt.Sprintf("%s: x-rate-limits[%d]", op.OperationID, i)
		members, _ := entry.(map[string]any)
		c.limit(at, members)
		c.limitedBy(at, members["by"], op)
		if when, found := members["when"]; found {
			c.limitedWhen(at, when, op)
		}
	}
	if len(c.faults) == before { // what is misread is compared with nothing
		c.limitedOnce(op)
	}
}

func (c *checker) limit(at string, members map[string]any) {
	for member := range members {
		if !slices.Contains([]string{"by", "limit", "per", "count", "when"}, member) {
			c.refuse("%s: write by, limit, per and perhaps count and when, not %s", at, member)
		}
	}
	if n, _ := members["limit"].(float64); n < 1 || n != float64(int(n)) {
		c.refuse("%s: give it a limit, a whole number of at least 1", at)
	}
	per, err := time.ParseDuration(text(members["per"]))
	if err != nil || per < time.Second || per > 24*time.Hour || per%time.Second != 0 {
		c.refuse("%s: give it a per, a duration of whole seconds from 1s to 24h, such as 10m", at)
	}
	if count, found := members["count"]; found && count != "requests" && count != "failures" {
		c.refuse("%s: count is requests or failures, not %v", at, count)
	}
}

func (c *checker) limitedBy(at string, by any, op *openapi3.Operation) {
	switch member := text(by); {
	case member == "":
		c.refuse("%s: give it a by: address, caller, or a string in the body that names the account", at)
	case member == "caller" && (public(op) || forClients(op)):
		c.refuse("%s: nobody signs in to call it, so there is no caller; write by: address, or a string in the body", at)
	case member != "address" && member != "caller" && len(stringsOf(op, member)) == 0:
		c.refuse("%s: by: write address, caller, or a string that every body has, not %s", at, member)
	}
}

func (c *checker) limitedWhen(at string, when any, op *openapi3.Operation) {
	members, _ := when.(map[string]any)
	if len(members) != 1 {
		c.refuse("%s: write when as one string in the body and what it is then, such as {grant_type: [password]}", at)
	}
	for member, said := range members {
		schemas := stringsOf(op, member)
		if len(schemas) == 0 {
			c.refuse("%s: when: write a string that every body has, not %s", at, member)
		}
		values, _ := said.([]any)
		if len(values) == 0 || len(slices.Compact(slices.Sorted(slices.Values(texts(said))))) != len(values) {
			c.refuse("%s: when: list what %s is then, strings, each of them once", at, member)
			continue
		}
		for _, value := range values {
			if slices.ContainsFunc(schemas, func(s *openapi3.Schema) bool { return s.VisitJSON(value) != nil }) {
				c.refuse("%s: when: %s is never %q; the schema does not let it in", at, member, value)
			}
		}
	}
}

// limitedOnce refuses a second limit by the same, which would share the counter of the first.
func (c *checker) limitedOnce(op *openapi3.Operation) {
	limited := map[string]bool{}
	for i, l := range readLimits(op) {
		slices.Sort(l.Values)
		counter := fmt.Sprintf("%q %q %q", l.By, l.Field, l.Values)
		if limited[counter] {
			c.refuse("%s: x-rate-limits[%d]: %s is limited already; drop one of the two, or tell them apart with when", op.OperationID, i, l.By)
		}
		limited[counter] = true
	}
}

// stringsOf are the schemas of a member that is a string in every body of the operation; none if it is not. Bodies that
// the handler reads as a stream have no members before that.
func stringsOf(op *openapi3.Operation, member string) []*openapi3.Schema {
	if op.RequestBody == nil {
		return nil
	}
	var out []*openapi3.Schema
	content := op.RequestBody.Value.Content
	for _, mediaType := range slices.Sorted(maps.Keys(content)) {
		ref := content[mediaType].Schema
		if streamed(mediaType) || ref == nil {
			return nil
		}
		property := ref.Value.Properties[member]
		if property == nil || !property.Value.Type.Is("string") {
			return nil
		}
		out = append(out, property.Value)
	}
	return out
}

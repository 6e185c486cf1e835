package main

import (
	"maps"
	"slices"
)

func (c *checker) facts() {
	told := map[string]string{}
	for _, kind := range slices.Sorted(maps.Keys(c.doc.Webhooks)) {
		hook := c.doc.Webhooks[kind].Post
		ref := factSchema(hook)
		if ref == nil || ref.Ref == "" {
			c.refuse("webhook %s: give its POST an application/json body that is a $ref to a schema", kind)
			continue
		}
		if !oneLine(hook.Summary) {
			c.refuse("webhook %s: say in a summary what happened: one line without a full stop", kind)
		}
		name := refName(ref.Ref)
		if other, twice := told[name]; twice {
			c.refuse("webhook %s: give it a schema of its own; %s is what %s tells", kind, name, other)
		}
		told[name] = kind
		if !isID(ref.Value.Properties["user_id"]) || !slices.Contains(ref.Value.Required, "user_id") {
			c.refuse("schema %s: a fact is about a user; give it a required user_id: {type: string, format: uuid}", name)
		}
		for member := range ref.Value.Properties {
			if goName := camel(member); goName == "Kind" || goName == "Subject" {
				c.refuse("schema %s: rename the member %s; every fact has a method %s", name, member, goName)
			}
		}
	}
}

package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// checker collects what the contract leaves open or says wrongly.
type checker struct {
	doc    *openapi3.T
	faults []string
}

func (c *checker) refuse(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// check lists every reason why nothing can be derived from doc, in words that say what to write.
func check(doc *openapi3.T) []string {
	c := &checker{doc: doc}
	if len(doc.Servers) != 1 {
		c.refuse("servers: want exactly one, the path that every operation is under")
	}
	c.roles()
	c.problems()
	c.facts()
	c.schemas()
	c.links()
	seen := map[string]string{}
	each(doc, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		at := method + " " + path
		if op.OperationID == "" {
			c.refuse("%s: give it an operationId", at)
			return
		}
		if other, twice := seen[op.OperationID]; twice {
			c.refuse("%s: the operationId %s is taken by %s", at, op.OperationID, other)
		}
		seen[op.OperationID] = at
		if len(placeholders(path)) > 1 {
			c.refuse("%s: at most one parameter in a path is understood", op.OperationID)
		}
		c.operation(op)
		c.parameters(op.OperationID, slices.Concat(item.Parameters, op.Parameters))
		c.conventions(method, item, op)
	})
	slices.Sort(c.faults)
	return c.faults
}

func (c *checker) roles() {
	granted, roles, scopes := roleScopes(c.doc), enum(c.doc, "Role"), scopeNames(c.doc)
	if len(scopes) == 0 || len(scopes) > 64 {
		c.refuse("components.securitySchemes.oauth2: want a password flow with 1 to 64 scopes, have %d", len(scopes))
	}
	for _, r := range roles {
		if granted[r] == nil {
			c.refuse("x-role-scopes: role %s is missing; give it [] if it adds nothing", r)
		}
	}
	for _, r := range slices.Sorted(maps.Keys(granted)) {
		if !slices.Contains(roles, r) {
			c.refuse("x-role-scopes: unknown role %s", r)
		}
		for _, s := range granted[r] {
			if !slices.Contains(scopes, s) {
				c.refuse("x-role-scopes: role %s has the unknown scope %s", r, s)
			}
		}
	}
}

func (c *checker) problems() {
	codes, meanings := enum(c.doc, "Problem"), problemTable(c.doc)
	for _, code := range codes {
		m := meanings[code]
		if status := number(m["status"]); status < 400 || http.StatusText(status) == "" {
			c.refuse("x-problems: %s needs a status of 400 or more, has %v", code, m["status"])
		}
		if text(m["title"]) == "" || text(m["description"]) == "" {
			c.refuse("x-problems: %s needs a title and a description", code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(meanings)) {
		if !slices.Contains(codes, code) {
			c.refuse("x-problems: %s is not in the enum Problem", code)
		}
	}
}

func (c *checker) facts() {
	for kind, item := range c.doc.Webhooks {
		schema := factSchema(item.Post)
		if schema == nil || schema.Ref == "" {
			c.refuse("webhook %s: its POST needs an application/json body that is a $ref to a schema", kind)
			continue
		}
		if user := schema.Value.Properties["user_id"]; user == nil || !slices.Contains(schema.Value.Required, "user_id") {
			c.refuse("webhook %s: a fact is about a user; %s needs a required user_id", kind, refName(schema.Ref))
		}
		if item.Post.Summary == "" {
			c.refuse("webhook %s: say in a summary what happened", kind)
		}
	}
}

func (c *checker) schemas() {
	for name, ref := range c.doc.Components.Schemas {
		if ref.Value.Description == "" {
			c.refuse("schema %s: needs a description", name)
		}
		if len(ref.Value.Examples) == 0 {
			c.refuse("schema %s: needs examples", name)
		}
		if c.doc.Components.Responses[name] != nil {
			c.refuse("schema %s: a response has the same name, and oapi-codegen would make one type of both", name)
		}
	}
}

func (c *checker) links() {
	known := map[string][]string{}
	each(c.doc, func(path, _ string, _ *openapi3.PathItem, op *openapi3.Operation) {
		known[op.OperationID] = placeholders(path)
	})
	for name, response := range c.doc.Components.Responses {
		if len(response.Value.Links) > 0 && !strings.HasSuffix(name, "Response") {
			c.refuse("response %s: a response with links is named after its resource, ...Response", name)
		}
		for rel, l := range response.Value.Links {
			params, ok := known[l.Value.OperationID]
			if !ok {
				c.refuse("response %s: link %s leads to no operation (%q)", name, rel, l.Value.OperationID)
				continue
			}
			if !slices.Equal(params, slices.Sorted(maps.Keys(l.Value.Parameters))) {
				c.refuse("response %s: link %s must fill the path parameters %v", name, rel, params)
			}
			for p, from := range l.Value.Parameters {
				if !strings.HasPrefix(text(from), "$response.body#/") {
					c.refuse("response %s: link %s takes %s from %v; only $response.body#/... is understood", name, rel, p, from)
				}
			}
		}
	}
}

func placeholders(path string) []string {
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			out = append(out, strings.Trim(part, "{}"))
		}
	}
	return out
}

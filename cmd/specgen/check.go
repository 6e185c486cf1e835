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
	if len(doc.Servers) != 1 || !strings.HasPrefix(doc.Servers[0].URL, "/") || strings.HasSuffix(doc.Servers[0].URL, "/") {
		c.refuse("servers: write exactly one, the path that every operation is under, such as /api/v1")
	}
	c.names()
	c.scopes()
	c.clients()
	c.roles()
	c.problems()
	c.facts()
	c.schemas()
	c.links()
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !slices.Contains(methods, method) {
				c.refuse("%s %s: write it as one of %s; others are not mounted", method, path, strings.Join(methods, ", "))
			}
		}
	}
	each(doc, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		if op.OperationID == "" {
			c.refuse("%s %s: give it an operationId", method, path)
			return
		}
		c.operation(path, op)
		c.parameters(op.OperationID, slices.Concat(item.Parameters, op.Parameters))
		c.conventions(method, item, op)
	})
	slices.Sort(c.faults)
	return slices.Compact(c.faults) // what two operations share is told once
}

func (c *checker) scopes() {
	scopes := scopeNames(c.doc)
	if len(scopes) == 0 || len(scopes) > 64 {
		c.refuse("components.securitySchemes.oauth2: write a password flow with 1 to 64 scopes, not %d", len(scopes))
		return
	}
	told := c.doc.Components.SecuritySchemes["oauth2"].Value.Flows.Password.Scopes
	for _, s := range scopes {
		if !oneLine(told[s]) {
			c.refuse("scope %s: say in one line, without a full stop, what it allows", s)
		}
	}
}

func (c *checker) roles() {
	granted, roles, scopes := roleScopes(c.doc), enum(c.doc, "Role"), scopeNames(c.doc)
	if len(roles) == 0 {
		c.refuse("schema Role: write an enum, the ladder of roles from the bottom up")
	}
	for _, r := range roles {
		if granted[r] == nil {
			c.refuse("x-role-scopes: give role %s a list of the scopes it adds, [] if none", r)
		}
	}
	for _, r := range slices.Sorted(maps.Keys(granted)) {
		if !slices.Contains(roles, r) {
			c.refuse("x-role-scopes: add %s to the enum Role, or drop it here", r)
		}
		for _, s := range granted[r] {
			if !slices.Contains(scopes, s) {
				c.refuse("x-role-scopes: role %s has the unknown scope %q; add it to the scopes of the flow, or drop it here", r, s)
			}
		}
	}
}

func (c *checker) problems() {
	codes, meanings := enum(c.doc, "Problem"), problemTable(c.doc)
	if len(codes) == 0 {
		c.refuse("schema Problem: write an enum of the codes that failures have")
	}
	for _, code := range codes {
		m := meanings[code]
		if status := number(m["status"]); status < 400 || http.StatusText(status) == "" {
			c.refuse("x-problems: give %s a status, the number of an HTTP status of 400 or more", code)
		}
		if text(m["title"]) == "" || text(m["description"]) == "" {
			c.refuse("x-problems: give %s a title and a description", code)
		}
		if m["oauth"] != nil && text(m["oauth"]) == "" {
			c.refuse("x-problems: %s: oauth is an error code of RFC 6749 section 5.2, not %v", code, m["oauth"])
		}
	}
	for _, code := range slices.Sorted(maps.Keys(meanings)) {
		if !slices.Contains(codes, code) {
			c.refuse("x-problems: add %s to the enum Problem, or drop it here", code)
		}
		for key := range meanings[code] {
			if !slices.Contains([]string{"status", "oauth", "title", "description"}, key) {
				c.refuse("x-problems: %s: write status, title, description and perhaps oauth, not %s", code, key)
			}
		}
	}
}

func (c *checker) schemas() {
	for name, ref := range c.doc.Components.Schemas {
		if ref.Value.Description == "" {
			c.refuse("schema %s: give it a description", name)
		}
		if len(ref.Value.Examples) == 0 {
			c.refuse("schema %s: give it examples", name)
		}
		if c.doc.Components.Responses[name] != nil {
			c.refuse("schema %s: rename the response of the same name, %sResponse; oapi-codegen would make one type of both", name, name)
		}
	}
}

package main

import (
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *checker) security(path string, op *openapi3.Operation) {
	id := op.OperationID
	if op.Security == nil {
		c.refuse("%s: say who may call it: security: [{oauth2: [scope]}], [{oauth2: []}] for anybody signed in, [{client: []}] for service clients, [] for everybody", id)
		return
	}
	if forClients(op) {
		c.client(op)
		return
	}
	for _, requirement := range *op.Security {
		scopes, ok := requirement["oauth2"]
		switch {
		case !ok || len(requirement) != 1:
			c.refuse("%s: write each requirement as {oauth2: [scope]}; service clients are [{client: []}], everybody is security: []", id)
		case len(scopes) == 0 && len(*op.Security) > 1:
			c.refuse("%s: {oauth2: []} lets in anybody signed in; drop it, or the other requirements", id)
		case len(scopes) > 1:
			c.refuse("%s: write one scope per requirement; alternatives are requirements of their own", id)
		}
		for _, s := range scopes {
			if !slices.Contains(scopeNames(c.doc), s) {
				c.refuse("%s: unknown scope %q; add it to the scopes of the flow, or write one of those", id, s)
			}
			mine := path == "/me" || strings.HasPrefix(path, "/me/")
			if p := placeholders(path); strings.HasSuffix(s, ":own") && len(p) > 0 && p[0] != "user_id" && !mine {
				c.refuse("%s: %s needs to know whose {%s} it is; put {user_id} in the path, or the path under /me", id, s, p[0])
			}
		}
	}
}

// client holds an operation for service clients to being for them only: they are no accounts, so no scope, role or owner
// says what they may do.
func (c *checker) client(op *openapi3.Operation) {
	required := *op.Security
	if len(required) != 1 || len(required[0]) != 1 || len(required[0]["client"]) > 0 {
		c.refuse("%s: write security: [{client: []}] and nothing beside it; service clients are no accounts and have no scopes", op.OperationID)
	}
}

func (c *checker) clients() {
	if ref := c.doc.Components.SecuritySchemes["client"]; ref != nil && (ref.Value.Type != "http" || ref.Value.Scheme != "basic") {
		c.refuse("components.securitySchemes.client: write {type: http, scheme: basic}; service clients send their id and secret that way")
	}
}

func (c *checker) stepUp(op *openapi3.Operation) {
	said, found := op.Extensions["x-step-up"]
	wanted, _ := said.(bool)
	switch {
	case found && !wanted:
		c.refuse("%s: write x-step-up: true, or leave it out", op.OperationID)
	case found && (public(op) || forClients(op)):
		c.refuse("%s: drop x-step-up; nobody signs in to call it", op.OperationID)
	}
}

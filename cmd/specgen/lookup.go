package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// enum lists the values of a component enum, in the contract's order.
func enum(doc *openapi3.T, name string) []string {
	var out []string
	if ref := doc.Components.Schemas[name]; ref != nil {
		for _, v := range ref.Value.Enum {
			out = append(out, fmt.Sprint(v))
		}
	}
	return out
}

// scopeNames lists the scopes of the password flow by name.
func scopeNames(doc *openapi3.T) []string {
	ref := doc.Components.SecuritySchemes["oauth2"]
	if ref == nil || ref.Value.Flows == nil || ref.Value.Flows.Password == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(ref.Value.Flows.Password.Scopes))
}

// roleScopes is x-role-scopes: the scopes that each role adds to those below it; nil for what is no list.
func roleScopes(doc *openapi3.T) map[string][]string {
	out := map[string][]string{}
	ref := doc.Components.SecuritySchemes["oauth2"]
	if ref == nil {
		return out
	}
	table, _ := ref.Value.Extensions["x-role-scopes"].(map[string]any)
	for role, scopes := range table {
		out[role] = nil
		if list, ok := scopes.([]any); ok {
			out[role] = make([]string, 0, len(list))
			for _, s := range list {
				out[role] = append(out[role], fmt.Sprint(s))
			}
		}
	}
	return out
}

// problemTable is x-problems: what each code means.
func problemTable(doc *openapi3.T) map[string]map[string]any {
	out := map[string]map[string]any{}
	ref := doc.Components.Schemas["Problem"]
	if ref == nil {
		return out
	}
	table, _ := ref.Value.Extensions["x-problems"].(map[string]any)
	for code, meaning := range table {
		out[code], _ = meaning.(map[string]any)
	}
	return out
}

// factSchema is the payload of a webhook, nil if it has none.
func factSchema(hook *openapi3.Operation) *openapi3.SchemaRef {
	if hook == nil || hook.RequestBody == nil {
		return nil
	}
	if media := hook.RequestBody.Value.Content["application/json"]; media != nil {
		return media.Schema
	}
	return nil
}

// public reports whether anybody may call the operation.
func public(op *openapi3.Operation) bool { return op.Security != nil && len(*op.Security) == 0 }

// forClients reports whether service clients call the operation: programs with an id and a secret of their own.
func forClients(op *openapi3.Operation) bool {
	return op.Security != nil && slices.ContainsFunc(*op.Security, func(r openapi3.SecurityRequirement) bool {
		_, ok := r["client"]
		return ok
	})
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func text(v any) string { s, _ := v.(string); return s }

func number(v any) int { n, _ := v.(float64); return int(n) }

// texts lists the strings in a list.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oapi-codegen/nullable"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/fault"
)

// bodyMember is a member of a request's body that is a flag.
type bodyMember struct {
	name      string
	object    bool // its flag takes JSON
	clearable bool // null clears it
}

// bodyMembers are the members of the bodies that T reads.
func bodyMembers[T any]() []bodyMember {
	var out []bodyMember
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, bodyMember{
			name: name, object: f.Type == reflect.TypeFor[json.RawMessage](),
			clearable: f.Type == reflect.TypeFor[nullable.Nullable[string]](),
		})
	}
	return out
}

// addBodyFlags gives a command a flag for each member of the bodies that T reads, but for flags that it has, and some others.
func addBodyFlags[T any](c *cobra.Command, but ...string) {
	for _, m := range bodyMembers[T]() {
		name, help := flagName(m.name), strings.ReplaceAll(m.name, "_", " ")
		if m.object {
			help += ", as a JSON object"
		}
		if c.Flags().Lookup(name) == nil && !slices.Contains(but, name) {
			c.Flags().String(name, "", help)
		}
	}
}

// flagsOf are the members of a body that flags were given for.
func flagsOf[T any](c *cobra.Command) (map[string]any, error) {
	out := map[string]any{}
	for _, m := range bodyMembers[T]() {
		f := c.Flags().Lookup(flagName(m.name))
		if f == nil || !f.Changed {
			continue
		}
		text := f.Value.String()
		switch {
		case !utf8.ValidString(text):
			return nil, fmt.Errorf("--%s: this is not valid UTF-8", f.Name)
		case m.object && !json.Valid([]byte(text)):
			return nil, fmt.Errorf(`--%s: want a JSON object, such as {"team": "blue"}`, f.Name)
		case m.object:
			out[m.name] = json.RawMessage(text)
		default:
			out[m.name] = text
		}
	}
	return out, nil
}

// asRequest holds the members of a body to the contract of an operation, as the service does with a request's.
func asRequest[T any](operation string, body map[string]any) (out T, err error) {
	op, held, err := requestsOf(operation)
	if err != nil {
		return out, err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return out, err
	}
	clean, err := held.Body(op.Bodies[0].MediaType, raw)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(clean, &out)
}

// checkQuery holds parameters to the contract of an operation.
func checkQuery(operation string, query url.Values) error {
	_, held, err := requestsOf(operation)
	if err != nil {
		return err
	}
	req := &http.Request{URL: &url.URL{RawQuery: query.Encode()}}
	if wrong := held.Params(req, func(string) string { return "" }); len(wrong) > 0 {
		return fault.Invalid(wrong...)
	}
	return nil
}

// requestsOf is an operation, and what the contract holds its requests to.
func requestsOf(operation string) (*spec.Operation, *contract.Request, error) {
	all := spec.Operations()
	i := slices.IndexFunc(all, func(op *spec.Operation) bool { return op.ID == operation })
	if i < 0 {
		return nil, nil, errors.New("there is no operation " + operation)
	}
	held, err := contract.New(api.JSON, server.Formats())
	if err != nil {
		return nil, nil, err
	}
	return all[i], held.Request(all[i]), nil
}

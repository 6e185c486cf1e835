package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract is openapi.yaml in the order and shape the templates want.
type contract struct {
	Base       string // the path every operation is under
	Operations []operation
	Tags       []string
	Scopes     []scope
	Roles      []role
	Resources  []resource
	Rels       []string // every relation a link can have
	Problems   []problem
	Facts      []fact
	Encoded    []encoded
}

type operation struct {
	ID, Method, Path, Tag, Summary string
	Public, Client, StepUp, OAuth  bool
	Any, Own                       []string // scopes; one is enough
	Owner                          string   // the path parameter that says whose resource it is
	Prefix, Suffix                 string   // of the path, around its parameter
	Key                            key      // that parameter
	Stream                         int64    // how many bytes a body has at most that the handler reads as a stream
	Answers                        []string // the content types of what it answers when all goes well
	Deprecation                    deprecation
	Limits                         []limit
	Params                         []param
	Bodies                         []body
	Replies                        []reply
}

// key is what tells one thing from the others in a path. The zero key is none.
type key struct {
	Name string
	Text bool // it is any text; else a UUID
}

type param struct {
	Name, In, Type, Schema, Default string
	Required                        bool
}

type body struct{ MediaType, Schema string }

type scope struct{ Name, Description string }

type role struct {
	Name   string
	Scopes []string // with those of the roles below
}

type resource struct {
	Name  string
	Keys  []key // what the links are filled with
	Links []link
}

type link struct {
	Rel, Operation string
	Key            key // what fills the path parameter
}

type problem struct {
	Code, Title, Description, OAuth string
	Status                          int
}

type fact struct{ Schema, Kind, Summary string }

// methods is the order in which operations on one path are listed.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// each calls fn for every operation, in the order of paths and methods.
func each(doc *openapi3.T, fn func(path, method string, item *openapi3.PathItem, op *openapi3.Operation)) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for _, method := range methods {
			if op := item.GetOperation(method); op != nil {
				fn(path, method, item, op)
			}
		}
	}
}

// read turns a contract that check has passed into what the templates want.
func read(doc *openapi3.T) contract {
	c := contract{Base: doc.Servers[0].URL}
	each(doc, func(path, method string, item *openapi3.PathItem, op *openapi3.Operation) {
		c.Operations = append(c.Operations, readOperation(path, method, item, op))
	})
	var replies map[string][]reply
	replies, c.Encoded = readReplies(doc)
	for i, o := range c.Operations {
		c.Operations[i].Replies = replies[o.ID]
	}
	for _, t := range doc.Tags {
		c.Tags = append(c.Tags, t.Name)
	}
	scheme := doc.Components.SecuritySchemes["oauth2"].Value
	for _, name := range scopeNames(doc) {
		c.Scopes = append(c.Scopes, scope{name, scheme.Flows.Password.Scopes[name]})
	}
	granted := roleScopes(doc)
	var below []string
	for _, r := range enum(doc, "Role") {
		below = append(below, granted[r]...)
		c.Roles = append(c.Roles, role{r, slices.Clone(below)})
	}
	c.Resources = readResources(doc)
	c.Rels = relations(c.Resources)
	meanings := problemTable(doc)
	for _, code := range enum(doc, "Problem") {
		m := meanings[code]
		c.Problems = append(c.Problems, problem{Code: code, Status: number(m["status"]), Title: text(m["title"]),
			Description: text(m["description"]), OAuth: text(m["oauth"])})
	}
	for _, kind := range slices.Sorted(maps.Keys(doc.Webhooks)) {
		hook := doc.Webhooks[kind].Post
		c.Facts = append(c.Facts, fact{refName(factSchema(hook).Ref), kind, hook.Summary})
	}
	return c
}

func readOperation(path, method string, item *openapi3.PathItem, op *openapi3.Operation) operation {
	o := operation{ID: op.OperationID, Method: method, Path: path, Tag: op.Tags[0], Summary: op.Summary}
	o.Deprecation, _ = readDeprecation(op)
	o.Prefix, o.Suffix, _ = strings.Cut(path, "{")
	o.Key.Name, o.Suffix, _ = strings.Cut(o.Suffix, "}")
	o.Public, o.Client = public(op), forClients(op)
	o.StepUp, _ = op.Extensions["x-step-up"].(bool)
	o.Limits = readLimits(op)
	o.OAuth = strings.HasSuffix(op.Responses.Default().Ref, "/OAuthFailed")
	for _, requirement := range *op.Security {
		for _, s := range requirement["oauth2"] {
			if strings.HasSuffix(s, ":own") {
				o.Own = append(o.Own, s)
			} else {
				o.Any = append(o.Any, s)
			}
		}
	}
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		v := p.Value
		if v.In == openapi3.ParameterInPath {
			o.Key.Text = !isID(v.Schema)
		}
		o.Params = append(o.Params, readParam(p))
		if v.In == "path" && v.Name == "user_id" {
			o.Owner = v.Name
		}
	}
	if op.RequestBody != nil {
		for _, mediaType := range slices.Sorted(maps.Keys(op.RequestBody.Value.Content)) {
			media := op.RequestBody.Value.Content[mediaType]
			o.Bodies = append(o.Bodies, body{mediaType, media.Schema.Ref})
			if streamed(mediaType) {
				o.Stream = int64(number(media.Schema.Value.Extensions["x-max-bytes"]))
			}
		}
	}
	o.Answers = answers(op)
	return o
}

func readParam(p *openapi3.ParameterRef) param {
	v := p.Value
	made := param{Name: v.Name, In: v.In, Type: v.Schema.Value.Type.Slice()[0], Schema: p.Ref + "/schema", Required: v.Required}
	switch value := v.Schema.Value.Default.(type) {
	case nil:
	case float64:
		made.Default = strconv.FormatFloat(value, 'f', -1, 64)
	default:
		made.Default = fmt.Sprint(value)
	}
	return made
}

// answers lists the content types of the answers that are no failures.
func answers(op *openapi3.Operation) []string {
	var out []string
	for status, response := range op.Responses.Map() {
		if status < "300" {
			out = append(out, slices.Collect(maps.Keys(response.Value.Content))...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// relations lists every relation of the contract after those of pages, which the service makes itself.
func relations(resources []resource) []string {
	pages := []string{"self", "first", "prev", "next"}
	var own []string
	for _, r := range resources {
		for _, l := range r.Links {
			if !slices.Contains(pages, l.Rel) && !slices.Contains(own, l.Rel) {
				own = append(own, l.Rel)
			}
		}
	}
	slices.Sort(own)
	return append(pages, own...)
}

func readResources(doc *openapi3.T) []resource {
	var out []resource
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Responses)) {
		response := doc.Components.Responses[name].Value
		if len(response.Links) == 0 {
			continue
		}
		r := resource{Name: strings.TrimSuffix(name, "Response")}
		for _, rel := range slices.Sorted(maps.Keys(response.Links)) {
			l := response.Links[rel].Value
			made := link{Rel: rel, Operation: l.OperationID}
			for _, from := range l.Parameters {
				member := strings.TrimPrefix(text(from), bodyMember)
				made.Key = key{member, !isID(response.Content["application/json"].Schema.Value.Properties[member])}
				r.Keys = append(r.Keys, made.Key)
			}
			r.Links = append(r.Links, made)
		}
		// By name, so that a link more does not swap two ids in the signature.
		slices.SortFunc(r.Keys, func(a, b key) int { return cmp.Compare(a.Name, b.Name) })
		r.Keys = slices.Compact(r.Keys)
		// self comes first, as readers expect.
		slices.SortStableFunc(r.Links, func(a, b link) int { return cmp.Compare(b2i(b.Rel == "self"), b2i(a.Rel == "self")) })
		out = append(out, r)
	}
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

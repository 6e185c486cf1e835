package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// spelling is how names of one sort are written, so that each makes a Go name that can be told from it.
type spelling struct {
	sort    string
	pattern *regexp.Regexp
	example string
}

var (
	operationSpelling = spelling{"operation", regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`), "suspendUser"}
	tagSpelling       = spelling{"tag", regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`), "users"}
	scopeSpelling     = spelling{"scope", regexp.MustCompile(`^[a-z][a-z0-9]*([:-][a-z0-9]+)*$`), "users:read:own"}
	roleSpelling      = spelling{"role", regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`), "MODERATOR"}
	problemSpelling   = spelling{"problem", regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`), "email-taken"}
	webhookSpelling   = spelling{"webhook", regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$`), "user.suspended"}
	schemaSpelling    = spelling{"schema", regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`), "UserPage"}
	responseSpelling  = spelling{"response", regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`), "UserResponse"}
)

// names refuses what makes no Go name, and two names that make the same one.
func (c *checker) names() {
	var operations, tags []string
	each(c.doc, func(_, _ string, _ *openapi3.PathItem, op *openapi3.Operation) {
		if op.OperationID != "" {
			operations = append(operations, op.OperationID)
		}
	})
	for _, t := range c.doc.Tags {
		tags = append(tags, t.Name)
	}
	schemas := slices.Sorted(maps.Keys(c.doc.Components.Schemas))
	c.spelled(operationSpelling, operations)
	c.spelled(tagSpelling, tags)
	c.spelled(scopeSpelling, scopeNames(c.doc))
	c.spelled(roleSpelling, enum(c.doc, "Role"))
	c.spelled(problemSpelling, enum(c.doc, "Problem"))
	c.spelled(webhookSpelling, slices.Sorted(maps.Keys(c.doc.Webhooks)))
	c.spelled(schemaSpelling, schemas)
	c.spelled(responseSpelling, slices.Sorted(maps.Keys(c.doc.Components.Responses)))
	for _, t := range tags {
		if i := slices.IndexFunc(schemas, func(s string) bool { return camel(s) == camel(t) }); i >= 0 {
			c.refuse("tag %s: the schema %s has the same name in Go; rename one of them", t, schemas[i])
		}
	}
}

func (c *checker) spelled(as spelling, names []string) {
	taken := map[string]string{}
	for _, name := range names {
		if !as.pattern.MatchString(name) {
			c.refuse("%s %q: write it like %s", as.sort, name, as.example)
			continue
		}
		goName := camel(name)
		switch other, twice := taken[goName]; {
		case twice && other == name:
			c.refuse("%s %s: list it once", as.sort, name)
		case twice:
			c.refuse("%s %s: %s has the same name in Go, %s; rename one of them", as.sort, name, other, goName)
		}
		taken[goName] = name
	}
}

// oneLine reports whether s can end a Go comment: one line without a full stop.
func oneLine(s string) bool {
	return s != "" && !strings.Contains(s, "\n") && !strings.HasSuffix(s, ".")
}

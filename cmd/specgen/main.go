// Specgen derives from openapi.yaml what oapi-codegen does not: who may call each operation and how often, which links a resource
// carries, what each problem means, the facts, the parameters and bodies to check, one handler interface per tag, and the
// queries of lists for each of their orders.
// It refuses a contract that leaves something open rather than guess.
package main

import (
	"bytes"
	"context"
	"embed"
	"flag"
	"fmt"
	"go/format"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed templates
var templates embed.FS

func main() {
	in := flag.String("contract", "openapi.yaml", "the contract to read")
	out := flag.String("out", "gen", "the folder to write to")
	flag.Parse()
	if err := run(*in, *out, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "specgen:", err)
		os.Exit(1)
	}
}

// run writes everything that follows from the contract, or says on stderr what is wrong with it and writes nothing.
func run(in, out string, stderr io.Writer) error {
	yaml, err := os.ReadFile(in)
	if err != nil {
		return fmt.Errorf("the contract cannot be read: %w", err)
	}
	doc, err := load(yaml)
	if err != nil {
		return fmt.Errorf("%s is not an OpenAPI document: %s", filepath.Base(in), sentence(err))
	}
	if faults := check(doc); len(faults) > 0 {
		for _, f := range faults {
			fmt.Fprintf(stderr, "%s: %s\n", filepath.Base(in), f)
		}
		return fmt.Errorf("nothing was written, the contract needs changes (%d)", len(faults))
	}
	json, err := doc.MarshalJSON()
	if err != nil {
		return err
	}
	files, err := renderQueries(filepath.Join(filepath.Dir(in), "queries"), doc)
	if err != nil {
		return err
	}
	files["api/openapi.yaml"], files["api/openapi.json"] = yaml, append(json, '\n')
	c := read(doc)
	for path, name := range map[string]string{
		"spec/operations.gen.go": "operations",
		"spec/scopes.gen.go":     "scopes",
		"spec/links.gen.go":      "links",
		"spec/problems.gen.go":   "problems",
		"spec/facts.gen.go":      "facts",
		"spec/encode.gen.go":     "encode",
		"api/groups.gen.go":      "groups",
		"api/document.gen.go":    "document",
	} {
		if files[path], err = render(name, c); err != nil {
			return err
		}
	}
	return write(out, files)
}

func load(yaml []byte) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(yaml)
	if err != nil {
		return nil, err
	}
	if doc.Components == nil {
		doc.Components = &openapi3.Components{}
	}
	// Our own formats are checked by the service; examples are checked by a test against the compiled schemas.
	err = doc.Validate(context.Background(), openapi3.DisableExamplesValidation())
	return doc, err
}

// sentence is an error in one line. The loader tries JSON before YAML and tells both; only the second is news.
func sentence(err error) string {
	told := err.Error()
	if i := strings.LastIndex(told, "yaml error: "); i >= 0 {
		told = told[i+len("yaml error: "):]
	}
	return strings.Join(strings.Fields(told), " ")
}

func render(name string, c contract) ([]byte, error) {
	funcs := template.FuncMap{"camel": camel, "variable": variable, "quote": strconv.Quote, "lines": comment, "tag": tag,
		"duration": duration}
	t, err := template.New(name+".tmpl").Funcs(funcs).ParseFS(templates, "templates/"+name+".tmpl")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return nil, err
	}
	src, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, b.String())
	}
	return src, nil
}

// tag is the struct tag of a member that is left out when it is empty.
func tag(name string) string { return "`json:\"" + name + ",omitempty\"`" }

func write(out string, files map[string][]byte) error {
	for path, content := range files {
		path = filepath.Join(out, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

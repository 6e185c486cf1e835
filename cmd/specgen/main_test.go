package main

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite golden files")

const small = "testdata/contract.yaml"

// TestGolden: everything that follows from a contract that uses everything.
func TestGolden(t *testing.T) {
	out := t.TempDir()
	var told strings.Builder
	require.NoError(t, run(small, out, &told))
	require.Empty(t, told.String())

	written := 0
	require.NoError(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		written++
		name, err := filepath.Rel(out, path)
		require.NoError(t, err)
		golden := filepath.Join("testdata", "golden", name)
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
			require.NoError(t, os.WriteFile(golden, []byte(file(t, path)), 0o644))
		}
		require.Equal(t, file(t, golden), file(t, path), "%s; rewrite it with -update if this is meant", name)
		return nil
	}))
	require.Equal(t, 8, written)
}

// TestDocument: the service embeds the contract as it is written, and the same as JSON.
func TestDocument(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, run(small, out, t.Output()))
	require.Equal(t, file(t, small), file(t, filepath.Join(out, "api", "openapi.yaml")))

	var doc struct {
		Paths      map[string]any
		Components struct {
			Schemas map[string]map[string]any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(file(t, filepath.Join(out, "api", "openapi.json"))), &doc))
	require.Len(t, doc.Paths, 8)
	properties := doc.Components.Schemas["UserDraft"]["properties"].(map[string]any)
	require.Equal(t, map[string]any{"type": []any{"string", "null"}, "format": "date"}, properties["born_on"])
	require.Equal(t, map[string]any{"$ref": "#/components/schemas/Role"}, properties["role"])
}

// TestReproducible: the same contract makes the same bytes, whatever the order of Go's maps.
func TestReproducible(t *testing.T) {
	doc, err := load([]byte(file(t, small)))
	require.NoError(t, err)
	want := read(doc)
	for range 20 {
		require.Equal(t, want, read(doc))
	}
}

// TestUnreadable: what cannot be understood at all is told in one sentence.
func TestUnreadable(t *testing.T) {
	folder := t.TempDir()
	const head = "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {}\n"
	for name, tt := range map[string]struct{ contract, want string }{
		"not YAML":        {"openapi: 3.1.0\ninfo: {title", "line 1: did not find expected ',' or '}'"},
		"a member twice":  {"openapi: 3.1.0\nopenapi: 3.1.0\n", `line 2: mapping key "openapi" already defined at line 1`},
		"empty":           {"", "value of openapi must be a non-empty string"},
		"another type":    {"openapi: 3.1.0\npaths: 7\n", "cannot unmarshal number"},
		"a wrong keyword": {head + "components: {schemas: {A: {type: string, maxLenght: 3}}}\n", `schema "A": extra sibling fields: [maxLenght]`},
		"a broken $ref":   {head + "components: {schemas: {A: {$ref: '#/components/schemas/B'}}}\n", `map key "B" not found`},
		"an unknown scheme": {"openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {/x: {post: {security: [{client: []}], responses: {default: {description: x}}}}}\n",
			`refers to undefined security scheme "client"`},
	} {
		t.Run(name, func(t *testing.T) {
			in, out := filepath.Join(folder, "contract.yaml"), filepath.Join(folder, "out")
			require.NoError(t, os.WriteFile(in, []byte(tt.contract), 0o644))
			err := run(in, out, t.Output())
			require.ErrorContains(t, err, "contract.yaml is not an OpenAPI document: ")
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
			require.NoDirExists(t, out)
		})
	}
	t.Run("no file", func(t *testing.T) {
		require.EqualError(t, run("none.yaml", folder, t.Output()), "the contract cannot be read: open none.yaml: no such file or directory")
	})
	t.Run("no components", func(t *testing.T) {
		in := filepath.Join(folder, "bare.yaml")
		require.NoError(t, os.WriteFile(in, []byte(head), 0o644))
		require.EqualError(t, run(in, folder, t.Output()), "nothing was written, the contract needs changes (4)")
	})
}

func file(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

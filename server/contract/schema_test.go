package contract_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/users"
)

func refused(t *testing.T, schema string) []string {
	t.Helper()
	_, errs := contract.CheckSchema("/schema", []byte(schema), users.FieldFormats())
	out := []string{}
	for _, e := range errs {
		out = append(out, e.Pointer+" "+string(e.Code))
	}
	return out
}

// TestSchemasThatAreTaken: what JSON Schema has to offer for values can be used.
func TestSchemasThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		`{}`, `{"type":"string","enum":["red","blue"]}`, `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"integer"}`,
		`{"type":"string","format":"email"}`, `{"type":"string","format":"date"}`, `{"type":"string","format":"time-zone"}`,
		`{"$id":"https://example.com/team","$defs":{"a":{"$anchor":"x","type":"string"}},"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#x"},{"$ref":"https://example.com/team#x"}]}`,
		`{"type":"object","properties":{"$ref":{"type":"string"},"format":{"type":"string"}},"required":["$ref"],"additionalProperties":false}`,
		`{"const":{"$ref":"https://example.com","format":"none"}}`, `{"type":"array","items":{"pattern":"^[a-z]{1,40}$"},"uniqueItems":true}`,
		`{"if":{"type":"string"},"then":{"minLength":2},"else":{"type":"number"}}`, `{"x-widget":"stars","type":"integer"}`,
		`{"description":"two\n\tlines"}`, `{"type":"string","pattern":"^.{1,255}$"}`,
	} {
		require.Empty(t, refused(t, schema), schema)
	}
}

// TestSchemasThatAreRefused: whatever is wrong with a schema is told where it is wrong.
func TestSchemasThatAreRefused(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string][]string{
		`{"type":"strnig"}`:                 {"/schema/type invalid"},
		`{"minLength":-1}`:                  {"/schema/minLength too-small"},
		`{"minLength":"x","required":1}`:    {"/schema/minLength type", "/schema/required type"},
		`{"properties":{"a":{"type":7}}}`:   {"/schema/properties/a/type invalid"},
		`{"pattern":"("}`:                   {"/schema/pattern format"},
		`{"pattern":"(?=x)"}`:               {"/schema/pattern format"},
		`{"patternProperties":{"(":{}}}`:    {"/schema/patternProperties invalid"},
		`{"type":"string","format":"iban"}`: {"/schema invalid"},
		`{"properties":{"a/b~":{"":0,"properties":{"":{"format":"iban"}}}}}`: {"/schema/properties/a~1b~0/properties/ invalid"},
		`{"$ref":"#/nowhere"}`: {"/schema invalid"},
		`{"$ref":"#nowhere"}`:  {"/schema invalid"},
		`{"$ref":"%"}`:         {"/schema/$ref format"},
		`{"$schema":"http://json-schema.org/draft-07/schema#","type":"string"}`:   {"/schema invalid"},
		`{"$schema":"https://example.com/schema"}`:                                {"/schema invalid"},
		`{"$ref":"https://json-schema.org/draft/2020-12/schema"}`:                 {"/schema invalid"},
		`{"$ref":"http://json-schema.org/draft-07/schema#/properties/maxLength"}`: {"/schema invalid"},
		`{"$dynamicRef":"#node","$dynamicAnchor":"node"}`:                         {"/schema invalid"},
		`{"properties":{"a":{"$ref":"#"}}}`:                                       {"/schema/properties/a invalid"},
		`{"allOf":[{"$ref":"#"}]}`:                                                {"/schema/allOf/0 invalid"},
		`{"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}}`:                             {"/schema invalid"},
		`{"description":"a\u0000b"}`:                                              {"/schema pattern"},
		`{"properties":{"a\u001b":{}}}`:                                           {"/schema pattern"},
		`{"x-hint":[{"a":"b\u009f"}]}`:                                            {"/schema pattern"},
		`[]`:                                                                      {"/schema type"},
	} {
		require.Equal(t, want, refused(t, schema), schema)
	}
	require.Equal(t, []string{"/schema too-long"}, refused(t, `{"title":"`+strings.Repeat("x", contract.MaxSchema)+`"}`))
}

// TestSchemasReachNothing: no schema makes the service read a file or open a connection.
func TestSchemasReachNothing(t *testing.T) {
	t.Parallel()
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listening.Close()
	called := make(chan struct{})
	go func() {
		if _, err := listening.Accept(); err == nil {
			close(called)
		}
	}()
	file := filepath.Join(t.TempDir(), "schema.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"type":"string"}`), 0o600))
	for _, place := range []string{"http://" + listening.Addr().String(), "https://" + listening.Addr().String(), "file://" + file, file, "../" + file, "other.json"} {
		for _, keyword := range []string{"$ref", "$schema", "$dynamicRef"} {
			require.NotEmpty(t, refused(t, fmt.Sprintf(`{%q:%q}`, keyword, place)), "%s %s", keyword, place)
			require.NotEmpty(t, refused(t, fmt.Sprintf(`{"$id":%q,"properties":{"a":{%q:"b.json"}}}`, place, keyword)), "%s under %s", keyword, place)
		}
	}
	select {
	case <-called:
		t.Fatal("a schema opened a connection")
	default:
	}
}

// TestHeavySchemas: a schema that takes long to check is refused; some of these would take for ever.
func TestHeavySchemas(t *testing.T) {
	t.Parallel()
	laughs := []string{`"d0":{"type":"string"}`}
	for i := range 60 {
		laughs = append(laughs, fmt.Sprintf(`"d%d":{"anyOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i+1, i, i))
	}
	for name, schema := range map[string]string{
		"doubles with each step": `{"$defs":{` + strings.Join(laughs, ",") + `},"$ref":"#/$defs/d60"}`,
		"deep":                   strings.Repeat(`{"not":`, 500) + "true" + strings.Repeat("}", 500),
		"long patterns":          `{"anyOf":[` + strings.Repeat(`{"pattern":"a{1000}$"},`, 300) + `true]}`,
		"a long pattern":         `{"pattern":"` + strings.Repeat("a{1000}", 1000) + `"}`,
		"many values":            `{"items":{"enum":[` + strings.Repeat(`0,`, 2000) + `0]}}`,
		"a slow pattern":         `{"pattern":"(((a{0,30}){0,30}|(.{0,30}){0,30}|(a?.?){0,450})*){0,1}c"}`,
		"patterns of names":      `{"patternProperties":{"` + strings.Repeat("(a|b){999}", 20) + `":{}}}`,
	} {
		require.NotEmpty(t, refused(t, schema), name)
	}
}

// BenchmarkHeaviestSchemas checks the heaviest values against the heaviest schemas that are taken.
func BenchmarkHeaviestSchemas(b *testing.B) {
	for name, schema := range map[string]string{
		"many parts":   `{"items":{"anyOf":[` + strings.Repeat(`{"not":{}},`, 190) + `false]}}`,
		"many enums":   `{"items":{"enum":[` + strings.Repeat(`0,`, 390) + `0]}}`,
		"long pattern": `{"items":{"pattern":"(a{9}){9}a{99}b"}}`,
		"slow pattern": `{"items":{"pattern":"((a{0,4}){0,10}|(.{0,9}){0,10}|(a?.?){0,20})*c"}}`,
		"unique items": `{"uniqueItems":true,"items":{"contains":{"type":"null"},"uniqueItems":true}}`,
	} {
		b.Run(name, func(b *testing.B) {
			s, errs := contract.CheckSchema("", []byte(schema), nil)
			require.Empty(b, errs)
			v, err := contract.Value([]byte(`["` + strings.Repeat("a", 7600) + `",` + strings.Repeat("1,", 190) + "[1]]"))
			require.NoError(b, err)
			for b.Loop() {
				s.Check("", v)
			}
		})
	}
}

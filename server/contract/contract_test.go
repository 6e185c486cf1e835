package contract

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// operations are those of testdata/openapi.json, as specgen would read them.
var operations = map[string]*spec.Operation{
	"draft": {ID: "draft", Bodies: []spec.Body{{MediaType: "application/json", Schema: "#/components/schemas/Draft"}}},
	"patch": {ID: "patch", Bodies: []spec.Body{{MediaType: "application/merge-patch+json", Schema: "#/components/schemas/Patch"}}},
	"token": {ID: "token", Bodies: []spec.Body{
		{MediaType: "application/json", Schema: "#/components/schemas/Token"},
		{MediaType: formType, Schema: "#/components/schemas/Token"},
	}},
	"open": {ID: "open", Bodies: []spec.Body{{MediaType: "application/json", Schema: "#/components/schemas/Nested"}}},
	"upload": {ID: "upload", Stream: 1 << 20, Bodies: []spec.Body{
		{MediaType: "application/octet-stream", Schema: "#/components/schemas/Picture"},
		{MediaType: "multipart/form-data", Schema: "#/components/schemas/PictureForm"},
	}},
	"list": {ID: "list", Params: []spec.Param{
		{Name: "user_id", In: "path", Type: "string", Schema: "#/components/parameters/ID/schema", Required: true},
		{Name: "limit", In: "query", Type: "integer", Schema: "#/components/parameters/Limit/schema"},
		{Name: "count", In: "query", Type: "boolean", Schema: "#/components/parameters/Count/schema"},
		{Name: "q", In: "query", Type: "string", Schema: "#/components/parameters/Query/schema"},
		{Name: "sort", In: "query", Type: "string", Schema: "#/components/parameters/Sort/schema"},
		{Name: "role", In: "query", Type: "array", Schema: "#/components/parameters/Roles/schema"},
		{Name: "Idempotency-Key", In: "header", Type: "string", Schema: "#/components/parameters/Key/schema", Required: true},
	}},
}

// request compiles one of the operations.
func request(t testing.TB, id string) *Request {
	t.Helper()
	document, err := os.ReadFile("testdata/openapi.json")
	require.NoError(t, err)
	op := operations[id]
	c, err := compile(document, map[string]Format{"shout": shout}, []*spec.Operation{op})
	require.NoError(t, err)
	require.Same(t, c.requests[id], c.Request(op))
	return c.Request(op)
}

// shout is a format of ours.
func shout(s string) error {
	if s != strings.ToUpper(s) {
		return errors.New(s + " is no shout")
	}
	return nil
}

// refused is how the contract's answer reads in these tests: "/age too-large".
func refused(fields []spec.FieldError) []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Pointer+" "+string(f.Code))
	}
	return out
}

// TestContract: the real contract compiles, with every operation, and only with its formats.
func TestContract(t *testing.T) {
	anything := func(string) error { return nil }
	c, err := New(api.JSON, map[string]Format{"email": anything, "language-tag": anything, "time-zone": anything, "password": anything})
	require.NoError(t, err)
	for _, op := range spec.Operations() {
		require.Equal(t, len(op.Bodies) > 0, c.Request(op).HasBody(), op.ID)
		require.Len(t, c.Request(op).params, len(op.Params), op.ID)
	}
	_, err = New(api.JSON, nil)
	require.ErrorContains(t, err, "nothing checks this string; register its format")
}

func TestContractsThatDoNotCompile(t *testing.T) {
	document, err := os.ReadFile("testdata/openapi.json")
	require.NoError(t, err)
	body := func(schema string) []*spec.Operation {
		return []*spec.Operation{{ID: "try", Bodies: []spec.Body{{MediaType: "application/json", Schema: schema}}}}
	}
	for name, tt := range map[string]struct {
		document   []byte
		operations []*spec.Operation
		want       string
	}{
		"no JSON":           {[]byte("{"), nil, "EOF"},
		"no such schema":    {document, body("#/components/schemas/None"), "try: "},
		"no such parameter": {document, []*spec.Operation{{ID: "try", Params: []spec.Param{{Schema: "#/components/parameters/None/schema"}}}}, "try: "},
		"unknown format": {document, body("#/components/schemas/Typo"),
			"openapi.json#/components/schemas/Typo/properties/list/items: nothing checks this string; register its format"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compile(tt.document, nil, tt.operations)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestContentTypes(t *testing.T) {
	token, upload := request(t, "token"), request(t, "upload")
	for name, tt := range map[string]struct {
		request     *Request
		contentType string
		taken       bool
	}{
		"JSON":                   {token, "application/json", true},
		"with a charset":         {token, "application/json; charset=utf-8", true},
		"charset in capitals":    {token, `application/json;charset="UTF-8"`, true},
		"charset in between":     {token, "application/json; charset=Utf-8", true},
		"another parameter":      {token, "application/json; profile=x", true},
		"in capitals":            {token, "Application/JSON", true},
		"a form":                 {token, "application/x-www-form-urlencoded", true},
		"missing":                {token, "", false},
		"Latin 1":                {token, "application/json; charset=latin1", false},
		"Latin 1 in a form":      {token, "application/x-www-form-urlencoded; charset=iso-8859-1", false},
		"text":                   {token, "text/plain", false},
		"a JSON patch":           {token, "application/json-patch+json", false},
		"a merge patch":          {token, "application/merge-patch+json", false},
		"anything":               {token, "*/*", false},
		"malformed":              {token, "application/json; charset", false},
		"a parameter twice":      {token, "application/json; charset=utf-8; charset=latin1", false},
		"two types":              {token, "application/json, text/plain", false},
		"a stream":               {upload, "application/octet-stream", true},
		"parts":                  {upload, "multipart/form-data; boundary=x", true},
		"JSON where streams are": {upload, "application/json", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.request.Takes(tt.contentType)
			require.Equal(t, !tt.taken, fault.Is(err, spec.ProblemUnsupportedMediaType), err)
		})
	}
	_, err := token.Body("text/plain", nil)
	require.Equal(t, "Send application/json or application/x-www-form-urlencoded in UTF-8.", fault.Of(err).Detail)
	require.EqualValues(t, 1<<20, upload.Stream())
}

package apitest

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/contract"
)

// document is the contract made strict: what an answer does not declare it must not hold.
var document = sync.OnceValue(func() map[string]any {
	var doc map[string]any
	if err := json.Unmarshal(api.JSON, &doc); err != nil {
		panic(err)
	}
	schemas := at(doc, "components", "schemas").(map[string]any)
	for _, s := range schemas {
		schema := s.(map[string]any)
		_, said := schema["additionalProperties"]
		if schema["type"] == "object" && !said && schema["x-open"] == nil {
			schema["additionalProperties"] = false
		}
	}
	return doc
})

var strict = sync.OnceValue(func() *contract.Contract {
	b, err := json.Marshal(document())
	if err != nil {
		panic(err)
	}
	c, err := contract.New(b, server.Formats())
	if err != nil {
		panic(err)
	}
	return c
})

var compiling sync.Mutex

// conforms holds an answer to what the contract declares for its operation and status: body, content type, headers.
func (s *Server) conforms(req *http.Request, a Answer) {
	s.t.Helper()
	op := operation(req)
	if op == nil {
		return // no operation answered: a 404 or 405 of the router
	}
	responses := at(document(), "paths", op.Path, strings.ToLower(op.Method), "responses").(map[string]any)
	response, pointer := responses[strconv.Itoa(a.Status)], "#/paths/"+escape(op.Path)+"/"+strings.ToLower(op.Method)+"/responses/"+strconv.Itoa(a.Status)
	if response == nil {
		require.GreaterOrEqual(s.t, a.Status, 400, "%s answers an undeclared %d", op.ID, a.Status)
		response, pointer = responses["default"], ""
	}
	if ref, ok := response.(map[string]any)["$ref"].(string); ok {
		pointer = ref
		response = at(document(), strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	declared := response.(map[string]any)
	if headers, ok := declared["headers"].(map[string]any); ok {
		for name := range headers {
			require.NotEmpty(s.t, a.Header.Get(name), "%s %d lacks the header %s", op.ID, a.Status, name)
		}
	}
	content, ok := declared["content"].(map[string]any)
	if !ok {
		require.Empty(s.t, a.Body, "%s %d has a body that is not declared", op.ID, a.Status)
		return
	}
	mediaType, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	require.NoError(s.t, err)
	require.Contains(s.t, content, mediaType, op.ID)
	if !strings.HasSuffix(mediaType, "json") {
		return // a file: what it says is no JSON
	}
	compiling.Lock()
	schema, err := strict().Schema(pointer + "/content/" + escape(mediaType) + "/schema")
	compiling.Unlock()
	require.NoError(s.t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Body))
	require.NoError(s.t, err)
	require.NoError(s.t, schema.Validate(value), "%s %d breaks the contract: %s", op.ID, a.Status, a.Body)
}

// operation finds the operation that a request is for.
func operation(req *http.Request) *spec.Operation {
	have := strings.Split(strings.TrimPrefix(req.URL.Path, spec.BasePath), "/")
	for _, op := range spec.Operations() {
		want := strings.Split(op.Path, "/")
		match := op.Method == req.Method && len(want) == len(have)
		for i := 0; match && i < len(want); i++ {
			match = want[i] == have[i] || strings.HasPrefix(want[i], "{")
		}
		if match {
			return op
		}
	}
	return nil
}

func at(v any, path ...string) any {
	for _, step := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[step]
	}
	return v
}

func escape(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
}

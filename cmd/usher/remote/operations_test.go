package remote

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
)

const someID = "01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e"

// sample is a value that a parameter can have.
func sample(s shape) string {
	switch {
	case len(s.enum) > 0:
		return s.enum[0]
	case s.format == "uuid":
		return someID
	case s.format == "date-time":
		return "2026-11-21T09:30:00Z"
	case s.is("boolean"):
		return "true"
	case s.is("integer"):
		return "7"
	}
	return "team:red & blue"
}

// TestEveryOperationHasACommand: each sends what the contract says, with the contract's own example as flags, and each
// member of the example is a flag.
func TestEveryOperationHasACommand(t *testing.T) {
	t.Parallel()
	held, err := readContract(api.JSON)
	require.NoError(t, err)
	for _, op := range spec.Operations() {
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			s, d := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), sit(t)
			d.environment = map[string]string{URLVariable: s.url, TokenVariable: "secret"}
			args, wanted, body := fromExample(t, d, held, op)
			e := d.usher("client secret\n", append([]string{"api", kebab(op.ID)}, args...)...)
			require.NoError(t, e.err)
			require.Regexp(t, `^\S[^\n]+\.\n$`, e.errs, "it says that it is done")
			require.Len(t, s.heard(), 1)
			got := s.heard()[0]
			require.Equal(t, []string{op.Method, wanted.path, wanted.query}, []string{got.method, got.path, got.query})
			for name := range wanted.header {
				require.Equal(t, wanted.header.Get(name), got.header.Get(name), name)
			}
			require.Equal(t, "usher/test", got.header.Get("User-Agent"))
			switch got.header.Get("Content-Type") {
			case "":
				require.Empty(t, op.Bodies)
				require.Empty(t, got.body)
			case formType:
				form, err := url.ParseQuery(got.body)
				require.NoError(t, err)
				require.Equal(t, body, form.Encode())
			case jsonType, patchType:
				require.JSONEq(t, body, got.body)
			default:
				require.Equal(t, body, got.body)
			}
			require.Equal(t, e.err == nil && op.Takes(idempotencyKey), got.header.Get(idempotencyKey) != "")
			require.Contains(t, d.does("api", op.ID, "--help"), "usher api "+kebab(op.ID))
		})
	}
}

// fromExample is an operation's example as arguments, and what they have to lead to.
func fromExample(t *testing.T, d *desk, c contract, op *spec.Operation) (args []string, wanted heard, body string) {
	t.Helper()
	wanted = heard{path: spec.BasePath + op.Path, header: http.Header{}}
	switch {
	case op.Client:
		args = append(args, "--client-id", "a b", "--client-secret-stdin")
		wanted.header.Set("Authorization", basic("a b", "client secret"))
	case !op.Public:
		wanted.header.Set("Authorization", "Bearer secret")
	}
	query := url.Values{}
	for _, p := range op.Params {
		s := c.shape(c.at(p.Schema))
		if s.is("array") {
			s = s.items()
		}
		text := sample(s)
		switch p.In {
		case "path":
			args = append(args, text)
			wanted.path = strings.ReplaceAll(wanted.path, "{"+p.Name+"}", url.PathEscape(text))
			continue
		case "query":
			query.Set(p.Name, text)
		case "header":
			wanted.header.Set(p.Name, text)
		}
		args = append(args, "--"+kebab(p.Name)+"="+text)
	}
	wanted.query = query.Encode()
	for _, b := range op.Bodies {
		if b.MediaType == media(op) {
			wanted.header.Set("Content-Type", b.MediaType)
			more, text := bodyFromExample(t, d, c, op, b)
			return append(args, more...), wanted, text
		}
	}
	return args, wanted, ""
}

func bodyFromExample(t *testing.T, d *desk, c contract, op *spec.Operation, b spec.Body) (args []string, body string) {
	t.Helper()
	examples, _ := c.at(b.Schema)["examples"].([]any)
	require.NotEmpty(t, examples, "the contract has no example of the body")
	if op.Stream > 0 {
		file := filepath.Join(d.folder, "upload")
		require.NoError(t, os.WriteFile(file, []byte(examples[0].(string)), 0o600))
		return []string{"--file", file}, examples[0].(string)
	}
	form := url.Values{}
	for name, v := range examples[0].(map[string]any) {
		form.Set(name, fmt.Sprint(v))
		switch v := v.(type) {
		case nil:
			args = append(args, "--clear", kebab(name))
		case string:
			args = append(args, "--"+kebab(name)+"="+v)
		default:
			args = append(args, "--"+kebab(name)+"="+compact(v))
		}
	}
	if b.MediaType == formType {
		return args, form.Encode()
	}
	text, err := json.Marshal(examples[0])
	require.NoError(t, err)
	return args, string(text)
}

// TestHelp: what help says follows from the contract alone.
func TestHelp(t *testing.T) {
	t.Parallel()
	golden(t, "api", sit(t).does("api", "--help"))
	for _, name := range []string{"list-users", "change-role", "update-me", "import-users", "introspect-token"} {
		golden(t, name, sit(t).does("api", name, "--help"))
	}
	golden(t, "login", sit(t).does("login", "--help"))
}

package users_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/users"
)

// TestFieldsAsText: what a value is written as in CSV reads as the same value again, whatever the field holds.
func TestFieldsAsText(t *testing.T) {
	t.Parallel()
	for schema, values := range map[string]map[string]string{ // JSON to text
		`{"type":"string"}`:             {`"red"`: "red", `"5"`: "5", `"true"`: "true", `"{}"`: "{}", `"\"a\""`: `"a"`, `"a\nb"`: "a\nb"},
		`{"type":"integer"}`:            {`5`: "5", `12345678901234567890`: "12345678901234567890"},
		`{"type":"number"}`:             {`1.5`: "1.5"},
		`{"type":"boolean"}`:            {`true`: "true"},
		`{"type":"array"}`:              {`[1, "a"]`: `[1, "a"]`},
		`{"type":["string","integer"]}`: {`"red"`: "red", `"5"`: `"5"`, `5`: "5"},
		`{"enum":["5","red"]}`:          {`"5"`: "5", `"red"`: "red"},
		`{}`:                            {`"red"`: "red", `"5"`: `"5"`, `{"a": null}`: `{"a": null}`, `"null"`: `"null"`},
	} {
		fields, err := users.CompileFields([]db.ProfileField{{Name: "f", Schema: []byte(schema)}})
		require.NoError(t, err)
		for value, text := range values {
			require.Equal(t, text, fields.Text("f", json.RawMessage(value)), "%s %s", schema, value)
			read := fields.Parse("f", text)
			require.Empty(t, fields.Check(map[string]any{"f": read}), "%s %s", schema, value)
			again, err := json.Marshal(read)
			require.NoError(t, err)
			require.JSONEq(t, value, string(again), schema)
		}
	}
}

// TestTextThatIsNoValue: what a field cannot hold is left for the check to refuse, however broken it is.
func TestTextThatIsNoValue(t *testing.T) {
	t.Parallel()
	fields, err := users.CompileFields([]db.ProfileField{{Name: "n", Schema: []byte(`{"type":"integer"}`)}, {Name: "s", Schema: []byte(`{"type":"string"}`)}})
	require.NoError(t, err)
	for name, texts := range map[string][]string{
		"n": {"", "x", "1.5", "1 2", "1e999", "{", "\xff", "true", "\"1\""},
		"s": {"\xff", "a\x00b", "a\x1bb", "a\u0085b"},
		"x": {"red"},
	} {
		for _, text := range texts {
			require.Len(t, fields.Check(map[string]any{name: fields.Parse(name, text)}), 1, "%s %q", name, text)
		}
	}
}

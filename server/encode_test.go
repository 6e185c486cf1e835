package server_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// TestEncoders: what writes itself writes what encoding/json would, with everything that can be left out and without.
func TestEncoders(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		new(spec.User), new(spec.UserPage), new(spec.Profile), new(spec.SessionPage), new(spec.AuditPage), new(spec.SecondFactor),
		new(spec.ProfileField), new(spec.ProfileFieldPage), new(spec.FieldViolationPage), new(spec.Import), new(spec.ImportPage),
		new(spec.ImportProblemPage), new(spec.Export),
	} {
		for _, whole := range []bool{true, false} {
			fill(reflect.ValueOf(v).Elem(), whole)
			want, err := json.Marshal(v)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(v.(spec.Encoder).AppendJSON(nil)), "%T", v)
		}
	}
}

// fill gives a value, and all within it, something to tell. What may be nil is, unless the value is to be whole.
func fill(v reflect.Value, whole bool) {
	switch at := v.Addr().Interface().(type) {
	case *uuid.UUID:
		*at = uuid.New()
		return
	case *time.Time:
		*at = time.Date(2026, 11, 21, 9, 30, 0, 123_456_000, time.UTC)
		return
	case *spec.Link:
		*at = spec.Link{Href: "/api/v1/users?cursor=a%20b&limit=7", Method: "GET"}
		return
	case *json.RawMessage:
		*at = json.RawMessage(`{"team": "red & \"blue\""}`)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.SetZero()
		if whole {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), whole)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, whole)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			fill(v.Index(i), whole)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"a": "<é>", "b": []any{1.5, nil, true}}))
	case reflect.String:
		v.SetString("a \"b\" <c> & \\ / \u2028 é\n\t😀")
	case reflect.Int, reflect.Int64:
		v.SetInt(-1 << 40)
	case reflect.Float32:
		v.SetFloat(0.25)
	case reflect.Bool:
		v.SetBool(true)
	}
}

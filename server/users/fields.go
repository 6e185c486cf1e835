package users

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/fault"
)

// Fields are the profile fields as they are defined, by name. To store values:
//
//	fields, err := LoadFields(ctx, tx)                       // in the transaction that stores them: definitions stay till it ends
//	values[name] = fields.Parse(name, cell)                  // where values are text, as in CSV
//	refused := fields.Check(values)                          // pointers are /fields/<name>...
//	stored, err := json.Marshal(values)                      // for the column users.fields
//
// Text is the other way round: what Parse reads as the same value.
type Fields map[string]Field

// Field is one of them.
type Field struct {
	ID     uuid.UUID
	Schema *contract.Schema
}

// LoadFields reads all profile fields and keeps them as they are until the transaction ends: who defines a field anew waits,
// and then finds every value that was held to the old definition.
func LoadFields(ctx context.Context, conn db.DBTX) (Fields, error) {
	rows, err := db.New().HoldAllFields(ctx, conn)
	if err != nil {
		return nil, err
	}
	return CompileFields(rows)
}

// FieldsNamed does so for the fields with these names, of which some may not exist.
func FieldsNamed(ctx context.Context, conn db.DBTX, names ...string) (Fields, error) {
	rows, err := db.New().HoldFields(ctx, conn, names)
	if err != nil {
		return nil, err
	}
	return CompileFields(rows)
}

// CompileFields makes values checkable against fields as they were read.
func CompileFields(rows []db.ProfileField) (Fields, error) {
	out := Fields{}
	for _, row := range rows {
		schema, err := contract.NewSchema(row.Schema, FieldFormats())
		if err != nil {
			return nil, fmt.Errorf("profile field %s: %w", row.ID, err)
		}
		out[row.Name] = Field{row.ID, schema}
	}
	return out, nil
}

// FieldFormats are the string formats that profile fields may have besides those of JSON Schema.
func FieldFormats() map[string]contract.Format {
	return map[string]contract.Format{"email": CheckEmail, "language-tag": CheckLanguage, "time-zone": CheckTimeZone}
}

// Check lists what is wrong with values, which are all that an account is to have or some of them. They are weighed before
// any is held to its schema, for that can take time in proportion to the weight.
func (f Fields) Check(values map[string]any) []spec.FieldError {
	var out []spec.FieldError
	var total weight
	fit := map[string]any{}
	for name, value := range values {
		at := pointer(name)
		w := weigh(at, value)
		total.bytes, total.parts = total.bytes+w.bytes, total.parts+w.parts
		refused := w.tooHeavy(at)
		if _, ok := f[name]; !ok {
			refused = []spec.FieldError{fault.Field(at, spec.FieldProblemUnknown, "There is no such field.")}
		}
		if len(refused) == 0 {
			fit[name] = value
		}
		out = append(out, refused...)
	}
	switch over := tooMuch(total); {
	case len(over) == 0:
		for name, value := range fit {
			out = append(out, f[name].Schema.Check(pointer(name), value)...)
		}
	case len(out) == 0:
		return over
	}
	slices.SortStableFunc(out, func(a, b spec.FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	return out[:min(len(out), maxRefused)]
}

// pointer is where the value of a field is in a body.
func pointer(name string) string { return "/fields/" + contract.Step(name) }

// Parse reads the value of a field from text: strings as they are, others as JSON. A field that may hold a string among
// others holds what the text means as JSON, if that matches; Check refuses what it cannot hold.
func (f Fields) Parse(name, text string) any {
	field, ok := f[name]
	if !ok || field.Schema.Type() == "string" {
		return norm.NFC.String(text)
	}
	value, err := contract.Value([]byte(text))
	if err != nil || field.Schema.Type() == "" && field.Schema.Check("", value) != nil {
		return norm.NFC.String(text)
	}
	return value
}

// Text writes the value of a field, given as JSON, so that Parse reads the same again.
func (f Fields) Text(name string, value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil && f.Parse(name, s) == any(s) {
		return s
	}
	return string(value)
}

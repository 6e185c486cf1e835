package fields

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/users"
)

// Definition is what a field is, but for its name.
type Definition struct {
	Title      string          `json:"title"`
	Schema     json.RawMessage `json:"schema"`
	Filterable bool            `json:"filterable"`
	Public     bool            `json:"public"`
}

func definitionOf(f db.ProfileField) *Definition {
	return &Definition{Title: f.Title, Schema: f.Schema, Filterable: f.Filterable, Public: f.Public}
}

// check refuses a schema that values cannot be held to, and filters on fields that do not hold one value.
func (d Definition) check() error {
	schema, refused := contract.CheckSchema("/schema", d.Schema, users.FieldFormats())
	if len(refused) > 0 {
		return fault.Invalid(refused...)
	}
	if one := []string{"string", "number", "integer", "boolean"}; d.Filterable && !slices.Contains(one, schema.Type()) {
		return fault.Invalid(fault.Field("/filterable", spec.FieldProblemInvalid,
			"Only fields whose schema has one type can be filtered by: string, number, integer or boolean."))
	}
	return nil
}

// change is what the audit log tells of a field.
type change struct {
	ID     uuid.UUID   `json:"field_id"`
	Name   string      `json:"name"`
	Before *Definition `json:"before,omitempty"`
	After  *Definition `json:"after,omitempty"`
}

func isTrue(b *bool) bool { return b != nil && *b }

package users

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// Filter says which accounts are wanted: those that match all of it. What is left out matches everybody. NewFilter makes it.
type Filter struct {
	Part                            string // in nickname, address or name
	Words                           string // in nickname, name and bio, as web searches have them
	Role                            *spec.Role
	Status                          *spec.UserStatus
	Verified, Locked, Professional  *bool
	RegisteredFrom, RegisteredTo    *time.Time // both included
	LastLoginAfter, LastLoginBefore *time.Time // both excluded
	Fields                          string     // a JSON object: values of profile fields
}

// NewFilter is the filter that somebody asks for. What clients send the contract has checked; the command line sees to it
// that roles and the like are known. Errors: invalid-request.
func NewFilter(ctx context.Context, conn db.DBTX, asked spec.ExportUsersParams) (Filter, error) {
	f := Filter{
		Role: asked.Role, Status: asked.Status, Verified: asked.Verified, Locked: asked.Locked, Professional: asked.Professional,
		RegisteredFrom: ceil(asked.RegisteredFrom), RegisteredTo: asked.RegisteredTo,
		LastLoginAfter: asked.LastLoginAfter, LastLoginBefore: ceil(asked.LastLoginBefore),
	}
	var refused []spec.FieldError
	if asked.RegisteredFrom != nil && asked.RegisteredTo != nil && asked.RegisteredFrom.After(*asked.RegisteredTo) {
		refused = append(refused, fault.Field("query/registered_from", spec.FieldProblemInvalid, "This is later than `registered_to`."))
	}
	for _, read := range []func() ([]spec.FieldError, error){
		func() ([]spec.FieldError, error) { return f.search(ctx, conn, asked.Q, asked.Text) },
		func() ([]spec.FieldError, error) { return f.fields(ctx, conn, asked.Field) },
	} {
		more, err := read()
		if err != nil {
			return Filter{}, err
		}
		refused = append(refused, more...)
	}
	if len(refused) > 0 {
		return Filter{}, fault.Invalid(refused...)
	}
	return f, nil
}

// ceil is a time in whole microseconds, which is what Postgres keeps, and not before t. Postgres itself rounds down.
func ceil(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	up := t.Add(time.Microsecond - 1).Truncate(time.Microsecond)
	if up.UTC().Year() > 9999 { // which RFC 3339 cannot write
		up = t.Truncate(time.Microsecond)
	}
	return &up
}

// search takes what is searched for. Postgres tells what is left of it when letter case, accents and punctuation do not count.
func (f *Filter) search(ctx context.Context, conn db.DBTX, part, words *string) ([]spec.FieldError, error) {
	if part == nil && words == nil {
		return nil, nil
	}
	empty, err := db.New().SearchIsEmpty(ctx, conn, part, words)
	if err != nil {
		return nil, err
	}
	var refused []spec.FieldError
	if empty.Part {
		refused = append(refused, fault.Field("query/q", spec.FieldProblemEmpty, "Write a character to look for."))
	}
	if empty.Words {
		refused = append(refused, fault.Field("query/text", spec.FieldProblemEmpty, "Write a word to look for."))
	}
	if part != nil {
		f.Part = *part
	}
	if words != nil {
		f.Words = *words
	}
	return refused, nil
}

// fields takes values of profile fields, each as name:value.
func (f *Filter) fields(ctx context.Context, conn db.DBTX, asked *[]string) ([]spec.FieldError, error) {
	if asked == nil || len(*asked) == 0 {
		return nil, nil
	}
	names := make([]string, len(*asked))
	for i, a := range *asked {
		names[i], _, _ = strings.Cut(a, ":")
	}
	rows, err := db.New().ListFilterableFields(ctx, conn, names)
	if err != nil {
		return nil, err
	}
	defined, err := CompileFields(rows)
	if err != nil {
		return nil, err
	}
	var refused []spec.FieldError
	values := map[string]any{}
	for i, a := range *asked {
		_, text, _ := strings.Cut(a, ":")
		value := defined.Parse(names[i], text)
		values[names[i]] = value
		switch field, ok := defined[names[i]]; {
		case !ok:
			refused = append(refused, fault.Field("query/field", spec.FieldProblemUnknown, "There is no field of this name to filter by."))
		case slices.Index(names, names[i]) < i:
			refused = append(refused, fault.Field("query/field", spec.FieldProblemDuplicate, "Ask for one value of each field."))
		case !field.mayBe(value):
			refused = append(refused, fault.Field("query/field", spec.FieldProblemInvalid, "The field holds no such values."))
		}
	}
	if len(refused) > 0 {
		return refused, nil
	}
	object, err := json.Marshal(values)
	f.Fields = string(object)
	return nil, err
}

// mayBe tells whether a value is of the field's type. That it matches the schema is not asked: older values may not.
func (f Field) mayBe(value any) bool {
	switch value.(type) {
	case string:
		return f.Schema.Type() == "string"
	case bool:
		return f.Schema.Type() == "boolean"
	case json.Number:
		return f.Schema.Type() == "number" || f.Schema.Type() == "integer"
	}
	return false
}

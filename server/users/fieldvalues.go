package users

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/fault"
)

// newFields is what an account begins with in users.fields. Errors: invalid-request with each value that its field does not
// take.
func newFields(ctx context.Context, tx pgx.Tx, values map[string]any) (json.RawMessage, error) {
	if len(values) == 0 {
		return json.RawMessage(`{}`), nil
	}
	c, err := changeFields(ctx, tx, map[string]any{}, values)
	if err != nil {
		return nil, err
	}
	return json.Marshal(c.next)
}

// setFields writes a merge patch into the fields of a locked account, and names those that differ now. Errors: as of
// newFields.
func setFields(ctx context.Context, tx pgx.Tx, u *db.User, patch json.RawMessage) ([]string, error) {
	changes, err := fieldValues(patch)
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	before, err := fieldValues(u.Fields)
	if err != nil {
		return nil, err
	}
	c, err := changeFields(ctx, tx, before, changes)
	if err != nil || len(c.names) == 0 {
		return nil, err
	}
	if u.Fields, err = json.Marshal(c.next); err != nil {
		return nil, err
	}
	return c.names, db.New().SettleFieldViolations(ctx, tx, u.ID, c.ids)
}

// fieldChange is what a change makes of the fields of an account.
type fieldChange struct {
	next  map[string]any
	names []string // of what differs, as facts have them
	ids   []uuid.UUID
}

// changeFields holds what differs after a change to its definition. What does not differ is held to nothing: it may have been
// stored before its field was defined as it is now.
func changeFields(ctx context.Context, tx pgx.Tx, before, changes map[string]any) (fieldChange, error) {
	c := fieldChange{next: merge(before, changes)}
	fields, err := FieldsNamed(ctx, tx, slices.Collect(maps.Keys(changes))...)
	if err != nil {
		return c, err
	}
	set := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		field, known := fields[name]
		value, left := c.next[name]
		if known && reflect.DeepEqual(before[name], value) {
			continue
		}
		if left || !known {
			set[name] = value
		}
		c.names, c.ids = append(c.names, "fields."+name), append(c.ids, field.ID)
	}
	refused := fields.Check(set)
	if len(refused) == 0 {
		refused = tooMuch(weight{bytes: weigh("", c.next).bytes})
	}
	if len(refused) > 0 {
		return c, fault.Invalid(refused...)
	}
	return c, nil
}

// fieldValues reads values as they are stored or sent; numbers stay as they are written.
func fieldValues(raw json.RawMessage) (map[string]any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	out := map[string]any{}
	return out, in.Decode(&out)
}

// merge applies a merge patch to an object (RFC 7396 section 2), which stays as it is.
func merge(object, patch map[string]any) map[string]any {
	out := maps.Clone(object)
	for name, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(out, name)
		case map[string]any:
			inner, _ := out[name].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
			}
			out[name] = merge(inner, v)
		default:
			out[name] = v
		}
	}
	return out
}

package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// maxFields is how many refused fields an answer names.
const maxFields = 100

// told puts refused fields in order and leaves out what nobody reads: a body of unknown members would be answered at
// several times its size.
func told(fields []spec.FieldError) []spec.FieldError {
	slices.SortStableFunc(fields, func(a, b spec.FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	return fields[:min(len(fields), maxFields)]
}

// fields turns a schema error into the fields it is about. at goes before each pointer. The value that was sent is
// never quoted: it may be a password.
func fields(at string, err error) []spec.FieldError {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []spec.FieldError{fault.Field(at, spec.FieldProblemInvalid, "This is not what is asked for here.")}
	}
	if len(invalid.Causes) > 0 && !whole(invalid.ErrorKind) {
		var out []spec.FieldError
		for _, cause := range invalid.Causes {
			out = append(out, fields(at, cause)...)
		}
		return out
	}
	for _, step := range invalid.InstanceLocation {
		at += "/" + Step(step)
	}
	switch k := invalid.ErrorKind.(type) {
	case *kind.Required:
		return each(at, k.Missing, spec.FieldProblemRequired, "This field is missing.")
	case *kind.DependentRequired:
		return each(at, k.Missing, spec.FieldProblemRequired, "This field is missing.")
	case *kind.AdditionalProperties:
		return each(at, k.Properties, spec.FieldProblemUnknown, "There is no such field.")
	}
	code, detail := describe(invalid.ErrorKind)
	return []spec.FieldError{fault.Field(at, code, detail)}
}

// whole reports whether a kind speaks for itself rather than for its causes.
func whole(k jsonschema.ErrorKind) bool {
	switch k.(type) {
	case *kind.OneOf, *kind.AnyOf, *kind.Not, *kind.Contains, *kind.PropertyNames:
		return true
	}
	return false
}

func each(at string, names []string, code spec.FieldProblem, detail string) []spec.FieldError {
	var out []spec.FieldError
	for _, n := range names {
		out = append(out, fault.Field(at+"/"+Step(n), code, detail))
	}
	return out
}

func describe(k jsonschema.ErrorKind) (spec.FieldProblem, string) {
	switch k := k.(type) {
	case *kind.Type:
		if slices.Equal(k.Want, []string{"boolean"}) {
			return spec.FieldProblemType, "Send true or false."
		}
		return spec.FieldProblemType, fmt.Sprintf("Send a value of type %s.", strings.Join(k.Want, " or "))
	case *kind.Enum:
		return spec.FieldProblemEnum, fmt.Sprintf("Send one of %s.", list(k.Want))
	case *kind.Const:
		return spec.FieldProblemEnum, fmt.Sprintf("Send %s.", list([]any{k.Want}))
	case *kind.Format:
		if k.Want == "date-time" {
			return spec.FieldProblemFormat, "Send a time such as 2026-11-21T09:30:00Z."
		}
		return spec.FieldProblemFormat, fmt.Sprintf("This is not a valid %s.", strings.ReplaceAll(k.Want, "-", " "))
	case *kind.Pattern:
		return spec.FieldProblemPattern, "This has a form or characters that are not taken here."
	case *kind.MinLength:
		return spec.FieldProblemTooShort, fmt.Sprintf("Use at least %s.", count(k.Want, "character"))
	case *kind.MaxLength:
		return spec.FieldProblemTooLong, fmt.Sprintf("Use at most %s.", count(k.Want, "character"))
	case *kind.Minimum:
		return spec.FieldProblemTooSmall, fmt.Sprintf("Send at least %s.", decimal(k.Want))
	case *kind.Maximum:
		return spec.FieldProblemTooLarge, fmt.Sprintf("Send at most %s.", decimal(k.Want))
	case *kind.ExclusiveMinimum:
		return spec.FieldProblemTooSmall, fmt.Sprintf("Send more than %s.", decimal(k.Want))
	case *kind.ExclusiveMaximum:
		return spec.FieldProblemTooLarge, fmt.Sprintf("Send less than %s.", decimal(k.Want))
	case *kind.MultipleOf:
		return spec.FieldProblemInvalid, fmt.Sprintf("Send a multiple of %s.", decimal(k.Want))
	case *kind.MinItems:
		return spec.FieldProblemEmpty, fmt.Sprintf("Send at least %s.", count(k.Want, "item"))
	case *kind.MaxItems:
		return spec.FieldProblemTooMany, fmt.Sprintf("Send at most %s.", count(k.Want, "item"))
	case *kind.UniqueItems:
		return spec.FieldProblemInvalid, "Send each item once."
	case *kind.MinProperties:
		return spec.FieldProblemEmpty, fmt.Sprintf("Send at least %s.", count(k.Want, "field"))
	case *kind.MaxProperties:
		return spec.FieldProblemTooMany, fmt.Sprintf("Send at most %s.", count(k.Want, "field"))
	}
	return spec.FieldProblemInvalid, "This is not what is asked for here."
}

func count(n int, noun string) string {
	if n == 1 {
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.RatString()
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// list names values, as many of them as somebody reads.
func list(values []any) string {
	const most = 20
	var out []string
	for _, v := range values[:min(len(values), most)] {
		text, ok := v.(string)
		if !ok {
			b, _ := json.Marshal(v) // which was JSON before
			text = string(b)
		}
		out = append(out, text)
	}
	if len(values) > most {
		out = append(out, "and others")
	}
	return strings.Join(out, ", ")
}

// Step makes a name a step of a JSON Pointer (RFC 6901 section 3).
func Step(s string) string {
	if !strings.ContainsAny(s, "~/") {
		return s // which is nearly all of them, and a replacer takes time to make
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}

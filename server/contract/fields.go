package contract

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// fields turns a schema error into the fields it is about. at goes before each pointer. The value that was sent is
// never quoted: it may be a password.
func fields(at string, err error) []spec.FieldError {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []spec.FieldError{fault.Field(at, spec.FieldProblemInvalid, "This does not match the contract.")}
	}
	if len(invalid.Causes) > 0 && !whole(invalid.ErrorKind) {
		var out []spec.FieldError
		for _, cause := range invalid.Causes {
			out = append(out, fields(at, cause)...)
		}
		return out
	}
	for _, step := range invalid.InstanceLocation {
		at += "/" + escape(step)
	}
	switch k := invalid.ErrorKind.(type) {
	case *kind.Required:
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
	case *kind.OneOf, *kind.AnyOf, *kind.Not, *kind.Contains:
		return true
	}
	return false
}

func each(at string, names []string, code spec.FieldProblem, detail string) []spec.FieldError {
	var out []spec.FieldError
	for _, n := range names {
		out = append(out, fault.Field(at+"/"+escape(n), code, detail))
	}
	return out
}

func describe(k jsonschema.ErrorKind) (spec.FieldProblem, string) {
	switch k := k.(type) {
	case *kind.Type:
		return spec.FieldProblemType, fmt.Sprintf("Send a value of type %s.", strings.Join(k.Want, " or "))
	case *kind.Enum:
		return spec.FieldProblemEnum, fmt.Sprintf("Send one of %s.", list(k.Want))
	case *kind.Format:
		return spec.FieldProblemFormat, fmt.Sprintf("This is not a valid %s.", strings.ReplaceAll(k.Want, "-", " "))
	case *kind.Pattern:
		return spec.FieldProblemPattern, "This has a form or characters that are not taken here."
	case *kind.MinLength:
		return spec.FieldProblemTooShort, fmt.Sprintf("Use at least %d characters.", k.Want)
	case *kind.MaxLength:
		return spec.FieldProblemTooLong, fmt.Sprintf("Use at most %d characters.", k.Want)
	case *kind.Minimum:
		return spec.FieldProblemTooSmall, fmt.Sprintf("Send at least %s.", k.Want.RatString())
	case *kind.Maximum:
		return spec.FieldProblemTooLarge, fmt.Sprintf("Send at most %s.", k.Want.RatString())
	case *kind.MaxItems:
		return spec.FieldProblemTooMany, fmt.Sprintf("Send at most %d items.", k.Want)
	case *kind.MinProperties:
		return spec.FieldProblemEmpty, "Send at least one field."
	}
	return spec.FieldProblemInvalid, "This does not match the contract."
}

func list(values []any) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, ", ")
}

// escape makes a name a step of a JSON Pointer (RFC 6901 section 3).
func escape(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}

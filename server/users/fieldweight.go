package users

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/fault"
)

// What values may weigh.
const (
	maxValue      = 8 << 10  // bytes of JSON
	maxValues     = 16 << 10 // of all fields of an account
	maxValueParts = 200
	maxParts      = 1000 // of all values that are checked at once
	maxValueDepth = 8
	maxRefused    = 100 // that an answer names
)

// tooMuch refuses values that weigh too much together.
func tooMuch(w weight) []spec.FieldError {
	switch {
	case w.bytes > maxValues:
		return []spec.FieldError{fault.Field("/fields", spec.FieldProblemTooLong, "Use at most 16 KiB for all fields of an account.")}
	case w.parts > maxParts:
		return []spec.FieldError{fault.Field("/fields", spec.FieldProblemTooMany, "Use at most 1,000 items and members at once.")}
	}
	return nil
}

// tooHeavy refuses a value that no schema makes good.
func (w weight) tooHeavy(at string) []spec.FieldError {
	switch {
	case w.bytes > maxValue:
		return []spec.FieldError{fault.Field(at, spec.FieldProblemTooLong, "Use at most 8 KiB.")}
	case w.parts > maxValueParts:
		return []spec.FieldError{fault.Field(at, spec.FieldProblemTooMany, "Use at most 200 items and members.")}
	}
	return w.refused
}

// weight is what a value weighs, and what is wrong with it that no schema makes good: characters that cannot be seen, and
// deep nesting.
type weight struct {
	bytes, parts int
	refused      []spec.FieldError
}

func weigh(at string, value any) weight {
	var w weight
	w.add(at, value, 0)
	return w
}

func (w *weight) refuse(at string, code spec.FieldProblem, detail string) {
	w.refused = append(w.refused, fault.Field(at, code, detail))
}

func (w *weight) add(at string, value any, depth int) {
	w.parts++
	if depth > maxValueDepth {
		w.refuse(at, spec.FieldProblemInvalid, "This is nested too deeply.")
		return
	}
	switch v := value.(type) {
	case string:
		w.addText(at, v)
	case json.Number:
		w.addNumber(at, v)
	case []any:
		w.bytes += len(v) + len("[]")
		for i, item := range v {
			w.add(fmt.Sprintf("%s/%d", at, i), item, depth+1)
		}
	case map[string]any:
		w.bytes += 2*len(v) + len("{}")
		for name, member := range v {
			within := at + "/" + contract.Step(name)
			w.addText(within, name)
			w.add(within, member, depth+1)
		}
	default:
		w.bytes += len("false")
	}
}

// addNumber counts the digits that Postgres writes out: 1e300 has three hundred.
func (w *weight) addNumber(at string, n json.Number) {
	f, err := n.Float64()
	if err != nil {
		w.refuse(at, spec.FieldProblemInvalid, "This number is out of range.")
		return
	}
	w.bytes += max(len(n), len(strconv.FormatFloat(f, 'f', -1, 64)))
}

func (w *weight) addText(at, s string) {
	w.bytes += len(s) + len(`""`)
	switch {
	case !utf8.ValidString(s):
		w.refuse(at, spec.FieldProblemEncoding, "This is not valid UTF-8.")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		w.refuse(at, spec.FieldProblemPattern, "This has characters that are not taken here.")
	}
}

package contract

import (
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// What a schema may weigh that somebody else wrote. A check takes at most this times the size of the value: a tenth of a second
// for the worst schema and a value of 200 parts or 8 KiB.
const (
	maxNesting    = 32
	maxParts      = 400    // subschemas and what they compare values with, each as often as it is referred to
	maxProgram    = 600    // instructions of the regular expressions in them
	maxExpression = 10_000 // of one that is compiled at all, whoever took it
)

// weight goes through a schema as a check does, and so finds out what a check can cost: a schema that refers to itself goes
// on for ever, and one in which each part refers twice to the next doubles with every step.
type weight struct {
	at             string // goes before each pointer
	document       any
	parts, program int
	refused        []spec.FieldError
}

func (w *weight) refuse(s *jsonschema.Schema, code spec.FieldProblem, detail string) {
	w.refused = append(w.refused, fault.Field(w.at+pointerOf(s.Location), code, detail))
}

// add weighs s and what is in it. It stops at what is too heavy, so that weighing is cheap.
func (w *weight) add(s *jsonschema.Schema, depth int) {
	if len(w.refused) > 0 {
		return
	}
	w.parts += 1 + compared(s)
	w.weighPatterns(s)
	location, _, _ := strings.Cut(s.Location, "#")
	switch {
	case location != written, s.DraftVersion != 2020:
		w.refused = append(w.refused, fault.Field(w.at, spec.FieldProblemInvalid, closed))
	case s.DynamicRef != nil, s.RecursiveRef != nil:
		w.refuse(s, spec.FieldProblemInvalid, "Use $ref.")
	case depth > maxNesting:
		w.refuse(s, spec.FieldProblemInvalid, "This is nested too deeply, or refers to itself.")
	case w.parts > maxParts, w.program > maxProgram:
		w.refuse(s, spec.FieldProblemTooMany, "The schema takes too long to check.")
	case s.Format == nil && w.names(s, "format"):
		w.refuse(s, spec.FieldProblemInvalid, "This format is not known here, so nobody would check it.")
	}
	for _, part := range parts(s) {
		w.add(part, depth+1)
	}
}

// names reports whether the document has a keyword where s stands.
func (w *weight) names(s *jsonschema.Schema, keyword string) bool {
	at := w.document
	steps := strings.Split(pointerOf(s.Location), "/")[1:]
	for _, step := range steps {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch within := at.(type) {
		case map[string]any:
			at = within[step]
		case []any:
			i, _ := strconv.Atoi(step) // the compiler has been here
			at = within[i]
		}
	}
	object, _ := at.(map[string]any)
	return object[keyword] != nil
}

// compared is how many values s compares others with.
func compared(s *jsonschema.Schema) (n int) {
	if s.Enum != nil {
		n += size(s.Enum.Values) - 1
	}
	if s.Const != nil {
		n += size(*s.Const)
	}
	return n
}

// size is how many values a value is made of, with itself.
func size(value any) int {
	n := 1
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			n += size(item)
		}
	case map[string]any:
		for _, member := range v {
			n += size(member)
		}
	}
	return n
}

// weighPatterns adds up the regular expressions of s.
func (w *weight) weighPatterns(s *jsonschema.Schema) {
	if s.Pattern != nil {
		w.program += instructions(s.Pattern.String())
	}
	for p := range s.PatternProperties {
		w.program += instructions(p.String())
	}
}

// parts are the subschemas of s that are applied to values.
func parts(s *jsonschema.Schema) []*jsonschema.Schema {
	out := slices.Concat(
		[]*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else, s.PropertyNames, s.Contains, s.Items2020},
		[]*jsonschema.Schema{s.UnevaluatedProperties, s.UnevaluatedItems}, s.AllOf, s.AnyOf, s.OneOf, s.PrefixItems,
		slices.Collect(maps.Values(s.Properties)), slices.Collect(maps.Values(s.PatternProperties)),
		slices.Collect(maps.Values(s.DependentSchemas)),
	)
	if rest, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		out = append(out, rest)
	}
	for _, d := range s.Dependencies {
		if part, ok := d.(*jsonschema.Schema); ok {
			out = append(out, part)
		}
	}
	return slices.DeleteFunc(out, func(part *jsonschema.Schema) bool { return part == nil })
}

// expression compiles a regular expression, unless it is too long.
func expression(pattern string) (jsonschema.Regexp, error) {
	if instructions(pattern) > maxExpression {
		return nil, &syntax.Error{Code: syntax.ErrLarge}
	}
	return regexp.Compile(pattern)
}

// instructions is about how long the program of a regular expression is, which is what RE2 takes time in proportion to. It
// is read off the expression: writing out a{1000} a thousand times takes memory.
func instructions(pattern string) int {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return length(parsed)
}

func length(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	if re.Op == syntax.OpCharClass {
		n = 1
	}
	for _, sub := range re.Sub {
		n += length(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}

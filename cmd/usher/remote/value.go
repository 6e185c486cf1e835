package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// value is a parameter of an operation, or a member of its body, as a flag.
type value struct {
	name, in string // as in the contract; in is path, query, header or body
	flag     string
	required bool
	shape    shape
	texts    []string
}

const inBody = "body"

// Set takes what was typed, if the contract can.
func (v *value) Set(text string) error {
	element := v.shape
	if v.shape.list() {
		element = v.shape.items()
	} else if len(v.texts) > 0 {
		return errors.New("give it once")
	}
	text, err := element.check(text)
	if err == nil {
		v.texts = append(v.texts, text)
	}
	return err
}

// String is what was typed.
func (v *value) String() string { return strings.Join(v.texts, ",") }

// Type is what help calls the value.
func (v *value) Type() string {
	element := v.shape
	if v.shape.list() {
		element = v.shape.items()
	}
	switch {
	case element.is("boolean"):
		return "bool"
	case element.is("integer", "number"):
		return "number"
	case !element.is("string"):
		return "json"
	case element.format == "uuid":
		return "id"
	case element.format == "date-time":
		return "time"
	}
	return "text"
}

// usage is what help says about the value.
func (v *value) usage() string {
	var hints []string
	if v.required {
		hints = append(hints, "required")
	}
	if v.shape.list() {
		hints = append(hints, "repeat the flag for more")
	}
	if len(v.shape.enum) > 0 {
		hints = append(hints, "one of "+strings.Join(v.shape.enum, ", "))
	}
	if v.secret() {
		hints = append(hints, "- reads a line of standard input")
	}
	text := plain(v.shape.about)
	if text == "" {
		text = strings.ReplaceAll(v.name, "_", " ")
	}
	if len(hints) > 0 {
		text = strings.TrimSpace(text + " (" + strings.Join(hints, "; ") + ")")
	}
	return wrapped(text, usageWidth)
}

// secret reports whether the value should not be seen on a command line.
func (v *value) secret() bool { return v.shape.format == "password" }

// check wants text to be a value of the shape, and returns it as it is sent.
func (s shape) check(text string) (string, error) {
	switch {
	case !utf8.ValidString(text):
		return "", errors.New("want UTF-8")
	case len(s.enum) > 0 && !slices.Contains(s.enum, text):
		return "", fmt.Errorf("want one of %s", strings.Join(s.enum, ", "))
	case s.is("boolean") && text != "true" && text != "false":
		return "", errors.New("want true or false")
	case s.is("integer"):
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return "", errors.New("want a whole number")
		}
	case s.is("number"):
		if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
			return "", errors.New("want a number")
		}
	case s.is("string"):
		return s.checkText(text)
	case !s.is("boolean"):
		return text, s.checkJSON(text)
	}
	return text, nil
}

func (s shape) checkText(text string) (string, error) {
	switch s.format {
	case "uuid":
		if _, err := uuid.Parse(text); err != nil {
			return "", errors.New("want an id, such as 01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e")
		}
	case "date-time":
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return day.Format(time.RFC3339), nil
		}
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return "", errors.New("want a day or a time, such as 2026-11-21 or 2026-11-21T09:30:00Z")
		}
	}
	return text, nil
}

func (s shape) checkJSON(text string) error {
	var v any
	err := json.Unmarshal([]byte(text), &v)
	_, object := v.(map[string]any)
	_, array := v.([]any)
	switch {
	case err != nil:
		return errors.New("want JSON")
	case s.is("object") && !object:
		return errors.New("want a JSON object")
	case s.is("array") && !array:
		return errors.New("want a JSON array")
	}
	return nil
}

// sent is the value as a member of a JSON body.
func (v *value) sent() any {
	if !v.shape.list() {
		return v.shape.json(v.texts[0])
	}
	all := []any{}
	for _, text := range v.texts {
		all = append(all, v.shape.items().json(text))
	}
	return all
}

func (s shape) json(text string) any {
	if s.is("string") {
		return text
	}
	return json.RawMessage(text)
}

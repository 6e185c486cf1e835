package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
)

func configCommand() *cobra.Command {
	c := withOutput(&cobra.Command{
		Use: "config", Short: "Show every setting", Args: cobra.NoArgs,
		Long:    "Config lists the settings that there are, which are variables of the environment, and their defaults.",
		Example: "  usher config",
		RunE: func(c *cobra.Command, _ []string) error {
			var found []setting
			for _, f := range settingFields(reflect.TypeFor[settings]()) {
				found = append(found, setting{f.Tag.Get("env"), f.Tag.Get("envDefault"), f.Tag.Get("help")})
			}
			return showAll(c, all(found),
				column[setting]{"SETTING", func(s setting) string { return s.Name }},
				column[setting]{"DEFAULT", func(s setting) string { return s.Default }},
				column[setting]{"MEANING", func(s setting) string { return s.Meaning }})
		},
	})
	c.AddCommand(withOutput(&cobra.Command{
		Use: "check", Short: "Check the settings and show those in force, secrets masked", Args: cobra.NoArgs,
		Long: "Check reads the settings from the environment as `usher serve` does, names every mistake in them, and shows those in\n" +
			"force. What is secret in them is masked.",
		Example: "  usher config check\n  usher config check --output json",
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := read[settings](nil)
			if err != nil {
				return err
			}
			var force inForce
			for _, f := range settingFields(reflect.TypeOf(s)) {
				force = append(force, [2]string{f.Tag.Get("env"), masked(f, reflect.ValueOf(s).FieldByName(f.Name))})
			}
			return showOne(c, force)
		},
	}))
	return c
}

// setting is one that there is.
type setting struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Meaning string `json:"meaning"`
}

// inForce are settings with their values, in order.
type inForce [][2]string

// MarshalJSON makes an object of them.
func (settings inForce) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	for i, s := range settings {
		name, err := json.Marshal(s[0])
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(s[1])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%c%s:%s", "{,"[min(i, 1)], name, value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// settingFields lists the settings, those of embedded structs too, in the order of the source.
func settingFields(t reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("env") != "" {
			out = append(out, f)
		}
	}
	return out
}

// masked is a setting as it may be shown.
func masked(f reflect.StructField, v reflect.Value) string {
	switch f.Tag.Get("secret") {
	case "all":
		return "****"
	case "url":
		u, err := url.Parse(v.String())
		if err != nil {
			return "****"
		}
		query := u.Query()
		for name := range query {
			if strings.Contains(name, "password") { // Postgres takes them there, too
				query.Set(name, "xxxxx")
			}
		}
		u.RawQuery = query.Encode()
		return u.Redacted()
	}
	if list, ok := reflect.TypeAssert[[]string](v); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v.Interface())
}

// envExample is what .env.example holds: every setting with its default, those without one left open.
func envExample() string {
	var b strings.Builder
	b.WriteString("# Every setting of Usher. Written by `go test ./cmd/usher -run TestEnvExample -update`.\n")
	for _, f := range settingFields(reflect.TypeFor[settings]()) {
		fmt.Fprintf(&b, "\n# %s\n%s=%s\n", f.Tag.Get("help"), f.Tag.Get("env"), f.Tag.Get("envDefault"))
	}
	return b.String()
}

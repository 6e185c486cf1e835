package main

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func configCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Show every setting", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			out := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(out, "SETTING\tDEFAULT\tMEANING")
			for _, f := range settingFields(reflect.TypeFor[settings]()) {
				fmt.Fprintf(out, "%s\t%s\t%s\n", f.Tag.Get("env"), f.Tag.Get("envDefault"), f.Tag.Get("help"))
			}
			return out.Flush()
		},
	}
	c.AddCommand(&cobra.Command{
		Use: "check", Short: "Check the settings and show those in force, secrets masked", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := read[settings](nil)
			if err != nil {
				return err
			}
			out := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			for _, f := range settingFields(reflect.TypeOf(s)) {
				fmt.Fprintf(out, "%s\t%s\n", f.Tag.Get("env"), masked(f, reflect.ValueOf(s).FieldByName(f.Name)))
			}
			return out.Flush()
		},
	})
	return c
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

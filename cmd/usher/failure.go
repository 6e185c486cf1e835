package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// failure is an error in words for whoever typed the command c: a refusal by its title, and what was wrong with which flag.
func failure(c *cobra.Command, err error) string {
	said := err.Error()
	if f := fault.Of(err); f.Problem.Status() < 500 {
		said = refusal(c, f)
	}
	lines := strings.Split(said, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

func refusal(c *cobra.Command, f *fault.Error) string {
	if len(f.Fields) > 0 {
		var said []string
		for _, field := range f.Fields {
			said = append(said, argument(c, field.Pointer)+": "+field.Detail)
		}
		return strings.Join(said, "; ")
	}
	if f.Detail != "" {
		return f.Problem.Title() + ": " + f.Detail
	}
	return f.Problem.Title()
}

// argument is what the command line calls a member of a request: the flag of its name if there is one.
func argument(c *cobra.Command, field string) string {
	name, within, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(field, "query"), "/"), "/")
	name = flagName(name)
	if c.Flags().Lookup(name) != nil {
		name = "--" + name
	}
	if within != "" {
		name += " (" + within + ")"
	}
	return name
}

// flagName is the flag for a member of a JSON object, such as --first-name for first_name.
func flagName(member string) string { return strings.ReplaceAll(member, "_", "-") }

// ifNone is an error in other words, if it says that there is no such thing.
func ifNone(err, instead error) error {
	if fault.Is(err, spec.ProblemNotFound) {
		return instead
	}
	return err
}

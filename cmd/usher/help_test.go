package main

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// everyCommand lists the commands, but those that come out of the contract.
func everyCommand(c *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.Name() != "api" {
			out = append(out, everyCommand(sub)...)
		}
	}
	return out
}

// TestEveryCommandHasOutput but for those that run until they are stopped, or write a file.
func TestEveryCommandHasOutput(t *testing.T) {
	others := []string{"usher serve", "usher work", "usher dev", "usher login", "usher logout", "usher user export"}
	for _, c := range everyCommand(root()) {
		if !c.HasSubCommands() && !slices.Contains(others, c.CommandPath()) {
			require.NotNil(t, c.Flags().Lookup("output"), c.CommandPath())
		}
	}
}

// TestHelp (F10.1): every command says what it does, and takes nothing that it does not know.
func TestHelp(t *testing.T) {
	var all strings.Builder
	for _, c := range everyCommand(root()) {
		path := strings.Fields(c.CommandPath())
		out := command(t, nil, "", append(path[1:], "--help")...).succeeds(t)
		require.NotEmpty(t, c.Short, path)
		if !c.HasSubCommands() {
			require.NotEmpty(t, cmp.Or(c.Long, c.Example), "%s says neither what it does nor how", path)
		}
		require.NotNil(t, c.Args, "%s does not say what it takes", path)
		require.Contains(t, out, "Usage:\n  "+c.CommandPath(), path)
		for line := range strings.Lines(out) {
			require.LessOrEqual(t, len([]rune(line)), 170, "%s: %s", path, line)
		}
		all.WriteString("$ " + c.CommandPath() + " --help\n" + out + "\n")
	}
	golden(t, "help.txt", all.String())
}

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// suggesting has c and all commands in it say what may have been meant by a command or a flag that there is not.
func suggesting(c *cobra.Command) *cobra.Command {
	c.SetFlagErrorFunc(unknownFlag)
	suggestMembers(c)
	return c
}

func suggestMembers(c *cobra.Command) {
	if c.HasSubCommands() {
		c.Args = noMember
	}
	for _, sub := range c.Commands() {
		suggestMembers(sub)
	}
}

// noMember takes no arguments: what stands there should have been a command.
func noMember(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], c.CommandPath(), meant("", args[0], names))
}

func unknownFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return err
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return fmt.Errorf("%w%s", err, meant("--", unknown.GetSpecifiedName(), names))
}

// meant asks whether a word like the typed one was meant; it is empty if there is none.
func meant(prefix, typed string, words []string) string {
	found := near(typed, words)
	for i := range found {
		found[i] = prefix + found[i]
	}
	if len(found) == 0 {
		return ""
	}
	return "; did you mean " + anyOf(found) + "?"
}

// near are the words that somebody may have meant, the likeliest first: those that begin with what was typed, and those that
// differ in a few letters.
func near(typed string, words []string) []string {
	const most = 5
	typed = strings.ToLower(typed)
	far := map[string]int{}
	for _, word := range words {
		if d := distance(typed, word); d <= min((len(word)+1)/3, max(2, len(word)/4)) || typed != "" && strings.HasPrefix(word, typed) {
			far[word] = d
		}
	}
	found := slices.DeleteFunc(slices.Clone(words), func(word string) bool { _, ok := far[word]; return !ok })
	slices.SortStableFunc(found, func(a, b string) int { return far[a] - far[b] })
	return found[:min(len(found), most)]
}

// distance is how many letters have to be put in, left out or replaced to make a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			if row[j+1] = min(above, row[j]) + 1; a[i] == b[j] {
				row[j+1] = before
			} else {
				row[j+1] = min(row[j+1], before+1)
			}
			before = above
		}
	}
	return row[len(b)]
}

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choice is a flag that takes one of a few words.
type choice struct {
	words  []string
	chosen string
}

// addChoice gives a command such a flag. Shells complete its words.
func addChoice(c *cobra.Command, name, chosen, help string, words ...string) *choice {
	flag := &choice{words, chosen}
	c.Flags().Var(flag, name, help)
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // the flag is new
	return flag
}

// String is the word.
func (f *choice) String() string { return f.chosen }

// Type is what help shows as the flag's value.
func (f *choice) Type() string {
	if len(f.words) > 3 {
		return "word"
	}
	return strings.Join(f.words, "|")
}

// Set takes a word, or refuses it.
func (f *choice) Set(word string) error {
	if !slices.Contains(f.words, word) && len(f.words) > 10 && len(near(word, f.words)) > 0 {
		return errors.New("there is none like this" + meant("", word, f.words))
	}
	if !slices.Contains(f.words, word) {
		return fmt.Errorf("want %s", anyOf(f.words))
	}
	f.chosen = word
	return nil
}

// anyOf lists words to choose from.
func anyOf[T ~string](words []T) string {
	var out strings.Builder
	for i, word := range words {
		switch {
		case i > 0 && i == len(words)-1:
			out.WriteString(" or ")
		case i > 0:
			out.WriteString(", ")
		}
		out.WriteString(string(word))
	}
	return out.String()
}

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDidYouMean: a slip of the fingers is answered with what there is.
func TestDidYouMean(t *testing.T) {
	for line, sentence := range map[string]string{
		"user lst":                   `unknown command "lst" for "usher user"; did you mean list?`,
		"usr":                        `unknown command "usr" for "usher"; did you mean user?`,
		"api lst-users":              `unknown command "lst-users" for "usher api"; did you mean list-users?`,
		"user list --rol ADMIN":      "unknown flag: --rol; did you mean --role?",
		"api list-users --rol ADMIN": "unknown flag: --rol; did you mean --role?",
		"user list --colour":         "unknown flag: --colour",
		"user list -x":               "unknown shorthand flag: 'x' in -x",
		"audit --action user.lockd":  `invalid argument "user.lockd" for "--action" flag: there is none like this; did you mean user.locked or user.unlocked?`,
	} {
		command(t, nil, "", strings.Fields(line)...).fails(t, sentence)
	}
}

// TestDistance counts letters put in, left out and replaced.
func TestDistance(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]int{" ": 0, "a ": 1, " ab": 2, "lst list": 1, "kitten sitting": 3, "ab ba": 2, "role role": 0} {
		a, b, _ := strings.Cut(words, " ")
		require.Equal(t, want, distance(a, b), words)
		require.Equal(t, want, distance(b, a), words)
	}
}

// TestEveryActionIsKnown: what the service logs beside facts is offered by --action.
func TestEveryActionIsKnown(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../../server/outbox/record.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			require.Contains(t, actions(), text)
		}
		return true
	})
}

// TestSpans: people think in days and weeks.
func TestSpans(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "1d": 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1w1d12h": 204 * time.Hour, "0.5d": 12 * time.Hour, "-1d": -24 * time.Hour,
	} {
		var s span
		require.NoError(t, s.Set(text), text)
		require.Equal(t, want, time.Duration(s), text)
	}
	for _, text := range []string{"", "day", "1", "1.2.3d", "d", "9999999999w"} {
		require.EqualError(t, new(span).Set(text), "want a time such as 90m, 24h, 7d or 2w", text)
	}
}

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/dbtest"
)

// hostile is text that a terminal, a table or a spreadsheet could take for something else.
var hostile = []string{
	"\x1b[2J\x1b]0;owned\x07", "\u009b31m", "a\tb", "a\nb\r", "\x7f", "\u202etxt.exe", "\u2028", "\U000e0041", "=1+1", "\ttab", "a\xffb",
	"plain", "José 🚢", "'=1", `back\slash "quoted"`,
}

// shown is what a command writes that shows things in a form.
func shown(t *testing.T, form string, show func(c *cobra.Command) error) string {
	t.Helper()
	var out bytes.Buffer
	c := withOutput(&cobra.Command{RunE: func(c *cobra.Command, _ []string) error { return show(c) }}, asCSV)
	c.SetOut(&out)
	c.SetArgs([]string{"--output", form})
	require.NoError(t, c.Execute())
	return out.String()
}

// said is what somebody hostile said.
type said struct {
	Other *string `json:"other"`
	More  string  `json:"more_text"`
	Text  string  `json:"text"`
}

func show(c *cobra.Command) error {
	var things []said
	for _, text := range hostile {
		things = append(things, said{Text: text, More: text})
	}
	return showAll(c, all(things),
		column[said]{"TEXT", func(s said) string { return s.Text }},
		column[said]{"MORE TEXT", func(s said) string { return s.More }})
}

// TestNothingReachesTheTerminalRaw: whatever people call themselves, a line stays a line and sends no commands.
func TestNothingReachesTheTerminalRaw(t *testing.T) {
	t.Parallel()
	for _, form := range []string{asText, asJSON, asCSV} {
		for _, out := range []string{
			shown(t, form, show),
			shown(t, form, func(c *cobra.Command) error { return showOne(c, map[string]any{hostile[0]: hostile}) }),
			shown(t, form, func(c *cobra.Command) error { return say(c, hostile, "%s\n", strings.Join(hostile, "")) }),
		} {
			for _, r := range strings.ReplaceAll(out, "\n", "") {
				require.True(t, unicode.IsGraphic(r), "%q in %s", r, out)
			}
		}
	}
	require.Equal(t, 1+len(hostile), strings.Count(shown(t, asText, show), "\n"))
}

// TestJSONStaysWhatItIs: a thing a line, of the same value.
func TestJSONStaysWhatItIs(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSuffix(shown(t, asJSON, show), "\n"), "\n")
	require.Len(t, lines, len(hostile))
	for i, line := range lines {
		var got said
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		require.Equal(t, strings.ToValidUTF8(hostile[i], "\ufffd"), got.Text)
	}
}

func TestCSVHoldsNoFormulas(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(strings.NewReader(shown(t, asCSV, show))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"text", "more_text", "other"}, rows[0], "as in JSON, the columns of the table first")
	require.Len(t, rows, 1+len(hostile))
	for _, row := range rows[1:] {
		require.NotContains(t, "=+-@\t\r", row[0][:1], row[0])
		require.Empty(t, row[2], "there is none")
	}
}

func TestOutputIsOneOfAFew(t *testing.T) {
	command(t, nil, "", "version", "--output", "yaml").fails(t, `invalid argument "yaml" for "--output" flag: want table or json`)
	require.JSONEq(t, `{"version":"`+version()+`"}`, command(t, nil, "", "version", "--output", "json").succeeds(t))
}

// TestEverythingSpeaksJSON (F10.1): each command that shows something shows objects, with what the table has.
func TestEverythingSpeaksJSON(t *testing.T) {
	env := onDatabaseAt(dbtest.URL(t))
	lines := func(args ...string) (objects []map[string]any) {
		t.Helper()
		at := slices.Index(append(args, "--"), "--")
		out := command(t, env, "", slices.Insert(args, at, "--output", "json")...).succeeds(t)
		for line := range strings.Lines(out) {
			objects = append(objects, decode[map[string]any](t, line))
		}
		return objects
	}
	keyed := func(o map[string]any) []string { return slices.Sorted(maps.Keys(o)) }

	shownKey := []string{"active_at", "algorithm", "created_at", "expires_at", "id"}
	require.Equal(t, shownKey, keyed(lines("key", "rotate")[0]))
	keys := lines("key", "list")
	require.Equal(t, append(shownKey, "state"), keyed(keys[0]))
	revoked := lines("key", "revoke", "--", keys[0]["id"].(string))[0]
	require.Equal(t, keys[0]["id"], revoked["revoked"])
	require.Equal(t, shownKey, keyed(revoked["successor"].(map[string]any)))

	made := lines("client", "create", "--name", "the blog")[0]
	require.Equal(t, []string{"id", "name", "secret"}, keyed(made))
	require.Equal(t, []string{"created_at", "id", "name"}, keyed(lines("client", "list")[0]))
	require.Equal(t, map[string]any{"id": made["id"]}, lines("client", "delete", made["id"].(string))[0])

	all := lines("config")
	require.Equal(t, []string{"default", "meaning", "name"}, keyed(all[0]))
	force := lines("config", "check")
	require.Len(t, force, 1)
	require.Len(t, force[0], len(all))
	require.Equal(t, "****", force[0]["USHER_SECRET"])

	require.Equal(t, []string{"applied_at", "name", "number"}, keyed(lines("migrate", "status")[0]))
	require.Equal(t, lines("migrate", "status"), lines("migrate", "up"))
	require.Contains(t, lines("audit")[0], "action")
	require.Equal(t, []string{"reset"}, keyed(lines("migrate", "reset", "--yes")[0]))
}

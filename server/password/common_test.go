package password

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var leaked = flag.String("leaked", "", "rewrite common.txt from testdata/phrases.txt and this JSON array of passwords")

// TestCommonList holds common.txt to what hasLine and ASVS 6.2.4 want of it. To write it anew, in an empty folder:
//
//	npm pack @zxcvbn-ts/language-common@4.1.3
//	tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//	go test github.com/usherhq/usher/server/password -run CommonList -leaked "$PWD/package/src/passwords.json"
func TestCommonList(t *testing.T) {
	if *leaked != "" {
		text := strings.Join(blocklist(t, *leaked), "\n") + "\n"
		require.NoError(t, os.WriteFile("common.txt", []byte(text), 0o644))
		common = text
	}
	lines := strings.Split(strings.TrimSuffix(common, "\n"), "\n")
	long := 0
	for i, line := range lines {
		require.NotEmpty(t, line)
		require.Equal(t, fold(line), line, "not folded")
		require.True(t, hasLine(common, line), line)
		require.False(t, hasLine(common, line+"\x00"), line)
		require.True(t, i == 0 || lines[i-1] < line, "not in order, or twice: %s", line)
		if utf8.RuneCountInString(line) >= MinLengthWithFactor {
			long++
		}
	}
	require.Greater(t, long, 3000)
}

// blocklist returns the phrases, and of the list what Check can meet: passwords of 8 characters or more, and what is left
// of one when isCommon has taken the digits off its end. What such a rest covers is left out.
func blocklist(t *testing.T, file string) []string {
	t.Helper()
	phrases, err := os.ReadFile("testdata/phrases.txt")
	require.NoError(t, err)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var passwords []string
	require.NoError(t, json.Unmarshal(data, &passwords))

	set := map[string]bool{}
	for line := range strings.Lines(string(phrases)) {
		set[fold(line)] = true
	}
	for _, p := range passwords {
		s := fold(p)
		long := utf8.RuneCountInString(p) >= MinLengthWithFactor
		if len(s) >= 4 && (long || s == stem(s)) {
			set[s] = true
		}
	}
	maps.DeleteFunc(set, func(s string, _ bool) bool { return s != stem(s) && set[stem(s)] })
	return slices.Sorted(maps.Keys(set))
}

func TestCommon(t *testing.T) {
	for _, p := range []string{
		"password", "12345678", "123456789", "1234567890", "baseball", "football", "superman", "sunshine", "iloveyou", "trustno1",
		"jennifer", "11111111", "1q2w3e4r", "qwertyuiop", "starwars", "whatever", "password1", "princess", "Passw0rd", "liverpool",
		"P@ssw0rd", "Pass-Word", "iloveyou2", "monkey99", "Dragon2024!", "summer2026", "22021988", "pass1234", "letmein!",
	} {
		require.Contains(t, Check(p, MinLengthWithFactor), Common, p)
	}
}

func TestHasLine(t *testing.T) {
	tests := map[string]struct {
		text, want string
		has        bool
	}{
		"no list":       {"", "a", false},
		"one line":      {"b\n", "b", true},
		"no last break": {"a\nb", "b", true},
		"before all":    {"b\nc\n", "a", false},
		"after all":     {"b\nc\n", "d", false},
		"between":       {"b\nd\n", "c", false},
		"a part":        {"abc\nabd\n", "ab", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.has, hasLine(test.text, test.want)) })
	}
}

package password

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		password string
		want     []Weakness
	}{
		"a passphrase":            {"purple monkey dishwasher", nil},
		"fifteen characters":      {"kettle ox drum.", nil},
		"no composition rules":    {"thecatsatonthemat", nil},
		"Japanese":                {"日本語のとても長い合言葉です、はい", nil},
		"one mistake repeated":    {"mississippi river", nil},
		"128 characters":          {strings.Repeat("purple monkey dishwasher ", 6)[:128], nil},
		"nothing":                 {"", []Weakness{TooShort}},
		"14 characters":           {"kettle ox drum", []Weakness{TooShort}},
		"14 after normalising":    {"kettle ox cafe\u0301", []Weakness{TooShort}},
		"14 of many bytes":        {"日本語のとても長い合言葉です", []Weakness{TooShort}},
		"129 characters":          {strings.Repeat("purple monkey dishwasher ", 6)[:129], []Weakness{TooLong}},
		"names":                   {"Anna Smith 1987", []Weakness{OwnData}},
		"e-mail address":          {"ANNA.SMITH@example.com", []Weakness{OwnData}},
		"e-mail domain":           {"example2024example!", []Weakness{OwnData}},
		"local part, no dot":      {"annasmithannasmith1", []Weakness{OwnData}},
		"nickname":                {"xX_W\u00f6lfin_Xx 2024", []Weakness{OwnData}},
		"product":                 {"usher-Usher-2024", []Weakness{OwnData}},
		"own data and more":       {"Anna likes purple monkeys", nil},
		"two letters of a name":   {"lilac lime lintel lip", nil},
		"one character":           {"aaaaaaaaaaaaaaa", []Weakness{Repetitive}},
		"one sign":                {"---------------", []Weakness{Repetitive}},
		"two characters":          {"121212112121221", []Weakness{Repetitive}},
		"a unit repeated":         {"abcxyzabcxyzabc", []Weakness{Repetitive}},
		"digits":                  {"123456789012345", []Weakness{Repetitive}},
		"digits backwards":        {"98765432109876543", []Weakness{Repetitive}},
		"letters":                 {"abcdefghijklmno", []Weakness{Repetitive}},
		"letters of another case": {"AbCdEfGhIjKlMnO", []Weakness{Repetitive}},
		"Greek letters":           {"\u03b1\u03b2\u03b3\u03b4\u03b5\u03b6\u03b7\u03b8\u03b9\u03ba\u03bb\u03bc\u03bd\u03be\u03bf", []Weakness{Repetitive}},
		"rows":                    {"qwertyuiopasdfgh", []Weakness{Repetitive}},
		"rows of a French layout": {"azertyuiopqsdfgh", []Weakness{Repetitive}},
		"columns":                 {"qazwsxedcrfvtgb", []Weakness{Repetitive}},
		"two rows in turn":        {"1q2w3e4r5t6y7u8i", []Weakness{Repetitive}},
		"doubled":                 {"aabbccddeeffggh", []Weakness{Repetitive}},
		"tripled with spaces":     {"111 222 333 444 555", []Weakness{Repetitive}},
		"famous":                  {"correct horse battery staple", []Weakness{Common}},
		"famous in other clothes": {"Correct-Horse-Battery-STAPLE9!", []Weakness{Common}},
		"full-width":              {"\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234567", []Weakness{Common}},
		"common and repetitive":   {"passpasspasspass", []Weakness{Common, Repetitive}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			own := []string{"anna.smith@example.com", "xx_w\u00f6lfin_xx", "Anna", "Smith", "Li", ""}
			require.Equal(t, test.want, Check(test.password, own...))
		})
	}
}

func TestEveryWeaknessHasAdvice(t *testing.T) {
	for _, w := range []Weakness{TooShort, TooLong, OwnData, Common, Repetitive} {
		require.True(t, strings.HasSuffix(w.Advice(), "."), w)
	}
	require.Empty(t, Weakness("strange").Advice())
}

func TestCommonListIsInOrder(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(common, "\n"), "\n")
	require.True(t, slices.IsSorted(lines))
	for i, line := range lines {
		require.NotEmpty(t, line)
		require.Equal(t, fold(line), line, "not folded")
		require.True(t, hasLine(common, line), line)
		require.False(t, hasLine(common, line+"\x00"), line)
		require.True(t, i == 0 || lines[i-1] != line, "twice: %s", line)
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

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := Generate()
		require.Regexp(t, `^([a-z2-7]{5}-){3}[a-z2-7]{5}$`, p)
		require.Empty(t, Check(p))
		require.False(t, seen[p])
		seen[p] = true
	}
}

func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		Check("purple monkey dishwasher", "anna.smith@example.com", "Anna", "Smith", "annie")
	}
}

package password

import (
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
		"columns":                 {"qazwsxedcrfvtgb", []Weakness{Common, Repetitive}},
		"two rows in turn":        {"1q2w3e4r5t6y7u8i", []Weakness{Repetitive}},
		"doubled":                 {"aabbccddeeffggh", []Weakness{Repetitive}},
		"tripled with spaces":     {"111 222 333 444 555", []Weakness{Common, Repetitive}},
		"famous":                  {"correct horse battery staple", []Weakness{Common}},
		"famous in other clothes": {"Correct-Horse-Battery-STAPLE9!", []Weakness{Common}},
		"full-width":              {"\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234567", []Weakness{Common}},
		"common and repetitive":   {"passpasspasspass", []Weakness{Common, Repetitive}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			own := []string{"anna.smith@example.com", "xx_w\u00f6lfin_xx", "Anna", "Smith", "Li", ""}
			require.Equal(t, test.want, Check(test.password, MinLength, own...))
		})
	}
}

func TestCheckWithFactor(t *testing.T) {
	tests := map[string]struct {
		password string
		want     []Weakness
	}{
		"eight characters":        {"kettleox", nil},
		"eight of a generator":    {"x7Rt!2qp", nil},
		"three short words":       {"tim tom tam", nil},
		"seven characters":        {"kettleo", []Weakness{TooShort}},
		"seven of many bytes":     {"長い合言葉です", []Weakness{TooShort}},
		"a name and four":         {"Anna7KqX", []Weakness{OwnData}},
		"a name and five":         {"Anna7KqX!", nil},
		"a name within a word":    {"vannakite", nil},
		"address":                 {"anna.smith", []Weakness{OwnData}},
		"product":                 {"usher123", []Weakness{OwnData}},
		"row and digits":          {"wert5678", []Weakness{Repetitive}},
		"two rows":                {"sdfgcvbn", []Weakness{Repetitive}},
		"row and back":            {"zuiopoiu", []Weakness{Repetitive}},
		"letters and digits":      {"efgh2345", []Weakness{Repetitive}},
		"digits round the corner": {"78901234", []Weakness{Repetitive}},
		"a unit repeated":         {"k7xqk7xq", []Weakness{Repetitive}},
		"pairs":                   {"ffggkkzz", []Weakness{Repetitive}},
		"few letters":             {"xyxyyxkx", []Weakness{Repetitive}},
		"signs in a row":          {"#$%^&*()", []Weakness{Repetitive}},
		"next to nothing folded":  {"a - b - c", []Weakness{Repetitive}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, Check(test.password, MinLengthWithFactor, "anna.smith@example.com", "Anna", "Smith"))
		})
	}
}

func TestEveryWeaknessHasAdvice(t *testing.T) {
	for _, w := range []Weakness{TooShort, TooLong, OwnData, Common, Repetitive} {
		require.True(t, strings.HasSuffix(w.Advice(MinLength), "."), w)
	}
	require.Empty(t, Weakness("strange").Advice(MinLength))
	require.Contains(t, TooShort.Advice(MinLength), " 15 ")
	require.Contains(t, TooShort.Advice(MinLengthWithFactor), " 8 ")
}

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := Generate()
		require.Regexp(t, `^([a-z2-7]{5}-){3}[a-z2-7]{5}$`, p)
		require.Empty(t, Check(p, MinLength))
		require.False(t, seen[p])
		seen[p] = true
	}
}

func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		Check("purple monkey dishwasher", MinLength, "anna.smith@example.com", "Anna", "Smith", "annie")
	}
}

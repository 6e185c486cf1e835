package password

import (
	"slices"
	"strings"
)

// walks are the ways fingers run over a keyboard: rows of the common Latin
// layouts, and columns. The row of digits goes round, as counting does.
const walks = "12345678901 qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn " +
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p qazwsxedcrfvtgbyhnujmikolp 1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 " +
	"!#$%^&*()"

// isRepetitive tells whether a folded password holds fewer than least characters
// that do not follow from those before them, or few different ones.
func isRepetitive(s []rune, least int) bool {
	distinct := slices.Compact(slices.Sorted(slices.Values(s)))
	return len(distinct) < 5 || hasPeriod(s, least) || surprises(slices.Compact(slices.Clone(s))) < least
}

// hasPeriod tells whether s is one unit of fewer than least characters, repeated.
func hasPeriod(s []rune, least int) bool {
	for period := 1; period < least && period < len(s); period++ {
		if slices.Equal(s[period:], s[:len(s)-period]) {
			return true
		}
	}
	return false
}

// surprises counts the characters that do not continue a run of at least two
// others: up or down the code points, or along a walk in either direction.
func surprises(s []rune) int {
	n := min(len(s), 2)
	for i := 2; i < len(s); i++ {
		a, b, c := s[i-2], s[i-1], s[i]
		counting := b-a == c-b && (b-a == 1 || b-a == -1)
		walking := strings.Contains(walks, string([]rune{a, b, c})) || strings.Contains(walks, string([]rune{c, b, a}))
		if !counting && !walking {
			n++
		}
	}
	return n
}

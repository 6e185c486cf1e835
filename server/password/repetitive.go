package password

import (
	"slices"
	"strings"
)

// walks are the ways fingers run over a keyboard: rows of the common Latin
// layouts, and columns. The row of digits goes round, as counting does.
const walks = "12345678901 qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn " +
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p qazwsxedcrfvtgbyhnujmikolp 1q2w3e4r5t6y7u8i9o0p !#$%^&*()"

// isRepetitive tells whether a folded password holds few characters that do not
// follow from those before them, for want of another.
func isRepetitive(s []rune) bool {
	distinct := slices.Compact(slices.Sorted(slices.Values(s)))
	return len(distinct) < 5 || hasPeriod(s) || surprises(slices.Compact(slices.Clone(s))) < minRest
}

// hasPeriod tells whether s is one short unit, repeated.
func hasPeriod(s []rune) bool {
	for period := 1; period < minRest && period < len(s); period++ {
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

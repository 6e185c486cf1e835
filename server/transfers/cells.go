package transfers

import (
	"strings"
	"unicode/utf8"
)

// formula are the characters that spreadsheets take the beginning of a formula by. Some take the full-width forms for the
// others, and some look past a tab or a line break.
const formula = "=+-@\t\r\n＝＋－＠"

// Escape keeps spreadsheets from running what somebody wrote into their profile: it puts an apostrophe in front of what
// begins like a formula. What begins like one after apostrophes gets one more, so that unescape knows which to take off.
func Escape(cell string) string {
	if dangerous(cell) {
		return "'" + cell
	}
	return cell
}

// unescape is the cell that Escape made this of.
func unescape(cell string) string {
	if inside, ok := strings.CutPrefix(cell, "'"); ok && dangerous(inside) {
		return inside
	}
	return cell
}

func dangerous(cell string) bool {
	if cell == "" || cell[0] > '@' && cell[0] < utf8.RuneSelf { // most begin with a letter
		return false
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'"))
	return strings.ContainsRune(formula, first)
}

package password

import (
	_ "embed" // for the list
	"strings"
	"unicode"
)

// common is the blocklist: one folded password per line, in byte order, so that
// it is searched where it lies, whatever its size. It is written by
// TestCommonList, out of phrases of our own and the passwords that zxcvbn-ts has
// counted in leaks (common.txt.license).
//
//go:embed common.txt
var common string

// isCommon tells whether a folded password is on the blocklist, as it is or
// with digits and signs added to its end.
func isCommon(s string) bool {
	return hasLine(common, s) || hasLine(common, stem(s))
}

// stem returns s without what stands behind its last letter.
func stem(s string) string {
	return strings.TrimRightFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

// hasLine tells whether one line of the sorted text is want. It bisects the
// text, moving back to the start of the line it falls into.
func hasLine(text, want string) bool {
	for text != "" {
		start := strings.LastIndexByte(text[:len(text)/2], '\n') + 1
		line, after, _ := strings.Cut(text[start:], "\n")
		switch strings.Compare(want, line) {
		case 0:
			return true
		case -1:
			text = text[:start]
		default:
			text = after
		}
	}
	return false
}

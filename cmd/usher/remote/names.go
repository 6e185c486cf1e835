package remote

import (
	"strings"
	"unicode"
)

// kebab writes names of the contract as commands and flags: listUsers, user_id and If-Match become list-users, user-id
// and if-match.
func kebab(name string) string {
	var out strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		after := i > 0 && (unicode.IsLower(letters[i-1]) || unicode.IsDigit(letters[i-1]))
		if unicode.IsUpper(r) && after {
			out.WriteByte('-')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return strings.ReplaceAll(out.String(), "_", "-")
}

// plain is Markdown of the contract for a terminal.
func plain(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "`", "")) }

// wrapped breaks a text into lines of a fixed width: help must not depend on the terminal.
func wrapped(text string, columns int) string {
	var out []string
	for paragraph := range strings.SplitSeq(plain(text), "\n\n") {
		lines, used := []string{""}, 0
		for word := range strings.FieldsSeq(paragraph) {
			if last := len(lines) - 1; used+len(word) < columns || used == 0 {
				lines[last] = strings.TrimSpace(lines[last] + " " + word)
			} else {
				lines = append(lines, word)
			}
			used = len(lines[len(lines)-1])
		}
		out = append(out, strings.Join(lines, "\n"))
	}
	return strings.Join(out, "\n\n")
}

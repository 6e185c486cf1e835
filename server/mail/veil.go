package mail

import (
	"encoding/hex"
	"html"
	"regexp"
)

// Values never meet Markdown. A template prints each one veiled, as a word of letters and digits in which
// Markdown sees nothing; the value takes its place when the HTML or text is done. Escaping
// would have to know every corner of Markdown; this has to know none.

// veil is what every template prints instead of a value.
func veil(value string) string {
	return "vq" + hex.EncodeToString([]byte(value)) + "qv"
}

var veiled = regexp.MustCompile(`vq((?:[0-9a-f]{2})*)qv`)

// unveil puts the values back, each written by show.
func unveil(s string, show func(value string) string) string {
	return veiled.ReplaceAllStringFunc(s, func(word string) string {
		value, err := hex.DecodeString(word[2 : len(word)-2])
		if err != nil {
			return ""
		}
		return show(string(value))
	})
}

// verbatim shows a value in a text.
func verbatim(value string) string { return value }

// escaped shows a value in HTML, between tags or in a quoted attribute.
func escaped(value string) string { return html.EscapeString(value) }

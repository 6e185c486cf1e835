package remote

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// dangerous are characters that a terminal obeys, or that turn the direction of what follows.
func dangerous(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// clean is a text of the service as it may be shown: it cannot move the cursor, colour, or hide anything.
func clean(text string) string {
	if !strings.ContainsFunc(text, dangerous) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		switch {
		case dangerous(r):
			quoted := strconv.QuoteRuneToASCII(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// cleanLines is clean that leaves line breaks and tabs.
func cleanLines(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r == '\n' || r == '\t' {
			out.WriteRune(r)
		} else {
			out.WriteString(clean(string(r)))
		}
	}
	return out.String()
}

// cleanJSON writes dangerous characters of a JSON text as escapes: it says the same.
func cleanJSON(text []byte) []byte {
	if !bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7e && dangerous(r) }) {
		return text
	}
	var out bytes.Buffer
	for _, r := range string(text) {
		if r > 0x7e && dangerous(r) { // those below are escaped in JSON anyway
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}

// formula takes the meaning from what a spreadsheet would take for a formula.
func formula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// compact is a value that has no other form as one line of JSON.
func compact(v any) string {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	if to.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

package password

import (
	"strconv"
	"strings"
)

// scanner reads a stored hash from left to right. It goes on after a mistake,
// with zero values, and tells in the end.
type scanner struct {
	rest   string
	failed bool
}

// text returns what stands before the next occurrence of end, or everything
// that is left if end is empty.
func (s *scanner) text(end string) string {
	if end == "" {
		text := s.rest
		s.rest = ""
		return text
	}
	text, rest, found := strings.Cut(s.rest, end)
	s.rest, s.failed = rest, s.failed || !found
	return text
}

// number reads a decimal number of 1 to most after name and before end, spelt as
// programs do: no sign, no leading zero.
func (s *scanner) number(name string, most int, end string) int {
	digits, named := strings.CutPrefix(s.text(end), name)
	n, err := strconv.Atoi(digits)
	if !named || err != nil || n < 1 || n > most || strconv.Itoa(n) != digits {
		s.failed = true
		return 0
	}
	return n
}

// octets decodes the text before end, which must hold least to most octets.
func (s *scanner) octets(decode func(string) ([]byte, error), least, most int, end string) []byte {
	b, err := decode(s.text(end))
	if err != nil || len(b) < least || len(b) > most {
		s.failed = true
		return nil
	}
	return b
}

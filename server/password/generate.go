package password

import (
	"crypto/rand"
	"strings"
)

// Generate returns a random password that passes Check for anybody and can be read aloud
// and typed: four groups of five, of lower-case letters and the digits 2 to 7,
// which hold 100 bits.
func Generate() string {
	for {
		s := strings.ToLower(rand.Text())
		s = strings.Join([]string{s[:5], s[5:10], s[10:15], s[15:20]}, "-")
		if len(Check(s, MinLength)) == 0 {
			return s
		}
	}
}

package password

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Lengths of a password in characters (code points in form NFC).
const (
	MinLength           = 15 // of an account that nothing else protects
	MinLengthWithFactor = 8  // of an account with a second factor
	MaxLength           = 128
)

// minRest is how many characters have to be left of a password once those that
// anybody can guess are taken away: more than half of the least it may have.
func minRest(least int) int { return least/2 + 1 }

// product is a word no password can be made of.
const product = "usher"

// Weakness is a reason to refuse a password. Its value is a code for machines.
type Weakness string

// The weaknesses Check looks for.
const (
	TooShort   Weakness = "too-short"
	TooLong    Weakness = "too-long"
	OwnData    Weakness = "own-data"
	Common     Weakness = "common"
	Repetitive Weakness = "repetitive"
)

// Advice is an English sentence that tells what to do about the weakness that
// Check found when it was given least.
func (w Weakness) Advice(least int) string {
	switch w {
	case TooShort:
		return fmt.Sprintf("Use at least %d characters; a few unrelated words make a good password.", least)
	case TooLong:
		return fmt.Sprintf("Use at most %d characters.", MaxLength)
	case OwnData:
		return "Add words that have nothing to do with your name, your e-mail address or this service."
	case Common:
		return "Choose another password: this one is among those that are guessed first."
	case Repetitive:
		return "Use fewer repetitions, number sequences and rows of the keyboard."
	}
	return ""
}

// Check returns what makes password too weak for a user, or nothing. It must have
// least characters, MinLength or MinLengthWithFactor. Own is what anybody could
// know about that user: e-mail address, nickname, names. There are no composition
// rules. A password of the wrong length is judged no further.
func Check(password string, least int, own ...string) []Weakness {
	switch n := utf8.RuneCountInString(normalise(password)); {
	case n < least:
		return []Weakness{TooShort}
	case n > MaxLength:
		return []Weakness{TooLong}
	}
	var found []Weakness
	letters, rest := fold(password), minRest(least)
	if madeOf(letters, rest, append([]string{product}, own...)) {
		found = append(found, OwnData)
	}
	if isCommon(letters) {
		found = append(found, Common)
	}
	if isRepetitive([]rune(letters), rest) {
		found = append(found, Repetitive)
	}
	return found
}

// IsShort tells whether a password is good only beside a second factor.
func IsShort(password string) bool { return utf8.RuneCountInString(normalise(password)) < MinLength }

// fold returns what is left of s when spelling does not count: no letter case,
// no compatibility forms, none of the characters that join words.
func fold(s string) string {
	s = cases.Fold().String(norm.NFKC.String(s))
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-_.,'@+", r) {
			return -1
		}
		return r
	}, s)
}

// madeOf tells whether the folded password s contains own data and fewer than
// least other characters. Words shorter than three characters are not looked for.
func madeOf(s string, least int, own []string) bool {
	var words []string
	for _, text := range own {
		words = append(words, fold(text))
		for _, word := range strings.FieldsFunc(text, isBreak) {
			words = append(words, fold(word))
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	rest := s
	for _, word := range words {
		if utf8.RuneCountInString(word) >= 3 {
			rest = strings.ReplaceAll(rest, word, " ") // a gap, lest the ends form a new word
		}
	}
	left := utf8.RuneCountInString(strings.ReplaceAll(rest, " ", ""))
	return rest != s && left < least
}

func isBreak(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

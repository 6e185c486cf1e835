package mail

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// fallback is the language that has every kind.
const fallback = "en"

// speak finds the languages, and refuses templates that no kind asks for: a slip in a file's name would
// otherwise leave the built-in text in place.
func (c *Composer) speak(files map[string]string) error {
	c.languages = []string{fallback}
	for name := range files {
		lang, file := path.Split(name)
		if lang = path.Clean(lang); lang == "." {
			continue
		}
		if kind := strings.TrimSuffix(file, ".md"); !slices.Contains(append(Kinds(), "_header", "_footer"), kind) {
			return fmt.Errorf("%s: there is no kind of mail named %q", name, kind)
		}
		if !slices.Contains(c.languages, lang) {
			c.languages = append(c.languages, lang)
		}
	}
	slices.Sort(c.languages[1:])
	var tags []language.Tag
	for _, lang := range c.languages {
		tag, err := language.Parse(lang)
		if err != nil {
			return fmt.Errorf("the folder %q is not named after a language: %w", lang, err)
		}
		tags = append(tags, tag)
	}
	c.matcher = language.NewMatcher(tags)
	return nil
}

// choose returns the language in which a person with this locale gets this kind.
func (c *Composer) choose(locale, kind string) string {
	_, i := language.MatchStrings(c.matcher, locale)
	if _, there := c.pages[c.languages[i]][kind]; there {
		return c.languages[i]
	}
	return fallback
}

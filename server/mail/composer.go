package mail

import (
	"errors"
	"fmt"
	"html/template"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"golang.org/x/text/language"
)

// Settings say who writes.
type Settings struct {
	// From is the address of the service, "no-reply@example.org" or "Example <no-reply@example.org>".
	// Without a name it gets the name of the product.
	From        string
	ProductName string
	// BaseURL is where the service is reached from outside; all links lead there.
	BaseURL string
	// TemplatesDir, if set, holds templates that replace the built-in ones, file by file: en/verification.md,
	// layout.html. A new language is a new folder.
	TemplatesDir string
	// Duration puts a time to live into words of a language. Without it they are English.
	Duration func(language string, d time.Duration) string
}

// Composer writes messages. It is safe for concurrent use.
type Composer struct {
	from      Address
	product   string
	base      *url.URL
	duration  func(language string, d time.Duration) string
	markdown  goldmark.Markdown
	layout    *template.Template
	languages []string // the fallback first
	matcher   language.Matcher
	pages     map[string]map[string]page // by language and kind
}

// NewComposer reads all templates and writes a sample of every kind in every language. So a kind without a
// template, a template without a kind, an unknown variable or markup that a mail may not have is an error now.
func NewComposer(s Settings) (*Composer, error) {
	c := &Composer{product: clean(s.ProductName), duration: s.Duration, markdown: goldmark.New()}
	if c.product == "" {
		return nil, errors.New("mail: the name of the product is empty")
	}
	if c.duration == nil {
		c.duration = english
	}
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender's address: %w", err)
	}
	if c.from.Address, err = canonical(from.Address); err != nil {
		return nil, fmt.Errorf("mail: the sender's address: %w", err)
	}
	if c.from.Name = clean(from.Name); c.from.Name == "" {
		c.from.Name = c.product
	}
	c.base, err = url.Parse(strings.TrimSuffix(s.BaseURL, "/"))
	if err != nil || c.base.Host == "" || c.base.Scheme != "http" && c.base.Scheme != "https" {
		return nil, fmt.Errorf("mail: the base URL %q is not an http(s) address", s.BaseURL)
	}
	samples := Samples(c.base.String())
	if err := c.load(s.TemplatesDir, samples); err != nil {
		return nil, fmt.Errorf("mail: templates: %w", err)
	}
	if err := c.prove(samples); err != nil {
		return nil, fmt.Errorf("mail: templates: %w", err)
	}
	return c, nil
}

// prove writes every sample in every language that has its kind: as it is, and with empty words, to
// see the other side of each condition.
func (c *Composer) prove(samples []Data) error {
	reader := Address{Name: "Ada Lovelace", Address: "ada@example.org"}
	for _, lang := range c.languages {
		for _, sample := range samples {
			if _, there := c.pages[lang][sample.Kind()]; !there {
				continue
			}
			for _, data := range []Data{sample, wordless(sample)} {
				if _, err := c.compose(reader, lang, data); err != nil {
					return fmt.Errorf("%s/%s.md: %w", lang, sample.Kind(), err)
				}
			}
		}
	}
	return nil
}

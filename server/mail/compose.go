package mail

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Compose writes what data tells to one person, in the language closest to locale that has this kind,
// else in English. Every error is permanent: the same data will never make a letter.
func (c *Composer) Compose(to Address, locale string, data Data) (Message, error) {
	if data == nil {
		return Message{}, permanentError{errors.New("mail: nothing to write about")}
	}
	m, err := c.compose(to, c.choose(locale, data.Kind()), data)
	if err != nil {
		return Message{}, permanentError{fmt.Errorf("mail: %s: %w", data.Kind(), err)}
	}
	return m, nil
}

func (c *Composer) compose(to Address, lang string, data Data) (Message, error) {
	email, err := canonical(to.Address)
	if err != nil {
		return Message{}, fmt.Errorf("the recipient: %w", err)
	}
	page, known := c.pages[lang][data.Kind()]
	if !known || page.data != reflect.TypeOf(data) {
		return Message{}, fmt.Errorf("there is no kind of mail with the data %T", data)
	}
	vars, err := c.variables(data, lang)
	if err != nil {
		return Message{}, err
	}
	m := Message{
		ID:       uuid.NewString() + c.from.Address[strings.LastIndexByte(c.from.Address, '@'):],
		Date:     time.Now().UTC().Truncate(time.Second),
		From:     c.from,
		To:       Address{Name: words(to.Name), Address: email},
		Language: lang,
	}
	err = c.write(&m, page, vars)
	return m, err
}

// write fills in subject, text and HTML.
func (c *Composer) write(m *Message, page page, vars map[string]string) error {
	subject, err := execute(vars, page.subject)
	if err != nil {
		return err
	}
	if m.Subject = clean(unveil(subject, verbatim)); m.Subject == "" {
		return errors.New("the subject is empty")
	}
	text, body, err := c.render(vars, page.header, page.body)
	if err != nil {
		return err
	}
	footText, footer, err := c.render(vars, page.footer)
	if err != nil {
		return err
	}
	m.Text = text + "\n\n-- \n" + footText + "\n" // "-- " and a line break: the mark of a signature (RFC 3676)
	var frame bytes.Buffer
	//nolint:gosec // goldmark rendered both with raw HTML off, and values are escaped as they are put in
	err = c.layout.Execute(&frame, layout{m.Language, m.Subject, c.product, template.HTML(body), template.HTML(footer)})
	m.HTML = frame.String()
	return err
}

// layout is what layout.html shows.
type layout struct {
	Language, Subject, ProductName string
	Body, Footer                   template.HTML
}

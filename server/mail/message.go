package mail

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Message is a letter that is ready to go. [Composer.Compose] makes them.
type Message struct {
	// ID is the Message-ID (RFC 5322) without its brackets.
	ID       string
	Date     time.Time
	From, To Address
	// Language is the BCP 47 tag of the language it is written in.
	Language string
	Subject  string
	Text     string
	HTML     string
}

// WriteTo writes the message as it travels: RFC 5322, with a text and an HTML part.
// Nothing in the fields of m can add a header.
func (m Message) WriteTo(w io.Writer) (int64, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if !valid(m.From) || !valid(m.To) {
		return 0, errors.New("the sender or the recipient is not an address")
	}
	err1 := msg.SetAddrHeader(gomail.HeaderFrom, m.From.String())
	err2 := msg.SetAddrHeader(gomail.HeaderTo, m.To.String())
	if err1 != nil || err2 != nil {
		return 0, errors.New("the sender or the recipient cannot be written")
	}
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date)
	msg.Subject(m.Subject)
	msg.SetGenHeader("Content-Language", m.Language)
	// RFC 3834, and what Exchange understands instead: no out-of-office answers, please.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg.WriteTo(w)
}

// Links lists the web addresses in the text part, in their order.
func (m Message) Links() []string {
	links := regexp.MustCompile(`https?://[^\s<>"]+`).FindAllString(m.Text, -1)
	for i, link := range links {
		links[i] = strings.TrimRight(link, ".,;:!?)")
	}
	return links
}

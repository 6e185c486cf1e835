package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
)

// Parse reads a message as [Message.WriteTo] wrote it, or as another program wrote
// one of the same make: a text or HTML body, or both as multipart/alternative.
func Parse(r io.Reader) (Message, error) {
	raw, err := netmail.ReadMessage(r)
	if err != nil {
		return Message{}, fmt.Errorf("mail: read a message: %w", err)
	}
	m := Message{
		ID:       strings.Trim(raw.Header.Get("Message-ID"), "<>"),
		Language: raw.Header.Get("Content-Language"),
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(raw.Header.Get("Subject")); err != nil {
		return Message{}, fmt.Errorf("mail: read a subject: %w", err)
	}
	if m.Date, err = raw.Header.Date(); err != nil {
		return Message{}, fmt.Errorf("mail: read a date: %w", err)
	}
	m.Date = m.Date.UTC()
	from, err1 := netmail.ParseAddress(raw.Header.Get("From"))
	to, err2 := netmail.ParseAddress(raw.Header.Get("To"))
	if err := errors.Join(err1, err2); err != nil {
		return Message{}, fmt.Errorf("mail: read the addresses: %w", err)
	}
	m.From, m.To = *from, *to
	err = m.read(raw.Header.Get("Content-Type"), raw.Header.Get("Content-Transfer-Encoding"), raw.Body)
	return m, err
}

// read fills in Text or HTML, by the content type of body, or both.
func (m *Message) read(contentType, encoding string, body io.Reader) error {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("mail: read a content type: %w", err)
	}
	if strings.HasPrefix(media, "multipart/") {
		return m.readParts(multipart.NewReader(body, params["boundary"]))
	}
	content, err := io.ReadAll(decode(encoding, body))
	if err != nil {
		return fmt.Errorf("mail: read a body: %w", err)
	}
	lines := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch media {
	case "text/plain":
		m.Text = lines
	case "text/html":
		m.HTML = lines
	}
	return nil
}

func (m *Message) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("mail: read a part: %w", err)
		}
		err = m.read(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return err
		}
	}
}

func decode(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	}
	return r
}

// Package mail writes the service's letters and hands them to a mail server.
//
// A [Composer] turns one kind of [Data] into a [Message], from Markdown templates that it has
// checked at start. A [Sender] delivers it: to an SMTP server, or into a folder.
package mail

import (
	"context"
	"errors"
	"net/url"
)

// Sender delivers messages. It is safe for concurrent use.
type Sender interface {
	// Send delivers m or says why not. [Permanent] tells whether another attempt makes sense.
	// After an error that is not permanent the message may, rarely, have been delivered.
	Send(ctx context.Context, m Message) error
}

// Open returns the sender that an address stands for:
//
//	smtp://user:password@host:587    STARTTLS when the server offers it
//	smtp://host:25?tls=none          never TLS; the password, if any, travels in the clear
//	smtp://host:587?tls=required     STARTTLS or nothing
//	smtps://user:password@host:465   TLS from the first byte
//	file:///var/mail  file:mails     one .eml file per message; the folder is made if need be
//
// User, password, port and options may be left out. Without TLS a password is only sent to
// this machine or with tls=none. The errors of Open never quote the address: it may hold a password.
func Open(address string) (Sender, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("mail: the address of the mail server is not a URL (special characters in a password must be percent-encoded)")
	}
	switch u.Scheme {
	case "smtp", "smtps":
		return openServer(u)
	case "file":
		return openFolder(u)
	}
	return nil, errors.New("mail: the address of the mail server starts with smtp, smtps or file")
}

// Permanent reports whether an error of this package will come again however often one tries:
// a recipient or a letter that the server refuses for good, data that makes no letter.
func Permanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}

type permanentError struct{ error }

func (p permanentError) Unwrap() error { return p.error }

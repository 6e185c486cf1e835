package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// sendTimeout bounds a delivery from dialling to the server's last word.
const sendTimeout = 10 * time.Second

// server sends by SMTP (RFC 5321), one connection for each message.
type server struct {
	host, port string
	implicit   bool // TLS from the first byte
	tls        *tls.Config
	options    []gomail.Option
}

func openServer(u *url.URL) (Sender, error) {
	s := &server{host: u.Hostname(), port: u.Port(), implicit: u.Scheme == "smtps"}
	if s.host == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return nil, errors.New("mail: the address of an SMTP server is smtp://user:password@host:port (special characters in a password must be percent-encoded)")
	}
	if s.port == "" {
		s.port = map[bool]string{false: "587", true: "465"}[s.implicit]
	}
	if _, err := strconv.ParseUint(s.port, 10, 16); err != nil {
		return nil, errors.New("mail: the port of the SMTP server is not a number from 1 to 65535")
	}
	s.tls = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	security, err := policy(u.Query(), s.implicit)
	if err != nil {
		return nil, err
	}
	s.options = []gomail.Option{gomail.WithTimeout(sendTimeout), gomail.WithTLSPolicy(security), gomail.WithTLSConfig(s.tls)}
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(mechanisms(security, s.implicit)...))
	}
	return s, nil
}

// policy reads the option tls, the only one there is.
func policy(options url.Values, implicit bool) (gomail.TLSPolicy, error) {
	choice := options.Get("tls")
	options.Del("tls")
	switch {
	case len(options) > 0:
		return 0, errors.New("mail: the only option in the address of an SMTP server is tls")
	case implicit && choice != "" && choice != "required":
		return 0, errors.New("mail: smtps:// is always encrypted")
	case implicit:
		return gomail.NoTLS, nil
	case choice == "":
		return gomail.TLSOpportunistic, nil
	case choice == "required":
		return gomail.TLSMandatory, nil
	case choice == "none":
		return gomail.NoTLS, nil
	}
	return 0, errors.New("mail: the option tls is required or none")
}

// mechanisms lists the ways to sign in, best first. Only who asked for no TLS gets the ones that
// show the password to the network.
func mechanisms(security gomail.TLSPolicy, implicit bool) []gomail.SMTPAuthType {
	list := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1}
	if security == gomail.NoTLS && !implicit {
		return append(list, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc)
	}
	return append(list, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5)
}

// Send delivers m within ten seconds, or less if ctx says so.
func (s *server) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	conn, err := s.dial(ctx)
	if err != nil {
		return s.failed(ctx, "connect", err)
	}
	defer conn.Close()
	// The SMTP client looks at deadlines only; closing the connection ends it when ctx does.
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	session, err := s.greet(ctx, conn)
	if err != nil {
		return s.failed(ctx, "open a session", err)
	}
	return s.deliver(ctx, session, m)
}

func (s *server) dial(ctx context.Context) (net.Conn, error) {
	address := net.JoinHostPort(s.host, s.port)
	if s.implicit {
		return (&tls.Dialer{Config: s.tls}).DialContext(ctx, "tcp", address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

func (s *server) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	use := gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil })
	client, err := gomail.NewClient(s.host, append([]gomail.Option{use}, s.options...)...)
	if err != nil {
		return nil, err
	}
	return client.DialToSMTPClientWithContext(ctx)
}

func (s *server) deliver(ctx context.Context, session *smtp.Client, m Message) error {
	// Asked for where nothing needs it, SMTPUTF8 makes relays bounce letters that others don't.
	session.SkipSMTPUTF8(ascii(m.From.Address) && ascii(m.To.Address))
	if err := session.Mail(angle(m.From)); err != nil {
		return s.failed(ctx, "sender", err)
	}
	if err := session.Rcpt(angle(m.To)); err != nil {
		return s.refused(ctx, "recipient", err)
	}
	body, err := session.Data()
	if err != nil {
		return s.refused(ctx, "letter", err)
	}
	if _, err := m.WriteTo(body); err != nil {
		return s.failed(ctx, "letter", err)
	}
	if err := body.Close(); err != nil {
		return s.refused(ctx, "letter", err)
	}
	// Delivered. A farewell that goes wrong must not make the caller send it again.
	_ = session.Quit()
	return nil
}

package mail_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/mail/smtptest"
)

// certificate is one for 127.0.0.1, and who trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, roots
}

// as is the address of a server with a user and options.
func as(server *smtptest.Server, host, password, options string) string {
	_, port, _ := net.SplitHostPort(server.Address())
	user := url.UserPassword("usher", password)
	return (&url.URL{Scheme: "smtp", User: user, Host: net.JoinHostPort(host, port), RawQuery: options}).String()
}

func TestEncryptionWhenOffered(t *testing.T) {
	config, roots := certificate(t)
	server := smtptest.Start(t, func(s *smtp.Server) { s.TLSConfig, s.AllowInsecureAuth = config, false })
	for _, options := range []string{"", "tls=required"} {
		sender := mail.Trust(open(t, as(server, "127.0.0.1", smtptest.Password, options)), roots)
		require.NoError(t, sender.Send(t.Context(), letter(t, "Ada")))
		got := server.Wait(t, "reader@example.org")
		require.True(t, got.Encrypted)
		require.Equal(t, "usher", got.User)
	}
	require.NoError(t, open(t, server.URL()+"?tls=none").Send(t.Context(), letter(t, "Ada")))
	require.False(t, server.Wait(t, "reader@example.org").Encrypted)

	err := open(t, server.URL()).Send(t.Context(), letter(t, "Ada"))
	require.ErrorContains(t, err, "certificate")
	require.False(t, mail.Permanent(err))
}

func TestEncryptionFromTheFirstByte(t *testing.T) {
	config, roots := certificate(t)
	plain := smtptest.Start(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	defer listener.Close()
	go relay(listener, plain.Address())

	address := "smtps://usher:" + url.PathEscape(smtptest.Password) + "@" + listener.Addr().String()
	require.NoError(t, mail.Trust(open(t, address), roots).Send(t.Context(), letter(t, "Ada")))
	require.Equal(t, "usher", plain.Wait(t, "reader@example.org").User)

	require.ErrorContains(t, open(t, address).Send(t.Context(), letter(t, "Ada")), "mail: connect at")
}

// relay passes on what comes through one listener.
func relay(listener net.Listener, address string) {
	for {
		in, err := listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", address)
		if err != nil {
			in.Close()
			return
		}
		go func() { defer out.Close(); _, _ = out.(*net.TCPConn).ReadFrom(in) }()
		go func() { defer in.Close(); _, _ = out.(*net.TCPConn).WriteTo(in) }()
	}
}

func TestRequiredEncryptionIsRequired(t *testing.T) {
	server := smtptest.Start(t)
	err := open(t, server.URL()+"?tls=required").Send(t.Context(), letter(t, "Ada"))
	require.ErrorContains(t, err, "STARTTLS")
	require.False(t, mail.Permanent(err))
	require.Empty(t, server.Messages())
}

func TestPasswordsStayPrivate(t *testing.T) {
	server := smtptest.Start(t)
	// 0.0.0.0 leads to this machine without being its name.
	err := open(t, as(server, "0.0.0.0", smtptest.Password, "")).Send(t.Context(), letter(t, "Ada"))
	require.ErrorContains(t, err, "mail: open a session at")
	require.NoError(t, open(t, as(server, "0.0.0.0", smtptest.Password, "tls=none")).Send(t.Context(), letter(t, "Ada")))

	for _, host := range []string{"127.0.0.1", "0.0.0.0"} {
		err = open(t, as(server, host, "hunter2hunter2", "tls=none")).Send(t.Context(), letter(t, "Ada"))
		require.ErrorContains(t, err, "the server answered 535 (5.7.8)")
		require.False(t, mail.Permanent(err))
		require.NotContains(t, err.Error(), "hunter2")
	}
}

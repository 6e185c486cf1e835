package mail_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/mail/smtptest"
)

func open(t *testing.T, address string) mail.Sender {
	t.Helper()
	s, err := mail.Open(address)
	require.NoError(t, err)
	return s
}

func TestAMessageArrives(t *testing.T) {
	server := smtptest.Start(t)
	sent := letter(t, "Ada")
	require.NoError(t, open(t, server.URL()).Send(t.Context(), sent))
	got := server.Wait(t, "reader@example.org")
	require.Equal(t, sent, got.Message)
	require.Equal(t, "no-reply@usher.example", got.Sender)
	require.Equal(t, []string{"reader@example.org"}, got.Recipients)
	require.Equal(t, []string{link}, got.Links())
	require.Len(t, server.Messages(), 1)
}

func TestManyAtOnce(t *testing.T) {
	server := smtptest.Start(t)
	sender := open(t, server.URL())
	m := letter(t, "Ada")
	results := make(chan error)
	for range 20 {
		go func() { results <- sender.Send(t.Context(), m) }()
	}
	for range 20 {
		require.NoError(t, <-results)
	}
	require.Len(t, server.Messages(), 20)
}

func TestRefusedRecipients(t *testing.T) {
	server := smtptest.Start(t)
	sender := open(t, server.URL())
	for code, permanent := range map[int]bool{421: false, 450: false, 451: false, 530: false, 550: true, 553: true, 554: true} {
		server.Reject(func(rcpt string) error { return smtptest.Answer(code, "no, "+rcpt) })
		err := sender.Send(t.Context(), letter(t, "Ada"))
		require.ErrorContains(t, err, fmt.Sprintf("mail: recipient at %s: the server answered %d (%d.1.1)", server.Address(), code, code/100))
		require.Equal(t, permanent, mail.Permanent(err), code)
		require.NotContains(t, err.Error(), "reader@example.org")
	}
	server.Reject(func(string) error { return nil })
	require.NoError(t, sender.Send(t.Context(), letter(t, "Ada")))
}

func TestADeadServer(t *testing.T) {
	server := smtptest.Start(t)
	sender := open(t, server.URL())
	server.Stop()
	err := sender.Send(t.Context(), letter(t, "Ada"))
	require.ErrorContains(t, err, "mail: connect at "+server.Address())
	require.False(t, mail.Permanent(err))

	server.Restart()
	require.NoError(t, sender.Send(t.Context(), letter(t, "Ada")))
	server.Wait(t, "reader@example.org")
}

// script is a server that says one line after the other, whatever it hears, and quotes the letter.
func script(t *testing.T, lines ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		for _, line := range lines {
			fmt.Fprintf(conn, "%s\r\n", line)
			heard, _ := in.ReadString('\n')
			for strings.HasPrefix(line, "354") && heard != ".\r\n" && heard != "" {
				heard, _ = in.ReadString('\n')
			}
		}
	}()
	return "smtp://" + listener.Addr().String()
}

func TestServersThatMisbehave(t *testing.T) {
	for name, test := range map[string]struct {
		lines     []string
		says      string
		permanent bool
	}{
		"busy":             {[]string{"421 4.3.2 come back"}, "open a session at 127.0.0.1:%s: the server answered 421 (4.3.2)", false},
		"closed":           {[]string{"554 no service"}, "the server answered 554", false},
		"silent":           {[]string{}, "open a session at", false},
		"no SMTP":          {[]string{"HTTP/1.1 400 Bad Request"}, "open a session at", false},
		"hates the sender": {[]string{"220 x", "250 x", "550 5.1.8 who?"}, "sender at 127.0.0.1:%s: the server answered 550 (5.1.8)", false},
		"no data now":      {[]string{"220 x", "250 x", "250 x", "250 x", "451 4.3.0 x"}, "letter at 127.0.0.1:%s: the server answered 451 (4.3.0)", false},
		"no data ever":     {[]string{"220 x", "250 x", "250 x", "250 x", "554 5.5.1 x"}, "the server answered 554", false},
		"relay denied":     {[]string{"220 x", "250 x", "250 x", "554 5.7.1 relay access denied"}, "the server answered 554 (5.7.1)", false},
		"no such mailbox":  {[]string{"220 x", "250 x", "250 x", "550 5.1.1 who?"}, "the server answered 550 (5.1.1)", true},
		"content refused":  {[]string{"220 x", "250 x", "250 x", "250 x", "354 x", "554 5.7.1 spam: " + link}, "the server answered 554 (5.7.1)", false},
		"greylisted":       {[]string{"220 x", "250 x", "250 x", "250 x", "354 x", "451 4.7.1 later"}, "the server answered 451 (4.7.1)", false},
		"cut":              {[]string{"220 x", "250 x", "250 x", "250 x", "354 x"}, "letter at", false},
		"rude goodbye":     {[]string{"220 x", "250 x", "250 x", "250 x", "354 x", "250 taken"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			address := script(t, test.lines...)
			err := open(t, address).Send(t.Context(), letter(t, "Ada"))
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			port := address[strings.LastIndexByte(address, ':')+1:]
			require.ErrorContains(t, err, strings.ReplaceAll(test.says, "%s", port))
			require.Equal(t, test.permanent, mail.Permanent(err))
			require.NotContains(t, err.Error(), "token")
		})
	}
}

func TestSendingEndsWithItsContext(t *testing.T) {
	// Nobody accepts: the connection stands, and no greeting ever comes.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	sender := open(t, "smtp://"+listener.Addr().String())

	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	err = sender.Send(soon, letter(t, "Ada"))
	require.Less(t, time.Since(started), 5*time.Second, "the context ends a delivery, not only the timeout")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, mail.Permanent(err))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, sender.Send(gone, letter(t, "Ada")), context.Canceled)
	require.ErrorIs(t, open(t, "file:"+t.TempDir()).Send(gone, letter(t, "Ada")), context.Canceled)
}

func TestRefusedAddressesOfServers(t *testing.T) {
	const secret = "s3cr"
	for _, address := range []string{
		"", "localhost:25", "http://host", "smtp://", "smtp://:25", "smtp://user:" + secret + "#x@host:25", "smtp://user:" + secret + "/x@host:25",
		"smtp://user:12/" + secret + "@host", "smtp://user:%zz" + secret + "@host", "smtp://user:" + secret + "@host:port", "smtp://host:99999",
		"smtp://user:" + secret + "@host?tls=perhaps", "smtp://u:" + secret + "@host?tls=none&x=" + secret, "smtps://host?tls=none", "smtp://u:" + secret + "?x@host",
		"file:", "file://folder", "file:a%zz", "file:///dev/null/x",
	} {
		_, err := mail.Open(address)
		require.ErrorContains(t, err, "mail: ", address)
		require.NotContains(t, err.Error(), secret)
	}
	for _, address := range []string{"smtp://host", "smtp://host/", "smtps://user@host", "smtp://u:p%23@[::1]:25?tls=required", "smtps://host?tls=required"} {
		open(t, address)
	}
}

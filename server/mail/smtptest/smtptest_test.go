package smtptest_test

import (
	"net/smtp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/mail/smtptest"
)

const base = "https://usher.example"

// post sends a letter whose link holds token. It is called from other goroutines too, so it fails no test itself.
func post(t *testing.T, server *smtptest.Server, to, token string) error {
	t.Helper()
	composer, err := mail.NewComposer(mail.Settings{From: "no-reply@usher.example", ProductName: "Usher", BaseURL: base})
	if err != nil {
		return err
	}
	link := mail.Link(base + "/verify#token=" + token)
	m, err := composer.Compose(mail.Address{Address: to}, "en", mail.Verification{Link: link, ExpiresIn: time.Hour})
	if err != nil {
		return err
	}
	sender, err := mail.Open(server.URL())
	if err != nil {
		return err
	}
	return sender.Send(t.Context(), m)
}

func TestWaitHandsOutEachMessageOnce(t *testing.T) {
	server := smtptest.Start(t)
	require.NoError(t, post(t, server, "Ada@example.org", "1"))
	require.NoError(t, post(t, server, "bob@example.org", "2"))
	later := make(chan error, 1)
	go func() { later <- post(t, server, "ada@example.org", "3") }()

	require.Equal(t, []string{base + "/verify#token=1"}, server.Wait(t, "ada@example.org").Links())
	require.Equal(t, []string{base + "/verify#token=3"}, server.Wait(t, "ada@example.org").Links())
	require.Equal(t, []string{base + "/verify#token=2"}, server.Wait(t, "bob@example.org").Links())
	require.NoError(t, <-later)
	require.Len(t, server.Messages(), 3)
}

func TestStopAndRestart(t *testing.T) {
	server := smtptest.Start(t)
	address := server.URL()
	for range 5 {
		server.Stop()
		server.Stop()
		require.Error(t, post(t, server, "ada@example.org", "1"))
		server.Restart()
		require.Equal(t, address, server.URL())
		require.NoError(t, post(t, server, "ada@example.org", "2"))
	}
	require.Len(t, server.Messages(), 5)
}

func TestRejections(t *testing.T) {
	server := smtptest.Start(t)
	server.Reject(func(rcpt string) error {
		if rcpt == "gone@example.org" {
			return smtptest.Answer(550, "gone")
		}
		return nil
	})
	require.True(t, mail.Permanent(post(t, server, "gone@example.org", "1")))
	require.NoError(t, post(t, server, "ada@example.org", "1"))
}

func TestWhatIsNoLetterIsRefused(t *testing.T) {
	server := smtptest.Start(t)
	err := smtp.SendMail(server.Address(), nil, "a@example.org", []string{"b@example.org"}, []byte("no headers"))
	require.ErrorContains(t, err, "554")
}

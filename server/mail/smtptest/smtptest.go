// Package smtptest runs a real SMTP server inside a test.
package smtptest

import (
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/mail"
)

// patience bounds how long Wait waits.
const patience = 15 * time.Second

// Password is the one that the server lets in, whatever the user's name.
const Password = "correct horse battery staple"

// Server is a mail server that keeps what it gets.
type Server struct {
	t         testing.TB
	address   string
	configure []func(*smtp.Server)

	mu       sync.Mutex
	stop     func() // nil while it is stopped
	reject   func(rcpt string) error
	messages []Message
	taken    []bool // by Wait
}

// Message is one letter, read, and the envelope that it came in.
type Message struct {
	mail.Message
	Sender     string
	Recipients []string
	// User is who signed in, if anyone did.
	User string
	// Encrypted says whether it came through TLS.
	Encrypted bool
	Raw       string
}

// Start runs a server on a free port of this machine until the test ends. It accepts mail for everybody.
// Whoever needs something special, say TLS, passes a function that sets it.
func Start(t testing.TB, configure ...func(*smtp.Server)) *Server {
	t.Helper()
	s := &Server{t: t, address: "127.0.0.1:0", configure: configure, reject: func(string) error { return nil }}
	s.Restart()
	t.Cleanup(s.Stop)
	return s
}

// URL is the server's address for [mail.Open].
func (s *Server) URL() string { return "smtp://" + s.address }

// Address is host and port.
func (s *Server) Address() string { return s.address }

// Stop ends the server and cuts its connections. What it has received stays.
func (s *Server) Stop() {
	s.mu.Lock()
	stop := s.stop
	s.stop = nil
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// Restart runs the server again, on the same port.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	listener, err := net.Listen("tcp", s.address)
	require.NoError(s.t, err)
	s.address = listener.Addr().String()

	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "localhost"
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = true
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.ErrorLog = log.New(io.Discard, "", 0)
	for _, set := range s.configure {
		set(server)
	}
	s.serve(server, listener)
}

func (s *Server) serve(server *smtp.Server, listener net.Listener) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop = func() {
		_ = server.Close()
		_ = listener.Close() // the server doesn't know it yet if it has only just been started
		<-done
	}
}

// Reject asks answer about each recipient from now on. A nil error accepts, [Answer] makes the others.
func (s *Server) Reject(answer func(rcpt string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reject = answer
}

// Answer is a refusal: 4xx for now, 5xx for good.
func Answer(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
}

// Messages returns what has come in, the oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Wait returns the oldest message to an address that no Wait has returned yet. It fails the test if
// there is none within 15 seconds.
func (s *Server) Wait(t testing.TB, to string) Message {
	t.Helper()
	var m Message
	found := func() (ok bool) { m, ok = s.take(to); return ok }
	require.Eventually(t, found, patience, 5*time.Millisecond, "no mail to %s", to)
	return m
}

func (s *Server) take(to string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.messages {
		if !s.taken[i] && strings.EqualFold(m.To.Address, to) {
			s.taken[i] = true
			return m, true
		}
	}
	return Message{}, false
}

func (s *Server) keep(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	s.taken = append(s.taken, false)
}

func (s *Server) verdict(rcpt string) error {
	s.mu.Lock()
	reject := s.reject
	s.mu.Unlock()
	return reject(rcpt)
}

// Package remote is the part of the command line that talks to a running service over HTTP: signing in, and a command for
// each operation of the contract, made from the contract when usher starts. Nothing in it is written for one operation.
package remote

import (
	"bufio"
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// Settings are what the commands stand on.
type Settings struct {
	Version string                                     // what requests say they come from
	Getenv  func(string) string                        // reads the environment
	Folder  func() (string, error)                     // finds the user's folder for configuration
	Ask     Asker                                      // nil: the terminal
	Pause   func(context.Context, time.Duration) error // waits; nil: for the time it is told
}

// The environment wins over stored credentials, for scripts that have a token from elsewhere.
const (
	URLVariable   = "USHER_URL"
	TokenVariable = "USHER_TOKEN"
)

// options are the flags that all commands share.
type options struct {
	url, profile string
	insecure     bool
	wait         bool
	headers      bool
	output       string
}

// caller is one command while it runs.
type caller struct {
	Settings
	options

	cmd    *cobra.Command
	client *http.Client
	store  store
	in     *bufio.Reader // standard input, where it is read line by line
}

func (s Settings) caller(c *cobra.Command, o options) (*caller, error) {
	folder, err := s.Folder()
	if err != nil && s.Getenv(TokenVariable) == "" {
		return nil, err
	}
	if s.Ask == nil {
		s.Ask = terminal(c)
	}
	if s.Pause == nil {
		s.Pause = pause
	}
	return &caller{
		Settings: s, options: o, cmd: c, client: newClient(), store: store{folder: folder}, in: bufio.NewReader(c.InOrStdin()),
	}, nil
}

func (o *options) connection(c *cobra.Command) {
	c.PersistentFlags().StringVar(&o.url, "url", "", "`address` of the service, such as https://accounts.example.com")
	c.PersistentFlags().StringVar(&o.profile, "profile", "", "`name` of the stored sign-in to use (default \""+defaultProfile+"\")")
	c.PersistentFlags().BoolVar(&o.insecure, "insecure", false, "send passwords and tokens over http to another machine too")
	c.PersistentFlags().BoolVar(&o.wait, "wait", false, "when the service wants a pause (429, 503), make it and go on")
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

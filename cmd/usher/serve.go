package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"

	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	var work bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer HTTP requests",
		Long: "Serve answers HTTP requests until SIGTERM or Ctrl-C; it then finishes those in flight. It starts before its\n" +
			"database if need be. Mail and other work is done by `usher work`, or by serve itself with --work.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := read[settings](nil)
			if err != nil {
				return err
			}
			return stopped(c.Context(), s.serve(c.Context(), work, jsonLog(c.OutOrStdout(), s.LogLevel)))
		},
	}
	c.Flags().BoolVar(&work, "work", false, "also do what usher work does, in the same process")
	return c
}

func workCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "work",
		Short: "Send mail and do other work that requests leave for later",
		Long: "Work does what requests leave for later, such as mails, until SIGTERM or Ctrl-C; it then finishes what it has begun.\n" +
			"It starts before its database if need be, and any number may run. `usher queue` shows what there is to do.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := read[settings](nil)
			if err != nil {
				return err
			}
			return stopped(c.Context(), s.work(c.Context(), jsonLog(c.OutOrStdout(), s.LogLevel)))
		},
	}
}

// serve listens only once it can answer, so that nobody waits in vain meanwhile.
func (s settings) serve(ctx context.Context, work bool, log *slog.Logger) error {
	pool, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	v, err := newService(ctx, s, pool, log, nil)
	if err != nil {
		return err
	}
	l, err := listen(s.Listen, "USHER_LISTEN")
	if err != nil {
		return err
	}
	defer l.Close()
	tasks := []task{func(ctx context.Context) error { return v.serve(ctx, l) }}
	if work {
		w, err := newWorker(s, pool, log)
		if err != nil {
			return err
		}
		tasks = append(tasks, func(ctx context.Context) error { return runWorker(ctx, w) })
	}
	log.Info("serving", "address", l.Addr().String(), "version", version())
	return together(ctx, tasks...)
}

func (s settings) work(ctx context.Context, log *slog.Logger) error {
	pool, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := await(ctx, pool, log); err != nil {
		return err
	}
	w, err := newWorker(s, pool, log)
	if err != nil {
		return err
	}
	log.Info("working", "version", version())
	return runWorker(ctx, w)
}

// listen takes the address that setting gave.
func listen(address, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken: stop what listens there, or choose another with %s", address, setting)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s (%s): %w", address, setting, errors.Unwrap(err))
	}
	return l, nil
}

// stopped makes it a success that a service ends because it was asked to, however far it had come.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type task = func(context.Context) error

// together runs tasks until ctx ends or one of them fails, then ends the others and waits for them.
func together(ctx context.Context, tasks ...task) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(tasks))
	for _, t := range tasks {
		go func() {
			defer stop()
			ended <- t(ctx)
		}()
	}
	var failed []error
	for range tasks {
		failed = append(failed, <-ended)
	}
	return errors.Join(failed...)
}

// jsonLog writes JSON lines and hides the values of attributes that are named after secrets.
func jsonLog(out io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: redact}))
}

// redact hides what must never be in a log, should somebody log it by mistake.
func redact(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case "password", "secret", "token", "access_token", "refresh_token", "authorization", "email", "address_line", "username":
		a.Value = slog.StringValue("[hidden]")
	}
	return a
}

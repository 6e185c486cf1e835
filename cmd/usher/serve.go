package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

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
			log := jsonLog(c.OutOrStdout(), s.LogLevel)
			l, err := net.Listen("tcp", s.Listen)
			if err != nil {
				return fmt.Errorf("cannot listen on %s (USHER_LISTEN): %w", s.Listen, errors.Unwrap(err))
			}
			defer l.Close()
			pool, err := s.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			v, err := newService(c.Context(), s, pool, log, nil)
			if err != nil {
				return err
			}
			tasks := []task{func(ctx context.Context) error { return v.serve(ctx, l) }}
			if work {
				w, err := newWorker(s, pool, log)
				if err != nil {
					return err
				}
				tasks = append(tasks, func(ctx context.Context) error { return runWorker(ctx, w) })
			}
			log.Info("serving", "address", l.Addr().String(), "version", version())
			return together(c.Context(), tasks...)
		},
	}
	c.Flags().BoolVar(&work, "work", false, "also do the work of `usher work`, in the same process")
	return c
}

func workCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "work",
		Short: "Send mail and do other work that requests leave for later",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := read[settings](nil)
			if err != nil {
				return err
			}
			log := jsonLog(c.OutOrStdout(), s.LogLevel)
			pool, err := s.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			if err := migrated(c.Context(), pool, log); err != nil {
				return err
			}
			w, err := newWorker(s, pool, log)
			if err != nil {
				return err
			}
			log.Info("working", "version", version())
			return runWorker(c.Context(), w)
		},
	}
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

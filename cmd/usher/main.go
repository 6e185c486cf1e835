// Usher is the user management service and its operator's commands.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/usherhq/usher/server/actor"
)

func main() {
	tune()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run carries out one command line and returns its exit code: 0, or 1 after one line on stderr that says what failed.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	c := root(args...)
	c.SetArgs(args)
	c.SetIn(in)
	c.SetOut(out)
	c.SetErr(errs)
	if c, err := c.ExecuteContextC(actor.With(ctx, actor.Operator())); err != nil {
		fmt.Fprintln(errs, "usher:", failure(c, err))
		return 1
	}
	return 0
}

// root is usher with its commands. args are the command line, as far as it decides what there is.
func root(args ...string) *cobra.Command {
	c := group("usher", "User management service",
		devCommand(), serveCommand(), workCommand(), migrateCommand(), userCommand(), sessionCommand(), clientCommand(), keyCommand(),
		queueCommand(), auditCommand(), configCommand(), loginCommand(), logoutCommand(), apiCommand(args), versionCommand())
	c.Long = "Usher keeps the accounts of a product: registration, sign-in, profiles, roles.\n\n" +
		"Settings come from the environment; `usher config check` shows those in force."
	c.SilenceUsage, c.SilenceErrors = true, true
	return suggesting(c)
}

// group is a command that only holds others.
func group(use, short string, members ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(members...)
	return c
}

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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run carries out one command line and returns its exit code: 0, or 1 after one line on stderr that says what failed.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := &cobra.Command{
		Use:   "usher",
		Short: "User management service",
		Long: "Usher keeps the accounts of a product: registration, sign-in, profiles, roles.\n\n" +
			"Settings come from the environment; `usher config check` shows those in force.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	root.AddCommand(devCommand(), serveCommand(), workCommand(), migrateCommand(), userCommand(), configCommand(), versionCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errs, "usher:", err)
		return 1
	}
	return 0
}

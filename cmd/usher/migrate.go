package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/schema"
)

func migrateCommand() *cobra.Command {
	return group("migrate", "Change the shape of the database",
		migration("up", "Apply every migration that the database lacks", schema.Up),
		migration("down", "Undo the migration that was applied last", schema.Down),
		statusCommand(), resetCommand(), grantCommand())
}

// migration is a command that changes the database and then says how it stands.
func migration(use, short string, act func(ctx context.Context, pool *pgxpool.Pool) error) *cobra.Command {
	return onDatabase(&cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		if err := act(c.Context(), pool); err != nil {
			return err
		}
		return printStatus(c, pool)
	})
}

func statusCommand() *cobra.Command {
	return onDatabase(&cobra.Command{Use: "status", Short: "Show which migrations the database has", Args: cobra.NoArgs}, printStatus)
}

func resetCommand() *cobra.Command {
	var yes bool
	c := onDatabase(&cobra.Command{
		Use: "reset", Short: "Drop everything that the migrations made, all data included", Args: cobra.NoArgs,
		Long: "Reset drops everything that the migrations made, their own table too, with all accounts. `usher migrate up`\nworks afterwards. It asks first, unless --yes is given.",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		if !yes {
			fmt.Fprintf(c.OutOrStdout(), "This deletes all accounts in the database %q. Type reset to go on: ", pool.Config().ConnConfig.Database)
			line, _ := bufio.NewReader(c.InOrStdin()).ReadString('\n')
			if strings.TrimSpace(line) != "reset" {
				return errors.New("nothing was changed")
			}
		}
		if err := schema.Reset(c.Context(), pool); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), "Everything is gone.")
		return nil
	})
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func grantCommand() *cobra.Command {
	return onMigrated(&cobra.Command{
		Use: "grant ROLE", Short: "Let a role of the database serve and work, and no more", Args: cobra.ExactArgs(1),
		Long: "Grant gives a role of the database what `usher serve` and `usher work` need, tables that later migrations make\n" +
			"included. It can read the audit log and add to it, but not change it, nor the shape of the database. Run it as the\n" +
			"role that migrates, after `usher migrate up`. The role has to exist: CREATE ROLE usher_app LOGIN PASSWORD '...'",
		Example: "  usher migrate grant usher_app",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		role := c.Flags().Arg(0)
		if err := schema.Grant(c.Context(), pool, role); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%s may serve and work. It may add to the audit log, not change it.\n", role)
		return nil
	})
}

// onDatabase makes c a command that works on the database of the environment.
func onDatabase(c *cobra.Command, act func(*cobra.Command, *pgxpool.Pool) error) *cobra.Command {
	c.RunE = func(c *cobra.Command, _ []string) error {
		d, err := read[Database](nil)
		if err != nil {
			return err
		}
		pool, err := d.connect(c.Context())
		if err != nil {
			return err
		}
		defer pool.Close()
		return act(c, pool)
	}
	return c
}

func printStatus(c *cobra.Command, pool *pgxpool.Pool) error {
	migrations, err := schema.Status(c.Context(), pool)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(out, "NUMBER\tNAME\tAPPLIED")
	for _, m := range migrations {
		applied := "-"
		if m.AppliedAt != nil {
			applied = m.AppliedAt.Format(time.RFC3339)
		}
		fmt.Fprintf(out, "%d\t%s\t%s\n", m.Number, m.Name, applied)
	}
	return out.Flush()
}

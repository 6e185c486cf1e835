package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/schema"
)

func migrateCommand() *cobra.Command {
	return group("migrate", "Change the shape of the database",
		migration(&cobra.Command{
			Use: "up", Short: "Apply every migration that the database lacks",
			Long: "Up makes the database what this version of usher needs, and then shows how it stands. Several at once take turns; the\n" +
				"service of the version before goes on meanwhile.",
			Example: "  usher migrate up",
		}, schema.Up),
		migration(&cobra.Command{
			Use: "down", Short: "Undo the migration that was applied last",
			Long:    "Down undoes one migration, with the data that only the newer shape can hold, and then shows how the database stands.",
			Example: "  usher migrate down",
		}, schema.Down),
		statusCommand(), resetCommand(), grantCommand())
}

// migration is a command that changes the database and then says how it stands.
func migration(c *cobra.Command, act func(ctx context.Context, pool *pgxpool.Pool) error) *cobra.Command {
	c.Args = cobra.NoArgs
	return withOutput(onDatabase(c, func(c *cobra.Command, pool *pgxpool.Pool) error {
		if err := act(c.Context(), pool); err != nil {
			return err
		}
		return printStatus(c, pool)
	}))
}

func statusCommand() *cobra.Command {
	return withOutput(onDatabase(&cobra.Command{
		Use: "status", Short: "Show which migrations the database has", Args: cobra.NoArgs,
		Long:    "Status lists the migrations that this version of usher knows, and when the database got each. It changes nothing.",
		Example: "  usher migrate status",
	}, printStatus))
}

func resetCommand() *cobra.Command {
	var yes bool
	c := withOutput(onDatabase(&cobra.Command{
		Use: "reset", Short: "Drop everything that the migrations made, all data included", Args: cobra.NoArgs,
		Long:    "Reset drops everything that the migrations made, their own table too, with all accounts. `usher migrate up`\nworks afterwards. It asks first, unless --yes is given.",
		Example: "  usher migrate reset",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		database := pool.Config().ConnConfig.Database
		if err := confirm(c, yes, fmt.Sprintf("This deletes all accounts in the database %q. Type reset to go on: ", database), "reset"); err != nil {
			return err
		}
		if err := schema.Reset(c.Context(), pool); err != nil {
			return err
		}
		return say(c, map[string]string{"reset": database}, "Everything is gone.\n")
	}))
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func grantCommand() *cobra.Command {
	return withOutput(onMigrated(&cobra.Command{
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
		return say(c, map[string]string{"role": role}, "%s may serve and work. It may add to the audit log, not change it.\n", role)
	}))
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
	var found []shownMigration
	for _, m := range migrations {
		found = append(found, shownMigration(m))
	}
	return showAll(c, all(found),
		column[shownMigration]{"NUMBER", func(m shownMigration) string { return strconv.FormatInt(m.Number, 10) }},
		column[shownMigration]{"NAME", func(m shownMigration) string { return m.Name }},
		column[shownMigration]{"APPLIED", func(m shownMigration) string { return momentOr(m.AppliedAt) }})
}

// shownMigration is a migration as commands show it.
type shownMigration struct {
	Number    int64      `json:"number"`
	Name      string     `json:"name"`
	AppliedAt *time.Time `json:"applied_at"`
}

package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/store"
)

func clientCommand() *cobra.Command {
	return group("client", "Manage services that may ask about tokens", clientCreateCommand(), clientListCommand(), clientDeleteCommand())
}

func clientCreateCommand() *cobra.Command {
	var name string
	c := onMigrated(&cobra.Command{
		Use:   "create --name NAME",
		Short: "Let another service ask about tokens",
		Long: "Create registers a service and prints its id and its secret, which is shown this once. With them (HTTP Basic) the\n" +
			"service may ask whether a token is good (RFC 7662).",
		Example: "  usher client create --name blog",
		Args:    cobra.NoArgs,
	}, func(c *cobra.Command, pool *pgxpool.Pool) error { return createClient(c, pool, name) })
	c.Flags().StringVar(&name, "name", "", "what to call it in lists and in the audit log (required)")
	_ = c.MarkFlagRequired("name") // the flag exists
	return c
}

func createClient(c *cobra.Command, pool *pgxpool.Pool, name string) error {
	type credentials struct{ id, secret string }
	made, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) (credentials, error) {
		id, secret, err := auth.CreateClient(c.Context(), tx, name)
		return credentials{id, secret}, err
	})
	if errors.Is(err, auth.ErrClientName) {
		return fmt.Errorf("--name: %w", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "Created %s.\nID:     %s\nSecret: %s\n", name, made.id, made.secret)
	return nil
}

func clientListCommand() *cobra.Command {
	return onMigrated(&cobra.Command{Use: "list", Short: "List the services that may ask about tokens", Args: cobra.NoArgs},
		func(c *cobra.Command, pool *pgxpool.Pool) error {
			clients, err := db.New().ListServiceClients(c.Context(), pool)
			if err != nil {
				return err
			}
			out := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(out, "ID\tNAME\tCREATED")
			for _, s := range clients {
				fmt.Fprintf(out, "%s\t%s\t%s\n", s.ID, s.Name, moment(s.CreatedAt))
			}
			return out.Flush()
		})
}

func clientDeleteCommand() *cobra.Command {
	return onMigrated(&cobra.Command{Use: "delete ID", Short: "Refuse a service from now on", Args: cobra.ExactArgs(1)},
		func(c *cobra.Command, pool *pgxpool.Pool) error {
			id := c.Flags().Arg(0)
			_, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) (struct{}, error) {
				return struct{}{}, auth.DeleteClient(c.Context(), tx, id)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "Deleted %s.\n", id)
			return nil
		})
}

// onMigrated is onDatabase for commands that need every table.
func onMigrated(c *cobra.Command, act func(*cobra.Command, *pgxpool.Pool) error) *cobra.Command {
	return onDatabase(c, func(c *cobra.Command, pool *pgxpool.Pool) error {
		if err := migrated(c.Context(), pool); err != nil {
			return err
		}
		return act(c, pool)
	})
}

// moment is a time as commands print it.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

package main

import (
	"errors"
	"fmt"
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
	c := withOutput(onMigrated(&cobra.Command{
		Use:   "create --name NAME",
		Short: "Let another service ask about tokens",
		Long: "Create registers a service and prints its id and its secret, which is shown this once. With them (HTTP Basic) the\n" +
			"service may ask whether a token is good (RFC 7662).",
		Example: "  usher client create --name blog",
		Args:    cobra.NoArgs,
	}, func(c *cobra.Command, pool *pgxpool.Pool) error { return createClient(c, pool, name) }))
	c.Flags().StringVar(&name, "name", "", "what to call it in lists and in the audit log (required)")
	_ = c.MarkFlagRequired("name") // the flag exists
	return c
}

func createClient(c *cobra.Command, pool *pgxpool.Pool, name string) error {
	made, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) (credentials, error) {
		id, secret, err := auth.CreateClient(c.Context(), tx, name)
		return credentials{id, name, secret}, err
	})
	if errors.Is(err, auth.ErrClientName) {
		return fmt.Errorf("--name: %w", err)
	}
	if err != nil {
		return err
	}
	return say(c, made, "Created %s.\nID:     %s\nSecret: %s\n", name, made.ID, made.Secret)
}

type credentials struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Secret string `json:"secret"`
}

// shownClient is a service as commands show it.
type shownClient struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

func clientListCommand() *cobra.Command {
	return withOutput(onMigrated(&cobra.Command{
		Use: "list", Short: "List the services that may ask about tokens", Args: cobra.NoArgs,
		Long:    "List shows the services that may ask about tokens, without their secrets.",
		Example: "  usher client list",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		clients, err := db.New().ListServiceClients(c.Context(), pool)
		if err != nil {
			return err
		}
		var found []shownClient
		for _, s := range clients {
			found = append(found, shownClient{s.ID, s.Name, s.CreatedAt})
		}
		return showAll(c, all(found),
			column[shownClient]{"ID", func(s shownClient) string { return s.ID }},
			column[shownClient]{"NAME", func(s shownClient) string { return s.Name }},
			column[shownClient]{"CREATED", func(s shownClient) string { return moment(s.CreatedAt) }})
	}))
}

func clientDeleteCommand() *cobra.Command {
	return withOutput(onMigrated(&cobra.Command{
		Use: "delete ID", Short: "Refuse a service from now on", Args: cobra.ExactArgs(1),
		Long:    "Delete takes a service's id and secret out of use, at once.",
		Example: "  usher client delete 0198f3a2-7c41-7d6e-9b0a-5f2f8e6d1c33",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		id := c.Flags().Arg(0)
		_, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) (struct{}, error) {
			return struct{}{}, auth.DeleteClient(c.Context(), tx, id)
		})
		if err != nil {
			return err
		}
		return say(c, map[string]string{"id": id}, "Deleted %s.\n", id)
	}))
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

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/users"
)

func userUpdateCommand() *cobra.Command {
	var empty []string
	c := onAccount(&cobra.Command{
		Use: "update " + accountUse, Short: "Change an account", Args: cobra.ExactArgs(1),
		Long: "Update changes what is given and leaves the rest. Another e-mail address has to be confirmed by mail, and ends all\n" +
			"sessions. --fields changes the profile fields that it names; null clears one.",
		Example: "  usher user update ada@example.com --first-name Ada --time-zone Europe/London\n" +
			"  usher user update ada --clear bio,location\n" +
			"  usher user update ada --fields '{\"team\": \"blue\", \"desk\": null}'",
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		patch, err := patchOf(c, empty)
		if err != nil {
			return err
		}
		return change(c, pool, u.ID, "Updated %s.\n", func(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
			_, err := users.Update(ctx, tx, by, id, patch)
			return err
		})
	})
	addBodyFlags[spec.UserPatch](c)
	c.Flags().StringSliceVar(&empty, "clear", nil, "what to leave empty: "+anyOf(clearable()))
	_ = c.RegisterFlagCompletionFunc("clear", cobra.FixedCompletions(clearable(), cobra.ShellCompDirectiveNoFileComp)) // the flag is new
	return c
}

// clearable are the flags of what an account need not have.
func clearable() []string {
	var out []string
	for _, m := range bodyMembers[spec.UserPatch]() {
		if m.clearable {
			out = append(out, flagName(m.name))
		}
	}
	return out
}

// patchOf is what the flags say about an account.
func patchOf(c *cobra.Command, empty []string) (patch spec.UserPatch, err error) {
	body, err := flagsOf[spec.UserPatch](c)
	if err != nil {
		return patch, err
	}
	for _, word := range empty {
		i := slices.IndexFunc(bodyMembers[spec.UserPatch](), func(m bodyMember) bool {
			return m.clearable && (m.name == word || flagName(m.name) == word)
		})
		if i < 0 {
			return patch, fmt.Errorf("--clear: want %s", anyOf(clearable()))
		}
		name := bodyMembers[spec.UserPatch]()[i].name
		if _, set := body[name]; set {
			return patch, fmt.Errorf("--clear: there is a --%s, too", flagName(name))
		}
		body[name] = nil
	}
	if len(body) == 0 {
		return patch, errors.New("nothing to change: `usher user update --help` lists what can be")
	}
	return asRequest[spec.UserPatch]("updateUser", body)
}

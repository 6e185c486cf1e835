package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// helpRule helps somebody back in, as staff do over HTTP.
type helpRule func(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error

// helpCommands are for those whom no staff can help, for instance the last admin.
func helpCommands() []*cobra.Command {
	return []*cobra.Command{
		helpCommand("unlock", "End a lock that failed sign-ins led to", "Unlocked %s.\n", auth.Unlock),
		helpCommand("reset-password", "Mail a link to choose a new password", "A mail to %s is on its way.\n", auth.StartReset),
		helpCommand("reset-second-factor", "Remove the second factor of somebody who lost it", "%s signs in without a second factor.\n", auth.ResetFactor),
	}
}

func helpCommand(use, short, done string, rule helpRule) *cobra.Command {
	return onMigrated(&cobra.Command{Use: use + " EMAIL", Short: short, Args: cobra.ExactArgs(1)}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		ctx := c.Context()
		u, err := db.New().GetUserByEmail(ctx, pool, users.EmailKey(c.Flags().Arg(0)))
		if fault.Is(err, spec.ProblemNotFound) {
			return errors.New("nobody has this e-mail address")
		}
		if err != nil {
			return err
		}
		if _, err := store.InTx(ctx, pool, func(tx pgx.Tx) (any, error) { return nil, rule(ctx, tx, actor.Operator(), u.ID) }); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), done, u.Email)
		return nil
	})
}

package main

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/auth"
)

// helpCommands are for those whom no staff can help, for instance the last admin.
func helpCommands() []*cobra.Command {
	return []*cobra.Command{
		onAccount(&cobra.Command{
			Use: "reset-password " + accountUse, Short: "Mail a link to choose a new password", Args: cobra.ExactArgs(1),
			Long:    "Reset-password mails the owner of an account a link to choose a new password. The old one works until then.",
			Example: "  usher user reset-password ada@example.com",
		}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
			return change(c, pool, u.ID, "A mail to %s is on its way.\n", auth.StartReset)
		}),
		onAccount(&cobra.Command{
			Use: "reset-second-factor " + accountUse, Short: "Remove the second factor of somebody who lost it", Args: cobra.ExactArgs(1),
			Long: "Reset-second-factor removes the second factor and the recovery codes of an account, and ends its sessions. Make sure\n" +
				"that it is the owner who asks.",
			Example: "  usher user reset-second-factor ada@example.com",
		}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
			return change(c, pool, u.ID, "%s signs in without a second factor.\n", auth.ResetFactor)
		}),
	}
}

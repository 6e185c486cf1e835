package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/users"
)

// staffCommands decide who may do what, and who is kept out.
func staffCommands() []*cobra.Command {
	return []*cobra.Command{
		userRoleCommand(), userLockCommand(), userUnlockCommand(), userSuspendCommand(), userReinstateCommand(), userDeleteCommand(),
	}
}

func userRoleCommand() *cobra.Command {
	c := onAccount(&cobra.Command{
		Use: "role " + accountUse + " ROLE --reason TEXT", Short: "Give an account another role", Args: cobra.ExactArgs(2),
		Long: "Role gives an account another role, which holds at once, for sessions too. It tells the owner by mail. The last ADMIN\n" +
			"stays one. Roles are " + roleNames() + ".",
		Example: "  usher user role ada@example.com MODERATOR --reason 'Looks after the comments from now on.'",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return strings.Split(roleNames(), ", "), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		body, err := flagsOf[spec.RoleChange](c)
		if err != nil {
			return err
		}
		body["role"] = c.Flags().Arg(1)
		to, err := asRequest[spec.RoleChange]("changeRole", body)
		if err != nil {
			return err
		}
		return change(c, pool, u.ID, "%s is "+string(to.Role)+" now.\n", func(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
			_, err := users.ChangeRole(ctx, tx, by, id, to.Role, to.Reason)
			return err
		})
	})
	return withReason(c, "why, for the audit log (required)")
}

func withReason(c *cobra.Command, help string) *cobra.Command {
	c.Flags().String("reason", "", help)
	_ = c.MarkFlagRequired("reason") // the flag exists
	return c
}

func userLockCommand() *cobra.Command {
	lasting := span(24 * time.Hour)
	c := onAccount(&cobra.Command{
		Use: "lock " + accountUse + " --reason TEXT", Short: "Keep everybody out of an account for a time", Args: cobra.ExactArgs(1),
		Long: "Lock ends all sessions of an account and keeps everybody out of it until a time, its owner too, whatever they know. It\n" +
			"tells the owner by mail. `usher user unlock` ends the lock before. The last ADMIN cannot be locked.",
		Example: "  usher user lock ada@example.com --for 3d --reason 'Somebody else seems to use it.'\n" +
			"  usher user lock ada --until 2026-11-28T09:00:00Z --reason 'On leave.'",
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		body, err := flagsOf[spec.AccountLock](c)
		if err != nil {
			return err
		}
		if c.Flags().Changed("for") {
			body["until"] = moment(time.Now().Add(time.Duration(lasting)))
		}
		lock, err := asRequest[spec.AccountLock]("lockUser", body)
		if err != nil {
			return err
		}
		return change(c, pool, u.ID, "Locked %s.\n", func(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
			return auth.Lock(ctx, tx, by, id, lock.Until, lock.Reason)
		})
	})
	c.Flags().String("until", "", "when the lock ends, such as 2026-11-28T09:00:00Z, within a year")
	c.Flags().Var(&lasting, "for", "how long the lock lasts, such as 24h, 7d or 2w")
	c.MarkFlagsMutuallyExclusive("until", "for")
	return withReason(c, "why, for the audit log (required)")
}

func userUnlockCommand() *cobra.Command {
	return onAccount(&cobra.Command{
		Use: "unlock " + accountUse, Short: "End a lock that staff or failed sign-ins led to", Args: cobra.ExactArgs(1),
		Long:    "Unlock ends every lock of an account and forgets its failed sign-ins.",
		Example: "  usher user unlock ada@example.com",
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		done := "Unlocked %s.\n"
		if showAccount(u).LockedUntil == nil {
			done = "%s was not locked. Its failed sign-ins are forgotten.\n"
		}
		return change(c, pool, u.ID, done, auth.Unlock)
	})
}

func userSuspendCommand() *cobra.Command {
	c := onAccount(&cobra.Command{
		Use: "suspend " + accountUse + " --reason TEXT", Short: "Keep an account out until it is reinstated", Args: cobra.ExactArgs(1),
		Long: "Suspend ends all sessions of an account and keeps it out until `usher user reinstate`. It tells the owner by mail, and\n" +
			"why. The last ADMIN cannot be suspended.",
		Example: "  usher user suspend ada@example.com --reason 'Spam in the comments.'",
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		body, err := flagsOf[spec.Suspension](c)
		if err != nil {
			return err
		}
		why, err := asRequest[spec.Suspension]("suspendUser", body)
		if err != nil {
			return err
		}
		return change(c, pool, u.ID, "Suspended %s.\n", func(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
			_, err := users.Suspend(ctx, tx, by, id, why.Reason)
			return err
		})
	})
	return withReason(c, "why, for the audit log and the owner (required)")
}

func userReinstateCommand() *cobra.Command {
	return onAccount(&cobra.Command{
		Use: "reinstate " + accountUse, Short: "Let a suspended account in again", Args: cobra.ExactArgs(1),
		Long:    "Reinstate ends a suspension. It tells the owner by mail.",
		Example: "  usher user reinstate ada@example.com",
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		return change(c, pool, u.ID, "Reinstated %s.\n", users.Reinstate)
	})
}

func userDeleteCommand() *cobra.Command {
	var yes bool
	c := onAccount(&cobra.Command{
		Use: "delete " + accountUse, Short: "Delete an account, for good", Args: cobra.ExactArgs(1),
		Long: "Delete removes an account with all that is kept about it; the audit log keeps its id. Nothing brings it back. It asks\n" +
			"first, unless --yes is given. The last ADMIN cannot be deleted.",
		Example: "  usher user delete ada@example.com\n  usher user delete 01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e --yes --output json",
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		question := fmt.Sprintf("This deletes the account of %s (%s), for good. Type its address to go on: ", u.Email, u.Nickname)
		if err := confirm(c, yes, question, u.Email); err != nil {
			return err
		}
		if err := apply(c, pool, u.ID, users.Delete); err != nil {
			return err
		}
		return say(c, showAccount(u), "Deleted %s.\n", u.Email)
	})
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

// confirm has somebody type a word before something that cannot be undone.
func confirm(c *cobra.Command, yes bool, question, word string) error {
	if yes {
		return nil
	}
	fmt.Fprint(c.ErrOrStderr(), visible(question))
	line, _ := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if in, ok := c.InOrStdin().(*os.File); !ok || !term.IsTerminal(int(in.Fd())) {
		fmt.Fprintln(c.ErrOrStderr()) // which whoever types there has seen
	}
	switch strings.TrimSpace(line) {
	case word:
		return nil
	case "":
		return errors.New("nothing was changed; where nobody can type, add --yes")
	}
	return errors.New("nothing was changed")
}

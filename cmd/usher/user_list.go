package main

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

func userListCommand() *cobra.Command {
	var limit int
	var sort string
	var f *filterFlags
	c := withOutput(onMigrated(&cobra.Command{
		Use: "list", Short: "List accounts", Args: cobra.NoArgs,
		Long: "List shows the accounts that match all flags, the newest first unless --sort says otherwise; a - before an order\n" +
			"turns it around. For a file that can be imported again there is `usher user export`. JSON and CSV\n" +
			"have the members of the contract; only the table is made for people.",
		Example: "  usher user list --role ADMIN\n  usher user list --sort last_name --limit 1000 --output csv > users.csv",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		if limit < 1 {
			return errors.New("--limit: want at least 1")
		}
		if err := checkQuery("listUsers", url.Values{"sort": {sort}}); err != nil {
			return err
		}
		found, err := f.filter(c.Context(), pool)
		if err != nil {
			return err
		}
		return showAll(c, accounts(c.Context(), pool, found, spec.UserOrder(sort), limit), accountColumns()...)
	}), asCSV)
	f = addFilter(c)
	c.Flags().StringVar(&sort, "sort", string(spec.UserOrderMinusCreatedAt), "what to order by, such as email, or -last_login_at for the last first")
	_ = c.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(orders(), cobra.ShellCompDirectiveNoFileComp)) // the flag is new
	c.Flags().IntVar(&limit, "limit", 50, "how many accounts at most")
	return c
}

// orders are what --sort takes.
func orders() []string {
	return words(
		spec.UserOrderCreatedAt, spec.UserOrderEmail, spec.UserOrderLastLoginAt, spec.UserOrderLastName, spec.UserOrderNickname,
		spec.UserOrderRole, spec.UserOrderUpdatedAt, spec.UserOrderMinusCreatedAt, spec.UserOrderMinusEmail, spec.UserOrderMinusLastLoginAt,
		spec.UserOrderMinusLastName, spec.UserOrderMinusNickname, spec.UserOrderMinusRole, spec.UserOrderMinusUpdatedAt)
}

// accounts reads accounts in portions, each within a statement's deadline.
func accounts(ctx context.Context, pool *pgxpool.Pool, f users.Filter, order spec.UserOrder, limit int) iter.Seq2[shownAccount, error] {
	const portion = 1000
	return func(yield func(shownAccount, error) bool) {
		var last users.Place
		for ; limit > 0; limit -= portion {
			size := min(limit, portion)
			rows, err := users.List(ctx, store.Planned(pool), f, order, last, int32(size))
			if err != nil {
				yield(shownAccount{}, err)
				return
			}
			for _, u := range rows {
				if !yield(showAccount(u), nil) {
					return
				}
			}
			if len(rows) < size {
				return
			}
			last = users.PlaceOf(rows[size-1], order)
		}
	}
}

func accountColumns() []column[shownAccount] {
	return []column[shownAccount]{
		{"ID", func(u shownAccount) string { return u.ID.String() }},
		{"EMAIL", func(u shownAccount) string { return u.Email }},
		{"NICKNAME", func(u shownAccount) string { return u.Nickname }},
		{"FIRST NAME", func(u shownAccount) string { return dash(u.FirstName) }},
		{"LAST NAME", func(u shownAccount) string { return dash(u.LastName) }},
		{"ROLE", func(u shownAccount) string { return string(u.Role) }},
		{"STATUS", standing},
		{"CREATED", func(u shownAccount) string { return moment(u.CreatedAt) }},
		{"LAST SIGN-IN", func(u shownAccount) string { return momentOr(u.LastLoginAt) }},
	}
}

// standing is whether the owner of an account can sign in, and why not.
func standing(u shownAccount) string {
	out := string(u.Status)
	if u.EmailVerifiedAt == nil {
		out += ", unverified"
	}
	if u.LockedUntil != nil {
		out += ", locked"
	}
	return out
}

func userShowCommand() *cobra.Command {
	return onAccount(&cobra.Command{
		Use: "show " + accountUse, Short: "Show an account", Args: cobra.ExactArgs(1),
		Long:    "Show writes what is kept about an account, but for its sessions (`usher session list`) and the log (`usher audit --user`).",
		Example: "  usher user show ada@example.com\n  usher user show ada --output json",
	}, func(c *cobra.Command, _ *pgxpool.Pool, u db.User) error { return showOne(c, showAccount(u)) })
}

// momentOr is a time as commands print it, or a dash.
func momentOr(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return moment(*t)
}

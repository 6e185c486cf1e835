package main

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

var (
	errNoAddress  = errors.New("nobody has this e-mail address")
	errNoID       = errors.New("there is no account with this id")
	errNoNickname = errors.New("nobody has this nickname")
)

// find reads the account that somebody names by its e-mail address, its id or its nickname. No name is of two kinds:
// nicknames have no @, and are shorter than ids.
func find(ctx context.Context, conn db.DBTX, name string) (db.User, error) {
	if strings.Contains(name, "@") {
		u, err := db.New().GetUserByEmail(ctx, conn, users.EmailKey(name))
		return u, ifNone(err, errNoAddress)
	}
	if id, err := uuid.Parse(name); err == nil {
		u, err := db.New().GetUser(ctx, conn, id)
		return u, ifNone(err, errNoID)
	}
	u, err := db.New().GetUserByNickname(ctx, conn, strings.ToLower(strings.ToValidUTF8(name, "")))
	return u, ifNone(err, errNoNickname)
}

// accountUse is how commands write that they take an account as find does.
const accountUse = "EMAIL|ID|NICKNAME"

// shownAccount is an account as commands show it: links are for HTTP.
type shownAccount struct {
	spec.User
	Links *struct{} `json:"_links,omitempty"`
}

func showAccount(u db.User) shownAccount { return shownAccount{User: users.Show(u, spec.Links{})} }

// onAccount makes c a command about the account that its first argument names. act returns the account as it is then.
func onAccount(c *cobra.Command, act func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error) *cobra.Command {
	return withOutput(onMigrated(c, func(c *cobra.Command, pool *pgxpool.Pool) error {
		u, err := find(c.Context(), pool, c.Flags().Arg(0))
		if err != nil {
			return err
		}
		return act(c, pool, u)
	}))
}

// accountRule changes an account.
type accountRule func(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error

// apply applies a rule to an account as the operator.
func apply(c *cobra.Command, pool *pgxpool.Pool, id uuid.UUID, rule accountRule) error {
	_, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) (struct{}, error) {
		return struct{}{}, rule(c.Context(), tx, actor.Operator(), id)
	})
	return ifNone(err, errNoID)
}

// change applies a rule, and then shows the account, or says so in a sentence about its address.
func change(c *cobra.Command, pool *pgxpool.Pool, id uuid.UUID, done string, rule accountRule) error {
	if err := apply(c, pool, id, rule); err != nil {
		return err
	}
	u, err := db.New().GetUser(c.Context(), pool, id)
	if err != nil {
		return ifNone(err, errNoID)
	}
	return say(c, showAccount(u), done, u.Email)
}

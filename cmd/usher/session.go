package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/store"
)

func sessionCommand() *cobra.Command {
	return group("session", "Show and end the sessions of accounts", sessionListCommand(), sessionEndCommand())
}

// heldSession is a session that can still be used.
type heldSession struct {
	ID              uuid.UUID `json:"id"`
	UserID          uuid.UUID `json:"user_id"`
	Device          string    `json:"device"`
	Address         string    `json:"address"`
	Amr             []string  `json:"amr"`
	CreatedAt       time.Time `json:"created_at"`
	AuthenticatedAt time.Time `json:"authenticated_at"`
	LastUsedAt      time.Time `json:"last_used_at"`
	ExpiresAt       time.Time `json:"expires_at"`
}

func held(s db.Session) heldSession {
	return heldSession{s.ID, s.UserID, s.Device, s.Address, s.Amr, s.CreatedAt, s.AuthenticatedAt, s.LastUsedAt, s.ExpiresAt}
}

// sessionsOf reads the sessions of an account, newest first. There are a hundred at most.
func sessionsOf(ctx context.Context, conn db.DBTX, user uuid.UUID) ([]heldSession, error) {
	rows, err := db.New().ListSessions(ctx, conn, db.ListSessionsParams{UserID: user, Before: uuid.Max, Size: 1000})
	var out []heldSession
	for _, s := range rows {
		out = append(out, held(s))
	}
	return out, err
}

func sessionColumns() []column[heldSession] {
	return []column[heldSession]{
		{"ID", func(s heldSession) string { return s.ID.String() }},
		{"NETWORK", func(s heldSession) string { return s.Address }},
		{"PROOF", func(s heldSession) string { return strings.Join(s.Amr, " ") }},
		{"SIGNED IN", func(s heldSession) string { return moment(s.CreatedAt) }},
		{"LAST USED", func(s heldSession) string { return moment(s.LastUsedAt) }},
		{"EXPIRES", func(s heldSession) string { return moment(s.ExpiresAt) }},
		{"DEVICE", func(s heldSession) string { return s.Device }},
	}
}

func sessionListCommand() *cobra.Command {
	return onAccount(&cobra.Command{
		Use: "list " + accountUse, Short: "Show where somebody is signed in", Args: cobra.ExactArgs(1),
		Long:    "List shows the sessions of an account that can still be used, newest first. Times are in UTC.",
		Example: "  usher session list ada@example.com",
	}, func(c *cobra.Command, pool *pgxpool.Pool, u db.User) error {
		found, err := sessionsOf(c.Context(), pool, u.ID)
		if err != nil {
			return err
		}
		return showAll(c, all(found), sessionColumns()...)
	})
}

func sessionEndCommand() *cobra.Command {
	var user string
	var every bool
	c := withOutput(onMigrated(&cobra.Command{
		Use: "end SESSION_ID | --user " + accountUse + " --all", Short: "Sign somebody out", Args: cobra.MaximumNArgs(1),
		Long: "End ends one session, or all those of an account: their tokens stop working at once. It says which, one a line with\n" +
			"--output json.",
		Example: "  usher session end 0198f3a2-7c41-7d6e-9b0a-5f2f8e6d1c33\n  usher session end --user ada@example.com --all",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		switch one := c.Flags().NArg() == 1; {
		case one && (user != "" || every), !one && (user == "" || !every):
			return errors.New("want the id of a session, or --user with --all")
		case one:
			return endSession(c, pool)
		}
		return endSessions(c, pool, user)
	}))
	c.Flags().StringVar(&user, "user", "", "the account whose sessions end: "+accountUse)
	c.Flags().BoolVar(&every, "all", false, "end all sessions of the account")
	return c
}

func endSession(c *cobra.Command, pool *pgxpool.Pool) error {
	id, err := uuid.Parse(c.Flags().Arg(0))
	if err != nil {
		who := c.Flags().Arg(0)
		return fmt.Errorf("want the id of a session: `usher session list %s` shows it; `usher session end --user %s --all` ends all", who, who)
	}
	ended, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) (db.Session, error) {
		s, err := db.New().GetLiveSession(c.Context(), tx, id)
		if err != nil {
			return s, err
		}
		return s, auth.EndAnybodys(c.Context(), tx, actor.Operator(), id)
	})
	if err != nil {
		return ifNone(err, errors.New("there is no such session, or it has ended"))
	}
	return say(c, held(ended), "Ended %s.\n", ended.ID)
}

func endSessions(c *cobra.Command, pool *pgxpool.Pool, name string) error {
	u, err := find(c.Context(), pool, name)
	if err != nil {
		return err
	}
	ended, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) ([]heldSession, error) {
		if _, err := db.New().LockUser(c.Context(), tx, u.ID); err != nil { // so that no session begins meanwhile
			return nil, err
		}
		found, err := sessionsOf(c.Context(), tx, u.ID)
		if err != nil {
			return nil, err
		}
		return found, auth.EndAll(c.Context(), tx, actor.Operator(), u.ID)
	})
	if err != nil {
		return ifNone(err, errNoID)
	}
	if outputOf(c) == asJSON {
		return showAll(c, all(ended), sessionColumns()...)
	}
	return say(c, nil, "Ended %s of %s.\n", count(len(ended), "session"), u.Email)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
)

func keyCommand() *cobra.Command {
	return group("key", "Manage the keys that sign access tokens", keyListCommand(), keyRotateCommand(), keyRevokeCommand())
}

// policy is how keys come and go, for whatever needs no issuer.
func (k Keys) policy() auth.KeyPolicy {
	return auth.KeyPolicy{
		Algorithm: token.Algorithm(k.KeyAlgorithm), RotateEvery: k.KeyRotation, PublishAhead: k.KeyAhead, AccessLifetime: k.AccessLifetime,
	}
}

func keyListCommand() *cobra.Command {
	return withOutput(onMigrated(&cobra.Command{
		Use: "list", Short: "List the keys that are published", Args: cobra.NoArgs,
		Long:    "List shows the published keys: the one that signs, those before it, whose tokens still count, and the next one.",
		Example: "  usher key list",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error {
		keys, err := db.New().ListSigningKeys(c.Context(), pool)
		if err != nil {
			return err
		}
		signing := auth.SigningKey(keys, time.Now())
		var found []publishedKey
		for i, k := range keys {
			state := "old"
			switch {
			case i == signing:
				state = "signing"
			case i > signing:
				state = "next"
			}
			found = append(found, publishedKey{publish(k), state})
		}
		return showAll(c, all(found),
			column[publishedKey]{"ID", func(k publishedKey) string { return k.ID }},
			column[publishedKey]{"ALGORITHM", func(k publishedKey) string { return k.Algorithm }},
			column[publishedKey]{"CREATED", func(k publishedKey) string { return moment(k.CreatedAt) }},
			column[publishedKey]{"SIGNS FROM", func(k publishedKey) string { return moment(k.ActiveAt) }},
			column[publishedKey]{"EXPIRES", func(k publishedKey) string { return moment(k.ExpiresAt) }},
			column[publishedKey]{"STATE", func(k publishedKey) string { return k.State }})
	}))
}

// shownKey is what commands show of a key: nothing to sign with.
type shownKey struct {
	ID        string    `json:"id"`
	Algorithm string    `json:"algorithm"`
	CreatedAt time.Time `json:"created_at"`
	ActiveAt  time.Time `json:"active_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func publish(k db.SigningKey) shownKey {
	return shownKey{k.ID, k.Algorithm, k.CreatedAt, k.ActiveAt, k.ExpiresAt}
}

type publishedKey struct {
	shownKey
	State string `json:"state"`
}

func keyRotateCommand() *cobra.Command {
	var now bool
	c := &cobra.Command{
		Use: "rotate", Short: "Have a new key sign access tokens", Args: cobra.NoArgs,
		Long: "Rotate publishes a new key, in the place of one that waits to sign. It signs after USHER_KEY_AHEAD, when everybody\n" +
			"who checks tokens has fetched it. What other keys have signed stays good.\n\n" +
			"With --now it signs at once. Whoever keeps a copy of the key set (five minutes, as a rule) may refuse new tokens\n" +
			"until they fetch it again, and so may other replicas of the service, for up to a minute.",
		Example: "  usher key rotate",
	}
	c.Flags().BoolVar(&now, "now", false, "sign with it at once")
	return withKeys(c, func(ctx context.Context, tx pgx.Tx, secret token.Secret, policy auth.KeyPolicy) (any, string, error) {
		key, err := auth.RotateKeys(ctx, tx, secret, policy, now)
		return publish(key), fmt.Sprintf("Key %s (%s) is published and signs from %s.\n", key.ID, key.Algorithm, moment(key.ActiveAt)), err
	})
}

func keyRevokeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "revoke ID", Short: "Refuse what a key has signed", Args: cobra.ExactArgs(1),
		Long: "Revoke takes a key out of use, for instance because it leaked: tokens that it signed stop counting within a minute,\n" +
			"and whoever holds one has to refresh it. If it is the one that signs, the next one takes over at once, or a new one\n" +
			"if none is published; as with `usher key rotate --now`, some may refuse its tokens at first.",
		Example: "  usher key revoke 8X1bdpzsc0Lm4Q7nYVKZr2sTg5uWjH9aEoFqiMxN6Ck\n  usher key revoke -- -an-id-that-starts-with-a-dash",
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w (write -- before an id that starts with -)", err)
	})
	return withKeys(c, func(ctx context.Context, tx pgx.Tx, secret token.Secret, policy auth.KeyPolicy) (any, string, error) {
		id := c.Flags().Arg(0)
		successor, err := auth.RevokeKey(ctx, tx, secret, policy, id)
		said := fmt.Sprintf("Key %s is revoked. What it signed stops counting within a minute.\n", id)
		done := revocation{Revoked: id}
		if successor != nil {
			done.Successor = new(publish(*successor))
			said += fmt.Sprintf("Key %s signs from now on.\n", successor.ID)
		}
		return done, said, err
	})
}

type revocation struct {
	Revoked   string    `json:"revoked"`
	Successor *shownKey `json:"successor"` // signs from now on; null: what signed goes on
}

// withKeys makes c a command that changes the signing keys in one transaction and prints what act says.
func withKeys(c *cobra.Command, act func(context.Context, pgx.Tx, token.Secret, auth.KeyPolicy) (any, string, error)) *cobra.Command {
	c.RunE = func(c *cobra.Command, _ []string) error {
		s, err := read[struct {
			Database
			Keys
		}](nil)
		if err != nil {
			return err
		}
		secret, err := token.NewSecret([]byte(s.Secret))
		if err != nil {
			return fmt.Errorf("USHER_SECRET: %w", err)
		}
		pool, err := s.connect(c.Context())
		if err != nil {
			return err
		}
		defer pool.Close()
		if err := migrated(c.Context(), pool); err != nil {
			return err
		}
		var said string
		done, err := store.InTx(c.Context(), pool, func(tx pgx.Tx) (done any, err error) {
			done, said, err = act(c.Context(), tx, secret, s.policy())
			return done, err
		})
		if errors.Is(err, token.ErrInvalid) {
			return fmt.Errorf("signing keys (was USHER_SECRET changed?): %w", err)
		}
		if err != nil {
			return err
		}
		if outputOf(c) == asJSON {
			return writeJSON(c.OutOrStdout(), done)
		}
		for line := range strings.Lines(said) {
			fmt.Fprintln(c.OutOrStdout(), visible(strings.TrimSuffix(line, "\n")))
		}
		return nil
	}
	return withOutput(c)
}

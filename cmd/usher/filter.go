package main

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/users"
)

// filterFlags say which accounts a command is about: those that match all flags that are given. They are the parameters of
// listUsers, and every command that lists or exports accounts has them.
type filterFlags struct {
	flags                            *cobra.Command
	q, text                          string
	role, status                     *choice
	verified, locked, professional   bool
	from, to, signedAfter, signedFor string
	fields                           []string
}

// addFilter gives a command the flags.
func addFilter(c *cobra.Command) *filterFlags {
	f := &filterFlags{flags: c}
	set := c.Flags()
	set.StringVar(&f.q, "q", "", "accounts with this in nickname, e-mail address or name")
	set.StringVar(&f.text, "text", "", "accounts with these words in nickname, name or bio")
	f.role = addChoice(c, "role", "", "accounts of this role", words(spec.Roles()...)...)
	f.status = addChoice(c, "status", "", "accounts of this status", words(spec.UserStatusActive, spec.UserStatusSuspended)...)
	set.BoolVar(&f.verified, "verified", false, "accounts with a confirmed address; =false: without")
	set.BoolVar(&f.locked, "locked", false, "accounts that are locked now; =false: that are not")
	set.BoolVar(&f.professional, "professional", false, "accounts of professionals; =false: of others")
	set.StringVar(&f.from, "registered-from", "", "accounts made at this time or later, such as 2026-11-21 or 2026-11-21T09:30:00Z")
	set.StringVar(&f.to, "registered-to", "", "accounts made at this time or earlier; a day is its end")
	set.StringVar(&f.signedAfter, "last-login-after", "", "accounts whose last sign-in was after this time")
	set.StringVar(&f.signedFor, "last-login-before", "", "accounts whose last sign-in was before this time")
	set.StringArrayVar(&f.fields, "field", nil, "accounts with this value of a profile field, as name:value; once for each field")
	return f
}

// asked is what the flags ask for, in the words of the contract.
func (f *filterFlags) asked() (p spec.ExportUsersParams, err error) {
	from, wrongFrom := instant("--registered-from", f.from)
	to, wrongTo := instant("--registered-to", f.to)
	after, wrongAfter := instant("--last-login-after", f.signedAfter)
	before, wrongBefore := instant("--last-login-before", f.signedFor)
	if len(f.to) == len(time.DateOnly) && to != nil {
		to = new(to.AddDate(0, 0, 1).Add(-time.Microsecond))
	}
	p = spec.ExportUsersParams{
		Q: given(f, "q", f.q), Text: given(f, "text", f.text),
		Role: given(f, "role", spec.Role(f.role.chosen)), Status: given(f, "status", spec.UserStatus(f.status.chosen)),
		Verified: given(f, "verified", f.verified), Locked: given(f, "locked", f.locked),
		Professional:   given(f, "professional", f.professional),
		RegisteredFrom: from, RegisteredTo: to, LastLoginAfter: after, LastLoginBefore: before,
		Field: given(f, "field", f.fields),
	}
	return p, cmp.Or(wrongFrom, wrongTo, wrongAfter, wrongBefore)
}

// filter is what the flags ask for, checked as a request is. Call it when the command runs.
func (f *filterFlags) filter(ctx context.Context, pool *pgxpool.Pool) (users.Filter, error) {
	p, err := f.asked()
	if err != nil {
		return users.Filter{}, err
	}
	texts := url.Values{}
	for _, name := range []string{"q", "text"} {
		if value := f.flags.Flags().Lookup(name); value.Changed {
			texts.Set(name, value.Value.String())
		}
	}
	texts["field"] = f.fields
	if err := checkQuery("listUsers", texts); err != nil {
		return users.Filter{}, err
	}
	return users.NewFilter(ctx, pool, p)
}

// given is the value of a flag, or nil if the flag was left out.
func given[T any](f *filterFlags, flag string, value T) *T {
	if !f.flags.Flags().Changed(flag) {
		return nil
	}
	return &value
}

func words[T ~string](values ...T) []string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// TestStaffCommands (F10.3): roles, locks, suspensions and deletion, each in the audit log as the operator's.
func TestStaffCommands(t *testing.T) {
	pool, run := staff(t)
	log := audited(t, pool)
	bob := decode[spec.User](t, run("user", "show", "bob-b", "--output", "json").succeeds(t))
	require.Equal(t, []string{"user.created"}, log(bob.ID))
	until := time.Now().Add(72 * time.Hour)
	for _, step := range []struct {
		args, said, action string
		holds              func(spec.User) bool
	}{
		{"role bob@example.com MODERATOR --reason Comments.", "bob@example.com is MODERATOR now.", "user.role-changed",
			func(u spec.User) bool { return u.Role == spec.RoleMODERATOR }},
		{"lock bob-b --for 3d --reason Odd.", "Locked bob@example.com.", "user.locked",
			func(u spec.User) bool { return u.LockedUntil != nil && u.LockedUntil.Sub(until).Abs() < time.Minute }},
		{"unlock " + bob.ID.String(), "Unlocked bob@example.com.", "user.unlocked", func(u spec.User) bool { return u.LockedUntil == nil }},
		{"unlock bob-b", "bob@example.com was not locked. Its failed sign-ins are forgotten.", "", func(spec.User) bool { return true }},
		{"suspend bob-b --reason Spam.", "Suspended bob@example.com.", "user.suspended",
			func(u spec.User) bool { return u.Status == spec.UserStatusSuspended }},
		{"reinstate bob-b", "Reinstated bob@example.com.", "user.reinstated", func(u spec.User) bool { return u.Status == spec.UserStatusActive }},
	} {
		require.Equal(t, step.said+"\n", run(append([]string{"user"}, strings.Fields(step.args)...)...).succeeds(t))
		require.Equal(t, step.action, strings.Join(log(bob.ID), " "), step.args)
		require.True(t, step.holds(decode[spec.User](t, run("user", "show", "bob-b", "--output", "json").succeeds(t))), step.args)
	}
	entry := decode[spec.AuditEntry](t, run("audit", "--user", "bob-b", "--action", "user.role-changed", "--output", "json").succeeds(t))
	require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindOperator}, entry.Actor)
	require.Subset(t, entry.Details, map[string]any{"from": "AUTHENTICATED", "to": "MODERATOR", "reason": "Comments.", "by": nil})

	deleted := decode[spec.User](t, run("user", "delete", "bob-b", "--yes", "--output", "json").succeeds(t))
	require.Equal(t, bob.ID, deleted.ID)
	require.Contains(t, log(bob.ID), "user.deleted")
	run("user", "show", "bob-b").fails(t, "nobody has this nickname")
}

// TestStaffCommandsRefuse: the rules say no to the operator too, and the command says why.
func TestStaffCommandsRefuse(t *testing.T) {
	pool, run := staff(t)
	var before int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM outbox").Scan(&before))
	last := spec.ProblemLastAdmin.Title()
	for args, sentence := range map[string]string{
		"role ada-l READER --reason x":                                "role: Send one of " + roleNames() + ".",
		"role ada-l AUTHOR":                                           `required flag(s) "reason" not set`,
		"role ada-l --reason x":                                       "accepts 2 arg(s), received 1",
		"role ada-l AUTHOR --reason=":                                 "--reason: Use at least one character.",
		"role eve@example.com AUTHOR --reason x":                      "nobody has this e-mail address",
		"lock bob-b --until tomorrow --reason x":                      "--until: Send a time such as 2026-11-21T09:30:00Z.",
		"lock bob-b --until 2026-01-01T00:00:00Z --for 1h --reason x": "if any flags in the group [until for] are set none of the others can be; [for until] were all set",
		"suspend bob-b":                                               `required flag(s) "reason" not set`,
		"reinstate bob-b now":                                         "accepts 1 arg(s), received 2",
	} {
		run(append([]string{"user"}, strings.Fields(args)...)...).fails(t, sentence)
	}
	for _, args := range []string{"role ada-l AUTHOR --reason x", "lock ada-l --reason x", "suspend ada-l --reason x", "delete ada-l --yes"} {
		e := run(append([]string{"user"}, strings.Fields(args)...)...)
		require.Equal(t, 1, e.code, args)
		require.Contains(t, e.errs, "usher: "+last, args)
		require.Equal(t, 1, strings.Count(e.errs, "\n"))
	}
	require.Regexp(t, `^usher: --until: `, run("user", "lock", "bob-b", "--for=-1h", "--reason", "x").errs)
	require.Regexp(t, `^usher: --until: `, run("user", "lock", "bob-b", "--for=10000h", "--reason", "x").errs)
	var after int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM outbox").Scan(&after))
	require.Equal(t, before, after)
}

// TestDeleteAsks for the address.
func TestDeleteAsks(t *testing.T) {
	pool, run := staff(t)
	env := onDatabaseOf(pool)
	for _, answer := range []string{"", "\n", "y\n", "yes\n", "bob\n", "Ada@example.com\n"} {
		e := command(t, env, answer, "user", "delete", "bob-b")
		require.Empty(t, e.out)
		hint := ""
		if strings.TrimSpace(answer) == "" {
			hint = "; where nobody can type, add --yes"
		}
		require.Equal(t, "This deletes the account of bob@example.com (bob-b), for good. Type its address to go on: \n"+
			"usher: nothing was changed"+hint+"\n", e.errs)
		require.Equal(t, 1, e.code)
	}
	run("user", "show", "bob-b").succeeds(t)
	e := command(t, env, "bob@example.com\n", "user", "delete", "bob-b")
	require.Equal(t, "Deleted bob@example.com.\n", e.out)
	require.Zero(t, e.code)
	run("user", "show", "bob-b").fails(t, "nobody has this nickname")
}

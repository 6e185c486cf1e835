package main

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
)

// staff is a database with an admin, ada, and a reader, bob.
func staff(t *testing.T) (*pgxpool.Pool, func(args ...string) ended) {
	t.Helper()
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	run := func(args ...string) ended {
		t.Helper()
		return command(t, env, "", args...)
	}
	command(t, env, secret, "user", "create", "--email", "Ada@example.com", "--nickname", "ada-l", "--role", "ADMIN", "--password-stdin").succeeds(t)
	command(t, env, secret, "user", "create", "--email", "bob@example.com", "--nickname", "bob-b", "--first-name", "Bob", "--password-stdin").succeeds(t)
	return pool, run
}

// decode reads what a command wrote as JSON.
func decode[T any](t *testing.T, out string) (one T) {
	t.Helper()
	require.Equal(t, 1, strings.Count(out, "\n"), "one line: %s", out)
	require.NoError(t, json.Unmarshal([]byte(out), &one))
	return one
}

// audited lists what the log says that operators did about an account since the last look.
func audited(t *testing.T, pool *pgxpool.Pool) func(id uuid.UUID) []string {
	t.Helper()
	last := uuid.Nil
	return func(id uuid.UUID) (actions []string) {
		t.Helper()
		rows, err := pool.Query(t.Context(),
			"SELECT id, action FROM audit_entries WHERE id > $1 AND user_id = $2 AND actor_kind = 'operator' ORDER BY id", last, id)
		require.NoError(t, err)
		var action string
		_, err = pgx.ForEachRow(rows, []any{&last, &action}, func() error {
			actions = append(actions, action)
			return nil
		})
		require.NoError(t, err)
		return actions
	}
}

// TestAccountsAreFound: by address in any spelling, id and nickname.
func TestAccountsAreFound(t *testing.T) {
	_, run := staff(t)
	u := decode[spec.User](t, run("user", "show", "ada@EXAMPLE.com", "--output", "json").succeeds(t))
	require.Equal(t, "Ada@example.com", u.Email)
	for _, name := range []string{u.ID.String(), strings.ToUpper(u.ID.String()), "ada-l", "ADA-L"} {
		require.Equal(t, u, decode[spec.User](t, run("user", "show", name, "--output", "json").succeeds(t)), name)
	}
	run("user", "show", "eve@example.com").fails(t, "nobody has this e-mail address")
	run("user", "show", uuid.NewString()).fails(t, "there is no account with this id")
	run("user", "show", "eve").fails(t, "nobody has this nickname")
	run("user", "show", "e\x1b[2Jve").fails(t, "nobody has this nickname")
	run("user", "show").fails(t, "accepts 1 arg(s), received 0")
}

// TestUserShow: every member of an account with its value, and no links, which are for HTTP.
func TestUserShow(t *testing.T) {
	pool, run := staff(t)
	_, err := pool.Exec(t.Context(), `UPDATE users SET bio = E'two\nlines \x1b[31m', last_login_at = '2026-01-02 03:04:05Z' WHERE nickname = 'bob-b'`)
	require.NoError(t, err)
	out := run("user", "show", "bob-b").succeeds(t)
	for _, line := range []string{`email +bob@example\.com`, `first_name +Bob`, `last_name +-`, `bio +two\\nlines \\u001b\[31m`, `second_factor +false`,
		`last_login_at +2026-01-02T03:04:05Z`, `fields +\{\}`} {
		require.Regexp(t, "(?m)^"+line+"$", out)
	}
	require.NotContains(t, out, "_links")
	require.NotContains(t, run("user", "show", "bob-b", "--output", "json").succeeds(t), "_links")
}

// TestUserList: what matches, in any order, as a table, JSON or CSV.
func TestUserList(t *testing.T) {
	pool, run := staff(t)
	_, err := pool.Exec(t.Context(), `UPDATE users SET first_name = '=cmd()', locked_until = now() + interval '1 hour' WHERE nickname = 'bob-b'`)
	require.NoError(t, err)
	table := strings.Split(strings.TrimSpace(run("user", "list").succeeds(t)), "\n")
	require.Len(t, table, 3)
	require.Regexp(t, `^ID +EMAIL +NICKNAME +FIRST NAME +LAST NAME +ROLE +STATUS +CREATED +LAST SIGN-IN$`, table[0])
	require.Regexp(t, `bob@example\.com +bob-b +=cmd\(\) +- +AUTHENTICATED +active, locked +20\S+Z +-$`, table[1], "the newest first")
	require.Regexp(t, `Ada@example\.com +ada-l +- +- +ADMIN +active +20\S+Z +-$`, table[2])

	require.Equal(t, "ada-l", decode[spec.User](t, run("user", "list", "--role", "ADMIN", "--output", "json").succeeds(t)).Nickname)
	require.Equal(t, "ada-l", decode[spec.User](t, run("user", "list", "--sort", "nickname", "--limit", "1", "--output", "json").succeeds(t)).Nickname)
	require.Equal(t, "bob-b", decode[spec.User](t, run("user", "list", "--locked", "--output", "json").succeeds(t)).Nickname)
	require.Empty(t, run("user", "list", "--q", "nobody", "--output", "json").succeeds(t))
	rows, err := csv.NewReader(strings.NewReader(run("user", "list", "--sort", "-nickname", "--output", "csv").succeeds(t))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, "first_name", rows[0][3])
	require.Equal(t, "'=cmd()", rows[1][3])
	require.Equal(t, []string{"last_name", "", "", "role", "AUTHENTICATED", "ADMIN", "status", "active", "active"},
		[]string{rows[0][4], rows[1][4], rows[2][4], rows[0][5], rows[1][5], rows[2][5], rows[0][6], rows[1][6], rows[2][6]}, "one fact a column")
	for _, name := range []string{"created_at", "last_login_at", "locked_until", "email_verified_at", "fields"} {
		require.Contains(t, rows[0], name)
	}
	require.NotContains(t, rows[0], "_links")

	run("user", "list", "--limit", "0").fails(t, "--limit: want at least 1")
	run("user", "list", "--role", "admin").fails(t, `invalid argument "admin" for "--role" flag: want `+anyOf(spec.Roles()))
	run("user", "list", "--q", " ").fails(t, "--q: Write a character to look for.")
	require.Regexp(t, `^usher: --sort: .*-created_at`, run("user", "list", "--sort", "age").errs)
}

// TestUserListReadsOn: a long list takes several queries, and nobody is shown twice.
func TestUserListReadsOn(t *testing.T) {
	pool, run := staff(t)
	_, err := pool.Exec(t.Context(), `
		INSERT INTO users (id, email, email_key, nickname, nickname_key, registered_as, role)
		SELECT uuid_v7(), 'u' || i || '@example.com', 'u' || i || '@example.com', 'user-' || i, 'user-' || i, 'reader', 'AUTHENTICATED'
		FROM generate_series(1, 2100) i`)
	require.NoError(t, err)
	for limit, want := range map[string]int{"999": 999, "1000": 1000, "2001": 2001, "10000": 2102} {
		seen := map[string]bool{}
		for line := range strings.Lines(run("user", "list", "--sort", "email", "--limit", limit, "--output", "json").succeeds(t)) {
			seen[decode[spec.User](t, line).Email] = true
		}
		require.Len(t, seen, want)
	}
}

// TestUserUpdate: flags are the members of the contract's patch, held to the contract; --clear empties.
func TestUserUpdate(t *testing.T) {
	pool, run := staff(t)
	log := audited(t, pool)
	u := decode[spec.User](t, run("user", "update", "bob@example.com", "--last-name", "Bobson", "--bio", "Likes\nships.", "--time-zone", "Europe/Paris",
		"--website-url", "https://bob.example", "--output", "json").succeeds(t))
	require.Equal(t, []string{"user.created", "user.updated"}, log(u.ID))
	require.Equal(t, []string{"Bob", "Bobson", "Likes\nships.", "Europe/Paris", "https://bob.example"},
		[]string{*u.FirstName, *u.LastName, *u.Bio, *u.TimeZone, *u.WebsiteURL})
	require.Equal(t, "Updated bob@example.com.\n", run("user", "update", "bob-b", "--clear", "bio,time-zone", "--clear", "website_url").succeeds(t))
	u = decode[spec.User](t, run("user", "show", "bob-b", "--output", "json").succeeds(t))
	require.Equal(t, []*string{nil, nil, nil}, []*string{u.Bio, u.TimeZone, u.WebsiteURL})
	require.Equal(t, []string{"user.updated"}, log(u.ID))
	require.Equal(t, "Updated rob@example.com.\n", run("user", "update", "bob-b", "--email", "rob@example.com").succeeds(t))
	require.Equal(t, []string{"user.email-changed", "user.updated"}, log(u.ID))

	for args, sentence := range map[string]string{
		"":                                   "nothing to change: `usher user update --help` lists what can be",
		"--first-name=":                      "--first-name: Use at least one character.",
		"--bio " + strings.Repeat("x", 2001): "--bio: Use at most 2000 characters.",
		"--time-zone Mars/Base":              "--time-zone: This is not a valid time zone.",
		"--email ada@example.com":            "Email already exists",
		"--nickname ADA-L":                   "This nickname is taken",
		"--nickname b --locale x!y":          "--locale: This is not a valid language tag.; --nickname: Use at least 3 characters.",
		"--first-name a\x1bb":                "--first-name: This has a form or characters that are not taken here.",
		"--first-name a\xffb":                "--first-name: this is not valid UTF-8",
		"--fields [1]":                       "--fields: Send a value of type object.",
		"--fields {":                         `--fields: want a JSON object, such as {"team": "blue"}`,
		"--clear role":                       "--clear: want " + anyOf(clearable()),
		"--clear nickname":                   "--clear: want " + anyOf(clearable()),
		"--clear bio --bio x":                "--clear: there is a --bio, too",
		"--role ADMIN":                       "unknown flag: --role",
	} {
		run(append([]string{"user", "update", "bob-b"}, strings.Fields(args)...)...).fails(t, sentence)
	}
	require.Empty(t, log(u.ID), "what is refused changes nothing")
}

// TestUserCreateWithProfile: a new account has what the flags say.
func TestUserCreateWithProfile(t *testing.T) {
	_, run := staff(t)
	made := decode[struct {
		spec.User
		Password string
	}](t, run("user", "create", "--email", "cy@example.com", "--first-name", "Cy", "--github-url", "https://github.com/cy", "--output", "json").succeeds(t))
	require.Equal(t, []string{"Cy", "https://github.com/cy"}, []string{*made.FirstName, *made.GithubURL})
	require.Equal(t, spec.RoleAUTHENTICATED, made.Role)
	require.GreaterOrEqual(t, len(made.Password), 15)
	mailed := run("user", "create", "--email", "di@example.com", "--mail", "--output", "json").succeeds(t)
	require.NotContains(t, mailed, `"password"`)
	run("user", "create", "--email", "ed@example.com", "--linkedin-url", "https://linkedin.com.evil.example/in/ed").
		fails(t, "--linkedin-url: This has a form or characters that are not taken here.")
}

package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/dbtest"
)

// onDatabaseOf are settings on the database that pool is on; hashing is cheap.
func onDatabaseOf(pool *pgxpool.Pool) variables {
	return onDatabaseAt(pool.Config().ConnString())
}

func onDatabaseAt(url string) variables {
	return complete().with(variables{
		"DATABASE_URL":          url,
		"USHER_DB_CONNECTIONS":  "4",
		"USHER_LISTEN":          "127.0.0.1:0",
		"USHER_DRAIN":           "0s",
		"USHER_HASH_MEMORY_KIB": "7168",
		"USHER_HASH_ITERATIONS": "1",
	})
}

func TestUserCreate(t *testing.T) {
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	out := command(t, env, "", "user", "create", "--email", "Ada@example.com", "--role", "ADMIN", "--nickname", "ada").succeeds(t)
	said := regexp.MustCompile(`^Created Ada@example\.com \(ada\), ADMIN\.\nPassword: (\S+)\n$`).FindStringSubmatch(out)
	require.NotNil(t, said, out)
	out = command(t, env, secret+"\r\n", "user", "create", "--email", "bob@example.com", "--password-stdin").succeeds(t)
	require.Regexp(t, `^Created bob@example\.com \([\w-]+\), AUTHENTICATED\.\n$`, out)
	command(t, env, secret, "user", "create", "--email", "eve@example.com", "--password-stdin", "--unverified").succeeds(t)

	facts, err := db.New().ListFacts(t.Context(), pool, 0, 10)
	require.NoError(t, err)
	require.Len(t, facts, 3)
	var payload map[string]any
	require.NoError(t, json.Unmarshal(facts[0].Payload, &payload))
	require.Equal(t, spec.UserCreated{}.Kind(), facts[0].Kind)
	require.Equal(t, map[string]any{"user_id": facts[0].UserID.String(), "by": nil, "role": "ADMIN"}, payload)

	_, service := serving(t, env)
	admin, _ := service.signIn("ada@example.com", said[1])
	require.Len(t, want[spec.UserPage](admin, http.StatusOK, "GET", "/users", nil).Items, 3)
	service.signIn("bob@example.com", secret)
	unverified := want[spec.OAuthError](service, http.StatusForbidden, "POST", "/auth/token",
		map[string]string{"grant_type": "password", "username": "eve@example.com", "password": secret})
	require.Equal(t, spec.ProblemEmailUnverified, unverified.Code)
}

// TestUserCreateFromElsewhere (SIGN15): an account comes with the hash that another system has, or its owner is mailed.
func TestUserCreateFromElsewhere(t *testing.T) {
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	out := command(t, env, "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq\n",
		"user", "create", "--email", "old@example.com", "--hash-stdin").succeeds(t)
	require.Regexp(t, `^Created old@example\.com \([\w-]+\), AUTHENTICATED\.\n$`, out)
	command(t, env, "", "user", "create", "--email", "new@example.com", "--mail").succeeds(t)
	_, service := serving(t, env)
	service.signIn("old@example.com", "rasmuslerdorf")
	var jobs int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE kind = 'password-mail'").Scan(&jobs))
	require.Equal(t, 1, jobs)

	refused := command(t, env, "$2x$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq", "user", "create", "--email", "x@example.com", "--hash-stdin")
	require.NotZero(t, refused.code)
	require.NotContains(t, refused.errs, "BCrypt", "a hash is not quoted")
	both := command(t, env, "", "user", "create", "--email", "x@example.com", "--hash-stdin", "--mail")
	require.NotZero(t, both.code)
}

// TestUserHelp: the operator helps those whom no staff can.
func TestUserHelp(t *testing.T) {
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	command(t, env, secret, "user", "create", "--email", "ada@example.com", "--role", "ADMIN", "--password-stdin").succeeds(t)
	_, err := pool.Exec(t.Context(), "UPDATE users SET second_factor_at = now(), locked_until = now() + interval '1 hour'")
	require.NoError(t, err)
	require.Equal(t, "Unlocked ada@example.com.\n", command(t, env, "", "user", "unlock", "ADA@example.com").succeeds(t))
	require.Equal(t, "ada@example.com signs in without a second factor.\n", command(t, env, "", "user", "reset-second-factor", "ada@example.com").succeeds(t))
	require.Equal(t, "A mail to ada@example.com is on its way.\n", command(t, env, "", "user", "reset-password", "ada@example.com").succeeds(t))
	command(t, env, "", "user", "unlock", "bob@example.com").fails(t, "nobody has this e-mail address")
	var helped, byOperator int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE actor_kind = 'operator') FROM audit_entries
		WHERE action IN ('user.unlocked', 'user.second-factor-removed', 'user.password-reset-requested')`).Scan(&helped, &byOperator))
	require.Equal(t, []int{3, 3}, []int{helped, byOperator})
}

func TestUserCreateRefuses(t *testing.T) {
	const unsendable = "the password on standard input holds what cannot be sent to sign in: control characters, or no UTF-8"
	pool := dbtest.New(t)
	env := onDatabaseOf(pool)
	command(t, env, "", "user", "create", "--email", "ada@example.com", "--nickname", "ada").succeeds(t)
	for _, c := range []struct {
		in, sentence string
		args         []string
	}{
		{secret, "--email: This is not a valid email.", []string{"--email", "ada"}},
		{secret, "--email: This is not a valid email.", []string{"--email", "Ada <bob@example.com>"}},
		{secret, "--email: this is not valid UTF-8", []string{"--email", "b\xffb@example.com"}},
		{secret, "--email: This is not a valid email.", []string{"--email", "b\x00b@example.com"}},
		{secret, "Email already exists", []string{"--email", "ADA@example.com"}},
		{secret, "--nickname: This has a form or characters that are not taken here.", []string{"--email", "bob@example.com", "--nickname", "b b"}},
		{secret, "This nickname is taken", []string{"--email", "bob@example.com", "--nickname", "ADA"}},
		{secret, "--role: Send one of ANONYMOUS, AUTHENTICATED, AUTHOR, MODERATOR, MANAGER, ADMIN.", []string{"--email", "bob@example.com", "--role", "admin"}},
		{"short", "the password: Use at least 15 characters; a few unrelated words make a good password.", []string{"--email", "bob@example.com"}},
		{"bobby-in-the-boat@example.com", "the password: Add words that have nothing to do with your name, your e-mail address or this service.",
			[]string{"--email", "bobby-in-the-boat@example.com"}},
		{"", "there is no password on standard input", []string{"--email", "bob@example.com"}},
		{"tall ships sail at noon\x00", unsendable, []string{"--email", "bob@example.com"}},
		{"tall ships sail at noon\xff", unsendable, []string{"--email", "bob@example.com"}},
		{"\n", "there is no password on standard input", []string{"--email", "bob@example.com"}},
	} {
		e := command(t, env, c.in, append([]string{"user", "create", "--password-stdin"}, c.args...)...)
		require.Empty(t, e.out)
		e.fails(t, c.sentence)
	}
	var users int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM users").Scan(&users))
	require.Equal(t, 1, users)
	facts, err := db.New().ListFacts(t.Context(), pool, 0, 10)
	require.NoError(t, err)
	require.Len(t, facts, 1)
}

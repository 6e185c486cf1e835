package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// complete has the settings that have no default.
func complete() variables {
	return variables{
		"DATABASE_URL":   "postgres://ada:hunter2@db.example/usher",
		"SMTP_URL":       "smtp://ada:hunter2@mail.example",
		"USHER_SECRET":   "vR9cX2mLq8TzE4wYb7NkP1sHdJ6fGu3A",
		"USHER_BASE_URL": "https://accounts.example.com",
	}
}

func mistaken(lines ...string) string {
	return "the settings have mistakes:\n  " + strings.Join(lines, "\n  ") + "\n`usher config` lists every setting"
}

func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	command(t, nil, "", "serve").fails(t, mistaken(
		"DATABASE_URL is missing",
		"SMTP_URL is missing",
		"USHER_BASE_URL is missing",
		"USHER_SECRET is missing"))

	// What one check finds must not hide what the next one would.
	command(t, variables{
		"DATABASE_URL":           "host=db password=hunter2 dbname=usher",
		"SMTP_URL":               "pigeon://ada:hunter2@mail.example",
		"USHER_SECRET":           "hunter2",
		"USHER_BASE_URL":         "https://accounts.example.com/",
		"USHER_DB_CONNECTIONS":   "hunter2",
		"USHER_FIRST_USER_ADMIN": "hunter2",
		"USHER_HASH_QUEUE":       "-1",
		"USHER_KEY_ALGORITHM":    "hunter2",
		"USHER_LISTEN":           "hunter2",
		"USHER_LOG_LEVEL":        "hunter2",
		"USHER_MAIL_FROM":        "hunter2",
		"USHER_MAIL_TEMPLATES":   "/hunter2",
		"USHER_CORS_ORIGINS":     "https://app.example.com,*",
		"USHER_TRUSTED_PROXIES":  "10.0.0.0/8,hunter2,hunter3",
		"USHER_SESSION_IDLE":     "hunter2",
	}, "", "serve").fails(t, mistaken(
		"DATABASE_URL must be a URL that Postgres understands, such as postgres://user:password@host:5432/database "+
			"(special characters in the password percent-encoded)",
		"SMTP_URL cannot be used: mail: the address of the mail server starts with smtp, smtps or file",
		"USHER_BASE_URL must be only scheme and host, such as https://accounts.example.com, with nothing after",
		"USHER_CORS_ORIGINS must be an http or https URL",
		"USHER_DB_CONNECTIONS must be a whole number",
		"USHER_FIRST_USER_ADMIN must be true or false",
		"USHER_HASH_QUEUE must be at least 0",
		"USHER_KEY_ALGORITHM must be one of EdDSA ES256",
		"USHER_LISTEN must be host:port or :port, such as 127.0.0.1:8080",
		"USHER_LOG_LEVEL must be debug, info, warn or error",
		"USHER_MAIL_FROM must be an address such as no-reply@example.com or Example <no-reply@example.com>",
		"USHER_MAIL_TEMPLATES must be a folder",
		"USHER_SECRET must be at least 32 characters long",
		"USHER_SESSION_IDLE must be a duration such as 90s, 15m or 24h",
		"USHER_TRUSTED_PROXIES must be networks such as 10.0.0.0/8,192.168.0.0/16"))
}

func TestMistakes(t *testing.T) {
	broken := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(broken, "en"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(broken, "en", "verification.md"), []byte("no subject"), 0o644))
	for _, c := range []struct{ name, value, words string }{
		{"DATABASE_URL", "mysql://ada@db.example/usher", "must be a URL that Postgres understands"},
		{"DATABASE_URL", "postgres://ada:p/ss@db.example/usher", "must be a URL that Postgres understands"},
		{"SMTP_URL", "smtp://mail.example?tls=perhaps", "cannot be used: mail: the option tls is required or none"},
		{"SMTP_URL", "smtp://", "cannot be used"},
		{"USHER_BASE_URL", "accounts.example.com", "must be an http or https URL"},
		{"USHER_BASE_URL", "ftp://accounts.example.com", "must be an http or https URL"},
		{"USHER_BASE_URL", "https://accounts.example.com/#/app", "must be only scheme and host"},
		{"USHER_BASE_URL", "https://example.com/accounts", "must be only scheme and host"},
		{"USHER_LISTEN", "127.0.0.1:99999", "must be host:port"},
		{"USHER_LISTEN", "8080", "must be host:port"},
		{"USHER_DB_CONNECTIONS", "3", "must be at least 4"},
		{"USHER_HASH_PARALLELISM", "300", "must be at most 16"},
		{"USHER_PRODUCT_NAME", strings.Repeat("x", 101), "must be at most 100 characters long"},
		{"USHER_MAIL_FROM", "Usher <no-reply>", "must be an address such as"},
		{"USHER_MAIL_TEMPLATES", broken, "cannot be used: mail: templates: "},
		{"USHER_ACCESS_LIFETIME", "15", "must be a duration such as"},
		{"USHER_ACCESS_LIFETIME", "25h", "must be at most 24h"},
		{"USHER_SESSION_LIFETIME", "1h", "must be at least USHER_SESSION_IDLE"},
		{"USHER_KEY_AHEAD", "9000h", "must be at most USHER_KEY_ROTATION"},
		{"USHER_CORS_ORIGINS", "https://app.example.com/", "must not end with /"},
		{"USHER_DRAIN", "6s", "must be at most 5s"},
	} {
		e := command(t, complete().with(variables{c.name: c.value}), "", "config", "check")
		require.Equal(t, 1, e.code, c.name)
		require.Empty(t, e.out)
		lines := strings.Split(e.errs, "\n")
		require.Len(t, lines, 4, e.errs)
		require.True(t, strings.HasPrefix(lines[1], "  "+c.name+" "+c.words), e.errs)
	}
}

func TestSecretsThatCanBeGuessed(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("x", 32), strings.Repeat("0", 200), "0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz012345",
		"change-me-to-32-random-characters-please", "please_change_this_secret_in_production", "this is my secret key change it please",
		"your-256-bit-secret-your-256-bit-secret", "my-super-secret-key-that-is-32-chars-long", "CHANGEME_CHANGEME_CHANGEME_CHANGEME_CHANGEME",
		"openssl rand -base64 48 openssl rand -base64 48", "R4nd0m!R4nd0m!R4nd0m!R4nd0m!R4nd0m!R4nd0m!",
	} {
		command(t, complete().with(variables{"USHER_SECRET": s}), "", "config", "check").fails(t,
			mistaken("USHER_SECRET can be guessed: make one with openssl rand -base64 48"))
	}
	for _, s := range []string{
		"6e151c0bc6414715e011b6147dccfe43",                                 // openssl rand -hex 16
		"Vs89eMY2pqubNby626OxXZZyXJzwjMUdT/SpVENWSjyfamm6p7iW8kLsJUH9RrpW", // openssl rand -base64 48
		strings.Repeat("Vs89eMY2pqubNby626OxXZZyXJzwjMUdT/SpVENWSjyf", 3) + "!",
	} {
		command(t, complete().with(variables{"USHER_SECRET": s}), "", "config", "check").succeeds(t)
	}
}

func TestDefaults(t *testing.T) {
	command(t, complete(), "", "config", "check").succeeds(t)
	s, err := read[settings](variables{"USHER_LOG_LEVEL": "warn", "DATABASE_URL": "postgres://elsewhere/usher"})
	require.NoError(t, err)
	require.Equal(t, slog.LevelWarn, s.LogLevel, "what the environment leaves open")
	require.Equal(t, complete()["DATABASE_URL"], s.DatabaseURL, "the environment wins")
	require.Equal(t, ":8080", s.Listen)
	require.Equal(t, Hashing{HashMemoryKiB: 19456, HashIterations: 2, HashParallelism: 1, HashQueue: 128}, s.Hashing)
	require.Equal(t, 15*time.Minute, s.AccessLifetime)
	require.Equal(t, 24*time.Hour, s.VerificationLifetime)
	require.False(t, s.FirstUserAdmin)
	require.Empty(t, s.networks())

	t.Setenv("USHER_TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8")
	s, err = read[settings](nil)
	require.NoError(t, err)
	require.Len(t, s.networks(), 2)
}

// A command asks only for the settings that it needs.
func TestDatabaseIsEnoughForItsCommands(t *testing.T) {
	nowhere := variables{"DATABASE_URL": "postgres://ada:hunter2@" + freeAddress(t) + "/usher"}
	for _, line := range []string{"migrate up", "migrate down", "migrate status", "migrate reset --yes", "user create --email ada@example.com"} {
		e := command(t, nowhere, "", strings.Fields(line)...)
		require.Regexp(t, `^usher: the database does not answer: .*connection refused\n$`, e.errs, line)
		require.Equal(t, 1, e.code)
	}
}

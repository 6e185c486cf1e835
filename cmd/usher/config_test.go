package main

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestConfigListsEverySetting(t *testing.T) {
	out := command(t, nil, "", "config").succeeds(t)
	for _, f := range settingFields(reflect.TypeFor[settings]()) {
		require.NotEmpty(t, f.Tag.Get("help"), f.Name)
		require.Regexp(t, "(?m)^"+f.Tag.Get("env")+" .*"+f.Tag.Get("envDefault")+" ", out)
	}
}

func TestConfigCheckMasksSecrets(t *testing.T) {
	out := command(t, complete().with(variables{
		"DATABASE_URL":       "postgres://ada:hunter2@db.example/usher?password=hunter3&sslpassword=hunter4&sslmode=require",
		"SMTP_URL":           "smtps://ada:hunter5@mail.example:465",
		"USHER_CORS_ORIGINS": "https://a.example.com,https://b.example.com",
	}), "", "config", "check").succeeds(t)
	require.NotContains(t, out, "hunter")
	require.NotContains(t, out, complete()["USHER_SECRET"])
	for _, line := range []string{
		`DATABASE_URL +postgres://ada:xxxxx@db.example/usher\?password=xxxxx&sslmode=require&sslpassword=xxxxx`,
		`SMTP_URL +smtps://ada:xxxxx@mail.example:465`,
		`USHER_SECRET +\*\*\*\*`,
		`USHER_BASE_URL +https://accounts.example.com`,
		`USHER_CORS_ORIGINS +https://a.example.com,https://b.example.com`,
		`USHER_ACCESS_LIFETIME +15m0s`,
		`USHER_LOG_LEVEL +INFO`,
	} {
		require.Regexp(t, "(?m)^"+line+"$", out)
	}
}

func TestEnvExample(t *testing.T) {
	const golden = "../../.env.example"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(envExample()), 0o644))
	}
	have, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, envExample(), string(have), "run this test with -update")

	example := variables{}
	for line := range strings.Lines(string(have)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(line, "#") {
			example[name] = value
		}
	}
	require.Len(t, example, len(settingFields(reflect.TypeFor[settings]())))
	e := command(t, example, "", "config", "check")
	require.Equal(t, 1, e.code)
	require.Equal(t, 4, strings.Count(e.errs, " is missing\n"), "an example has no secrets that somebody could leave as they are")
	command(t, example.with(complete()), "", "config", "check").succeeds(t)
}

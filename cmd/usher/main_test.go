package main

import (
	"bytes"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const asUsher = "USHER_TEST_PROCESS"

// Started by a test, this binary is usher itself: see process.
func TestMain(m *testing.M) {
	if os.Getenv(asUsher) != "" {
		main()
	}
	os.Exit(m.Run())
}

// variables are an environment.
type variables map[string]string

// with returns v, changed.
func (v variables) with(changes variables) variables {
	out := variables{}
	maps.Copy(out, v)
	maps.Copy(out, changes)
	return out
}

// ended is what a command left.
type ended struct {
	out, errs string
	code      int
}

// command carries out a command line in this process. It sees the given environment and none of the machine's settings.
func command(t *testing.T, environment variables, in string, args ...string) ended {
	t.Helper()
	for _, f := range settingFields(reflect.TypeFor[settings]()) {
		t.Setenv(f.Tag.Get("env"), "")
	}
	for name, value := range environment {
		t.Setenv(name, value)
	}
	var out, errs bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(in), &out, &errs)
	return ended{out.String(), errs.String(), code}
}

// succeeds wants a command to do its work and to say nothing on stderr.
func (e ended) succeeds(t *testing.T) string {
	t.Helper()
	require.Empty(t, e.errs)
	require.Zero(t, e.code)
	return e.out
}

// fails wants a command to exit with 1 after one sentence on stderr.
func (e ended) fails(t *testing.T, sentence string) {
	t.Helper()
	require.Equal(t, "usher: "+sentence+"\n", e.errs)
	require.Equal(t, 1, e.code)
}

func TestAGroupShowsItsCommands(t *testing.T) {
	for _, args := range [][]string{{}, {"user"}, {"migrate"}} {
		require.Contains(t, command(t, nil, "", args...).succeeds(t), "Available Commands:")
	}
}

func TestMistypedCommands(t *testing.T) {
	for line, sentence := range map[string]string{
		"greet":                  `unknown command "greet" for "usher"`,
		"migrate sideways":       `unknown command "sideways" for "usher migrate"`,
		"user make":              `unknown command "make" for "usher user"`,
		"config chekc":           `unknown command "chekc" for "usher config"; did you mean check?`,
		"serve now":              `unknown command "now" for "usher serve"`,
		"serve --now":            `unknown flag: --now`,
		"dev --port eighty":      `invalid argument "eighty" for "--port" flag: strconv.ParseInt: parsing "eighty": invalid syntax`,
		"migrate reset --yes=no": `invalid argument "no" for "--yes" flag: strconv.ParseBool: parsing "no": invalid syntax`,
		"user create":            `required flag(s) "email" not set`,
	} {
		command(t, nil, "", strings.Fields(line)...).fails(t, sentence)
	}
}

func TestVersion(t *testing.T) {
	require.Regexp(t, `^usher \S+\n$`, command(t, nil, "", "version").succeeds(t))
}

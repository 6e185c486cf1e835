package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/go-playground/validator/v10"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/password"
)

// mistakes say per setting what is wrong with it. They never quote a value, which may hold a password.
type mistakes map[string]string

func (m mistakes) err() error {
	if len(m) == 0 {
		return nil
	}
	lines := []string{"the settings have mistakes:"}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, "  "+name+" "+m[name])
	}
	return errors.New(strings.Join(append(lines, "`usher config` lists every setting"), "\n"))
}

// unreadable adds the values that the parser found no meaning in. The parser reads the others all the same.
func (m mistakes) unreadable(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	for _, e := range all.Errors {
		var value env.ParseError
		if !errors.As(e, &value) {
			return e
		}
		m[settingName(value.Name)] = "must be " + form(value.Type)
	}
	return nil
}

// form is what values of a type look like.
func form(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 90s, 15m or 24h"
	case reflect.TypeFor[slog.Level]():
		return "debug, info, warn or error"
	case reflect.TypeFor[bool]():
		return "true or false"
	}
	return "a whole number"
}

// invalid adds the values that break a rule of their setting. What could not be read is no reason to complain again.
func (m mistakes) invalid(s any) error {
	check := validator.New(validator.WithRequiredStructEnabled())
	check.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("env") })
	err := check.Struct(s)
	var found validator.ValidationErrors
	if !errors.As(err, &found) {
		return err
	}
	for _, f := range found {
		name, _, _ := strings.Cut(f.Field(), "[") // an element of a list
		if m[name] == "" && m[settingName(f.Param())] == "" {
			m[name] = rule(f)
		}
	}
	return nil
}

// rule is a validation tag in words.
func rule(f validator.FieldError) string {
	unit := ""
	if f.Kind() == reflect.String {
		unit = " characters long"
	}
	switch f.Tag() {
	case "required":
		return "is missing"
	case "min":
		return "must be at least " + f.Param() + unit
	case "max":
		return "must be at most " + f.Param() + unit
	case "gtefield":
		return "must be at least " + settingName(f.Param())
	case "ltefield":
		return "must be at most " + settingName(f.Param())
	case "http_url":
		return "must be an http or https URL"
	case "endsnotwith":
		return "must not end with " + f.Param()
	case "dir":
		return "must be a folder"
	case "cidr":
		return "must be networks such as 10.0.0.0/8,192.168.0.0/16"
	case "oneof":
		return "must be one of " + f.Param()
	}
	return "must satisfy " + f.Tag() + " " + f.Param()
}

// unusable adds the values that no rule in a tag describes: those who will use them are asked. Their errors go on after
// the setting's name.
func (m mistakes) unusable(s any) {
	checks := map[string]func(string) error{
		"postgres": checkPostgres, "smtp": checkSMTP, "sender": checkSender, "templates": checkTemplates,
		"listen": checkListen, "secret": checkSecret, "origin": checkOrigin,
	}
	all := reflect.ValueOf(s)
	for _, f := range settingFields(all.Type()) {
		name, value := f.Tag.Get("env"), all.FieldByIndex(f.Index)
		check, ok := checks[f.Tag.Get("check")]
		if !ok || m[name] != "" || value.IsZero() {
			continue
		}
		if err := check(value.String()); err != nil {
			m[name] = err.Error()
		}
	}
}

// settingName is the variable of a field.
func settingName(field string) string {
	f, _ := reflect.TypeFor[settings]().FieldByName(field)
	return f.Tag.Get("env")
}

func checkPostgres(address string) error {
	_, err := pgxpool.ParseConfig(address)
	if err != nil || !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return errors.New("must be a URL that Postgres understands, such as postgres://user:password@host:5432/database " +
			"(special characters in the password percent-encoded)")
	}
	return nil
}

// checkOrigin: the pages call /api/v1 and /assets, so the service is at the root of its host.
func checkOrigin(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(address, "?") || strings.HasSuffix(address, "#") {
		return errors.New("must be only scheme and host, such as https://accounts.example.com, with nothing after")
	}
	return nil
}

func checkSMTP(address string) error {
	if _, err := mail.Open(address); err != nil {
		return fmt.Errorf("cannot be used: %w", err)
	}
	return nil
}

func checkSender(address string) error {
	sample := mail.Settings{From: address, ProductName: "Usher", BaseURL: "http://localhost"}
	if _, err := mail.NewComposer(sample); err != nil {
		return errors.New("must be an address such as no-reply@example.com or Example <no-reply@example.com>")
	}
	return nil
}

func checkTemplates(folder string) error {
	sample := mail.Settings{From: "usher@localhost", ProductName: "Usher", BaseURL: "http://localhost", TemplatesDir: folder}
	if _, err := mail.NewComposer(sample); err != nil {
		return fmt.Errorf("cannot be used: %w", err)
	}
	return nil
}

func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return errors.New("must be host:port or :port, such as 127.0.0.1:8080")
	}
	return nil
}

// checkSecret refuses what was copied from somewhere, or typed on a keyboard just to have something.
func checkSecret(secret string) error {
	const sample = "please change changeme this that your super secret password passphrase token key value string example sample " +
		"dummy default placeholder insecure replace fill with random characters chars bytes bit long least not use for production prod " +
		"development dev test testing local docker compose usher openssl rand base64 hex"
	weak := password.Check(secret[:min(len(secret), password.MaxLength)], password.MinLength, sample)
	period := strings.Index((secret + secret)[1:], secret) + 1
	if len(weak) > 0 || period < len(secret) {
		return errors.New("can be guessed: make one with openssl rand -base64 48")
	}
	return nil
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

func userCommand() *cobra.Command {
	return group("user", "Manage accounts on the database", slices.Concat(
		[]*cobra.Command{userListCommand(), userShowCommand(), userCreateCommand(), userUpdateCommand()}, staffCommands(), helpCommands(),
		[]*cobra.Command{userImportCommand(), userExportCommand()})...)
}

// newcomer is what the command line says about a new account.
type newcomer struct {
	unverified          bool
	stdin, hash, invite bool // where the password comes from; generated if from nowhere
}

func userCreateCommand() *cobra.Command {
	var n newcomer
	c := withOutput(&cobra.Command{
		Use:   "create --email ADDRESS",
		Short: "Create an account, for instance the first ADMIN",
		Long: "Create adds an account whose address counts as confirmed. It prints a generated password, once, unless one is\n" +
			"given on standard input, or as the hash that another system has of it (bcrypt, argon2, scrypt, PBKDF2, in the\n" +
			"forms of PHC, Django, Werkzeug and Firebase): they sign in with the old password, which is then hashed anew.",
		Example: "  usher user create --email ada@example.com --role ADMIN\n  pass show usher | usher user create --email ada@example.com --password-stdin",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return n.create(c) },
	})
	c.Flags().String("email", "", "e-mail address (required)")
	c.Flags().String("nickname", "", "public name; made up when none is given")
	c.Flags().String("role", string(spec.RoleAUTHENTICATED), "one of "+roleNames())
	c.Flags().BoolVar(&n.stdin, "password-stdin", false, "read the password from standard input")
	c.Flags().BoolVar(&n.hash, "hash-stdin", false, "read the hash of the password from standard input")
	c.Flags().BoolVar(&n.invite, "mail", false, "mail them a link to choose a password")
	c.MarkFlagsMutuallyExclusive("password-stdin", "hash-stdin", "mail")
	c.Flags().BoolVar(&n.unverified, "unverified", false, "have the address confirmed by mail first")
	_ = c.MarkFlagRequired("email") // the flag exists
	addBodyFlags[spec.UserDraft](c, "email-verified")
	return c
}

func (n newcomer) create(c *cobra.Command) error {
	s, err := read[struct {
		Database
		Hashing
	}](nil)
	if err != nil {
		return err
	}
	d, err := n.draft(c)
	if err != nil {
		return err
	}
	secret, err := n.secret(c)
	if err != nil {
		return err
	}
	hasher, err := s.hasher()
	if err != nil {
		return err
	}
	pool, err := s.connect(c.Context())
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrated(c.Context(), pool); err != nil {
		return err
	}
	if n.hash {
		d.PasswordHash, secret = new(secret), ""
	}
	u, err := createUser(c.Context(), pool, hasher, d, secret)
	if err != nil {
		return err
	}
	made := struct {
		shownAccount
		Password string `json:"password,omitempty"`
	}{shownAccount: showAccount(u)}
	if n.stdin || n.hash || n.invite {
		return say(c, made, "Created %s (%s), %s.\n", u.Email, u.Nickname, u.Role)
	}
	made.Password = secret
	return say(c, made, "Created %s (%s), %s.\nPassword: %s\n", u.Email, u.Nickname, u.Role, secret)
}

// draft is the new account, as the contract has it.
func (n newcomer) draft(c *cobra.Command) (users.Draft, error) {
	body, err := flagsOf[spec.UserDraft](c)
	if err != nil {
		return users.Draft{}, err
	}
	b, err := asRequest[spec.UserDraft]("createUser", body)
	if err != nil {
		return users.Draft{}, err
	}
	d := users.Draft{
		Email: b.Email, Verified: !n.unverified, Nickname: b.Nickname, Role: spec.RoleAUTHENTICATED, RegisteredAs: spec.RegistrationKindReader,
		FirstName: b.FirstName, LastName: b.LastName, Bio: b.Bio, Location: b.Location, Locale: b.Locale, TimeZone: b.TimeZone,
		WebsiteURL: b.WebsiteURL, LinkedinURL: b.LinkedinURL, GithubURL: b.GithubURL,
	}
	if b.Role != nil {
		d.Role = *b.Role
	}
	if b.Fields != nil {
		in := json.NewDecoder(bytes.NewReader(b.Fields))
		in.UseNumber()
		err = in.Decode(&d.Fields)
	}
	return d, err
}

// secret is the password, its hash, or nothing for somebody who chooses by mail.
func (n newcomer) secret(c *cobra.Command) (string, error) {
	switch {
	case n.invite:
		return "", nil
	case n.hash:
		hash, err := readLine(c)
		if err == nil {
			err = password.Recognise(hash)
		}
		return hash, err
	case n.stdin:
		return readLine(c)
	}
	return password.Generate(), nil
}

// createUser makes an account as the operator, held to the rules that hold for everybody. An empty secret is none.
func createUser(ctx context.Context, pool *pgxpool.Pool, hasher *password.Hasher, d users.Draft, secret string) (db.User, error) {
	if err := users.CheckEmail(d.Email); err != nil {
		return db.User{}, fmt.Errorf("--email: %w", err)
	}
	if !d.Role.Valid() {
		return db.User{}, fmt.Errorf("--role: want one of %s", roleNames())
	}
	if d.Nickname != nil {
		if err := users.CheckNickname(*d.Nickname); err != nil {
			return db.User{}, fmt.Errorf("--nickname: %w", err)
		}
	}
	if secret != "" {
		if err := users.CheckPassword(password.MinLength, "", secret, &d.Email, d.Nickname); err != nil {
			return db.User{}, fmt.Errorf("the password: %s", fault.Of(err).Fields[0].Detail)
		}
		hash, err := hasher.Hash(ctx, secret)
		if err != nil {
			return db.User{}, err
		}
		d.PasswordHash = &hash
	}
	return store.InTx(ctx, pool, func(tx pgx.Tx) (db.User, error) { return users.Create(ctx, tx, actor.Operator(), d) })
}

func roleNames() string {
	var names []string
	for _, r := range spec.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

func readLine(c *cobra.Command) (string, error) {
	line, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the password on standard input: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("there is no password on standard input")
	}
	if !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
		return "", errors.New("the password on standard input holds what cannot be sent to sign in: control characters, or no UTF-8")
	}
	return line, nil
}

package remote

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/spec"
)

// credentials are the flags of login.
type credentials struct {
	options
	proof

	passwordFromStdin bool
}

// Login makes the command that signs in and stores the session.
func Login(s Settings) *cobra.Command {
	l := new(credentials)
	c := &cobra.Command{
		Use: "login", Short: "Sign in to a running service",
		Long: "Login signs in to a service and keeps the session in credentials.json, in the folder usher of your configuration\n" +
			"folder ($XDG_CONFIG_HOME), which only you can read. `usher api` then acts as you, and refreshes the session by itself.\n" +
			"What is left out is asked for. A session that it replaces ends.",
		Example: "  usher login --url https://accounts.example.com --email ada@example.com",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			k, err := s.caller(c, l.options)
			if err != nil {
				return err
			}
			return k.login(*l)
		},
	}
	l.connection(c)
	c.Flags().StringVar(&l.email, "email", "", "your e-mail `address`")
	c.Flags().BoolVar(&l.passwordFromStdin, "password-stdin", false, "read the password from standard input")
	c.Flags().StringVar(&l.otp, "otp", "", "`code` of the authenticator app")
	c.Flags().StringVar(&l.recovery, "recovery-code", "", "one of the recovery `codes`, instead")
	c.MarkFlagsMutuallyExclusive("otp", "recovery-code")
	return c
}

func (k *caller) login(l credentials) error {
	name := cmp.Or(k.profile, defaultProfile)
	all, err := k.store.read()
	if err != nil {
		return err
	}
	address := cmp.Or(k.url, k.Getenv(URLVariable), all[name].URL)
	if address == "" {
		if address, err = k.need("--url", "Address of the service", false); err != nil {
			return err
		}
	}
	if address, err = origin(address, k.insecure || address == all[name].URL); err != nil {
		return err
	}
	if l.email == "" {
		if l.email, err = k.need("--email", "E-mail address", false); err != nil {
			return err
		}
	}
	if l.passwordFromStdin {
		l.password, err = line(k.in)
		if errors.Is(err, io.EOF) {
			err = errors.New("there is no password on standard input")
		}
	} else {
		l.password, err = k.need("--password-stdin", "Password", true)
	}
	if err != nil {
		return err
	}
	t, err := k.signIn(k.cmd.Context(), address, l.proof)
	if err != nil {
		return err
	}
	made := profile{URL: address, Email: l.email}
	if err := k.keep(k.cmd.Context(), name, made.with(t), new(profile)); err != nil {
		return err
	}
	note(k.cmd.OutOrStdout(), "Signed in to %s as %s.", address, l.email)
	return nil
}

// need asks for what a flag did not give.
func (k *caller) need(flag, label string, secret bool) (string, error) {
	answer, err := k.Ask(label, secret)
	switch {
	case errors.Is(err, ErrNobody):
		return "", fmt.Errorf("%s: this is needed where nobody can be asked", flag)
	case err == nil && answer == "":
		return "", fmt.Errorf("%s: there was no answer", flag)
	}
	return answer, err
}

// Logout makes the command that ends the stored session.
func Logout(s Settings) *cobra.Command {
	o := new(options)
	var forget bool
	c := &cobra.Command{
		Use: "logout", Short: "Sign out of a running service",
		Long: "Logout ends the session on the service and removes it from this machine.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			k, err := s.caller(c, *o)
			if err != nil {
				return err
			}
			return k.logout(forget)
		},
	}
	c.Flags().StringVar(&o.profile, "profile", "", "`name` of the stored sign-in to end (default \""+defaultProfile+"\")")
	c.Flags().BoolVar(&forget, "forget", false, "only remove it from this machine, for a service that is gone")
	return c
}

func (k *caller) logout(forget bool) error {
	ctx, name := k.cmd.Context(), cmp.Or(k.profile, defaultProfile)
	all, err := k.store.read()
	if err != nil {
		return err
	}
	stored, known := all[name]
	if !known {
		return errors.New("there is no stored sign-in (profile " + name + ")")
	}
	if !forget {
		s, op := &session{caller: k, url: stored.URL, name: name, stored: stored}, operation("signOut")
		res, err := s.do(ctx, &request{op: op, method: op.Method, path: spec.BasePath + op.Path, header: http.Header{}})
		if err != nil && !errors.Is(err, errEnded) && !is(err, spec.ProblemUnauthenticated) { // else it had ended before
			return err
		}
		if err == nil {
			_ = res.Body.Close()
		}
	}
	if err := k.store.change(ctx, k.Pause, func(all profiles) error { delete(all, name); return nil }); err != nil {
		return err
	}
	note(k.cmd.OutOrStdout(), "Signed out of %s.", stored.URL)
	return nil
}

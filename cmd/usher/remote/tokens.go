package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usherhq/usher/gen/spec"
)

// The grants of the token endpoint (RFC 6749).
const (
	passwordGrant = "password"
	mfaGrant      = "urn:usher:grant-type:mfa"
)

// courtesy is how long ending a session may take that would end by itself.
const courtesy = 5 * time.Second

// proof is what somebody shows to sign in. What is missing is asked for.
type proof struct{ email, password, otp, recovery string }

// tokens asks the token endpoint.
func (k *caller) tokens(ctx context.Context, service string, form url.Values) (spec.Token, error) {
	var t spec.Token
	res, err := k.patient(ctx, service, posted("issueToken", form), "")
	if err != nil {
		return t, err
	}
	b, err := body(res)
	if err != nil {
		return t, err
	}
	if json.Unmarshal(b, &t) != nil || t.AccessToken == "" {
		return t, fmt.Errorf("%s answers with something else than tokens: is it an Usher service?", service)
	}
	return t, nil
}

// posted is a request with a form to an operation.
func posted(id string, form url.Values) *request {
	op, text := operation(id), form.Encode()
	return &request{
		op: op, method: op.Method, path: spec.BasePath + op.Path, header: http.Header{"Content-Type": {formType}},
		body: func() (io.ReadCloser, int64, error) {
			return io.NopCloser(strings.NewReader(text)), int64(len(text)), nil
		},
	}
}

// signIn trades proofs for tokens, in two steps if the account has a second factor.
func (k *caller) signIn(ctx context.Context, service string, p proof) (spec.Token, error) {
	form := url.Values{"grant_type": {passwordGrant}, "username": {p.email}, "password": {p.password}}
	t, err := k.tokens(ctx, service, form)
	var challenge *failure
	if !is(err, spec.ProblemMfaRequired) || !errors.As(err, &challenge) {
		return t, err
	}
	form = url.Values{"grant_type": {mfaGrant}, "mfa_token": {challenge.MFAToken}}
	switch {
	case p.recovery != "":
		form.Set("recovery_code", p.recovery)
	case p.otp != "":
		form.Set("otp", p.otp)
	default:
		code, err := k.Ask("Code of the authenticator app", false)
		if errors.Is(err, ErrNobody) {
			challenge.hint = "Give it as --otp, or a recovery code as --recovery-code."
			return t, challenge
		}
		if err != nil {
			return t, err
		}
		form.Set("otp", strings.ReplaceAll(code, " ", ""))
	}
	return k.tokens(ctx, service, form)
}

// prove has whoever sits at the terminal sign in again, and goes on with the new session. The old one ends.
func (s *session) prove(ctx context.Context) error {
	note(s.cmd.ErrOrStderr(), "This takes a recent sign-in.")
	password, err := s.Ask("Password for "+clean(s.stored.Email), true)
	if err != nil {
		return err
	}
	t, err := s.signIn(ctx, s.url, proof{email: s.stored.Email, password: password})
	if err != nil {
		return err
	}
	return s.keep(ctx, s.name, s.stored.with(t), &s.stored)
}

// keep stores a sign-in, and ends the one that it replaces.
func (k *caller) keep(ctx context.Context, name string, made profile, kept *profile) error {
	var before profile
	err := k.store.change(ctx, k.Pause, func(all profiles) error {
		before, all[name] = all[name], made
		return nil
	})
	if err != nil {
		return err
	}
	*kept = made
	if before.Refresh != "" {
		ctx, done := context.WithTimeout(ctx, courtesy)
		defer done()
		res, err := k.send(ctx, before.URL, "", posted("revokeToken", url.Values{"token": {before.Refresh}}))
		if err == nil {
			_ = res.Body.Close() // it ends by itself if this did not end it
		}
	}
	return nil
}

package remote

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usherhq/usher/gen/spec"
)

var errEnded = errors.New("the sign-in has ended: run `usher login` again")

// early is how long before its end an access token is replaced.
const early = 30 * time.Second

// session is whom requests are sent as. It has no token if there is none for the service.
type session struct {
	*caller
	url    string
	name   string // of the profile; empty if the tokens are not stored
	token  string // from the environment
	stored profile
}

// open finds out where requests go, and as whom. A token goes to the service that it is from, and nowhere else.
func (k *caller) open() (*session, error) {
	address, token := k.url, k.Getenv(TokenVariable)
	if token != "" && k.profile == "" {
		if address == "" {
			address = k.Getenv(URLVariable)
		}
		if address == "" {
			return nil, errors.New(TokenVariable + " is set, and " + URLVariable + " is not: which service is the token of?")
		}
		at, err := origin(address, k.insecure)
		if known := k.Getenv(URLVariable); known != "" && strings.TrimSuffix(known, "/") != at {
			token = ""
		}
		return &session{caller: k, url: at, token: token}, err
	}
	name := k.profile
	if name == "" {
		name = defaultProfile
		if address == "" {
			address = k.Getenv(URLVariable)
		}
	}
	all, err := k.store.read()
	if err != nil {
		return nil, err
	}
	stored, known := all[name]
	if address == "" && !known {
		return nil, errors.New("sign in first with `usher login`, or say with --url which service this is for (profile " + name + ")")
	}
	if address == "" {
		return &session{caller: k, url: stored.URL, name: name, stored: stored}, nil
	}
	at, err := origin(address, k.insecure)
	if known && stored.URL == at {
		return &session{caller: k, url: at, name: name, stored: stored}, err
	}
	return &session{caller: k, url: at}, err
}

// access is an access token that still counts, as far as can be told; empty if there is none. One that was refused is
// replaced.
func (s *session) access(ctx context.Context, refused string) (string, error) {
	if s.name == "" {
		if refused != "" {
			return "", nil
		}
		return s.token, nil
	}
	usable := func(p profile) bool { return p.Access != refused && time.Until(p.Expires) > early }
	if usable(s.stored) {
		return s.stored.Access, nil
	}
	err := s.store.change(ctx, s.Pause, func(all profiles) error {
		if s.stored = all[s.name]; s.stored.Refresh == "" || usable(s.stored) {
			return nil // signed out meanwhile, or another usher was first
		}
		// What the service has answered must be stored, or the session is lost.
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer done()
		t, err := s.tokens(ctx, s.url, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.stored.Refresh}})
		if is(err, spec.ProblemInvalidGrant) {
			return errEnded
		}
		if err != nil {
			return err
		}
		s.stored = s.stored.with(t)
		all[s.name] = s.stored
		return nil
	})
	return s.stored.Access, err
}

// with is the sign-in with its next tokens.
func (p profile) with(t spec.Token) profile {
	p.Access, p.Refresh, p.Expires = t.AccessToken, t.RefreshToken, time.Now().Add(time.Duration(t.ExpiresIn)*time.Second).UTC()
	return p
}

// do sends a request as the session, and returns an answer that is no failure. An access token that is refused is replaced
// once; who has to prove again who they are is asked to, once.
func (s *session) do(ctx context.Context, r *request) (*http.Response, error) {
	public := r.op != nil && r.op.Public
	refused, proved := "", false
	for {
		access := ""
		if !public {
			var err error
			if access, err = s.access(ctx, refused); err != nil {
				return nil, err
			}
		}
		res, err := s.patient(ctx, r, bearer(access))
		switch {
		case err == nil:
			return res, nil
		case is(err, spec.ProblemUnauthenticated) && refused == "" && s.name != "" && !r.stdin:
			refused = access
		case is(err, spec.ProblemStepUpRequired) && !proved && s.name != "" && !r.stdin:
			if again := s.prove(ctx); again != nil {
				return nil, s.advise(err, again)
			}
			proved = true
		default:
			return nil, s.advise(err, nil)
		}
	}
}

// advise adds what to do about a failure on the command line.
func (s *session) advise(err, prevented error) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case prevented != nil && !errors.Is(prevented, ErrNobody):
		return prevented
	case is(err, spec.ProblemStepUpRequired):
		f.hint = "Run `usher login` again, and repeat this."
	case is(err, spec.ProblemUnauthenticated) && s.token != "":
		f.hint = "The token in " + TokenVariable + " is refused."
	case is(err, spec.ProblemUnauthenticated):
		f.hint = "Run `usher login` first."
	}
	return f
}

// patient sends a request, and makes the pauses that the service wants if it may.
func (k *caller) patient(ctx context.Context, s string, r *request, authorization string) (*http.Response, error) {
	for {
		res, err := k.send(ctx, s, authorization, r)
		if err != nil {
			return nil, err
		}
		if res.StatusCode < http.StatusMultipleChoices || res.StatusCode == http.StatusNotModified {
			return res, nil
		}
		err = failed(res)
		busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable
		if !busy || !k.wait || r.stdin {
			return nil, err
		}
		wanted := max(retryAfter(res), time.Second)
		note(k.cmd.ErrOrStderr(), "%d: waiting for %s", res.StatusCode, wanted)
		if err := k.Pause(ctx, wanted); err != nil {
			return nil, err
		}
	}
}

func (s *session) patient(ctx context.Context, r *request, authorization string) (*http.Response, error) {
	return s.caller.patient(ctx, s.url, r, authorization)
}

func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Bearer " + token
}

// basic are the credentials of a client (RFC 6749 section 2.3.1).
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

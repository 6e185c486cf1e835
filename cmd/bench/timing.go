package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/password"
)

// probe is a request that anybody may send about an address, to find out whether it has an account.
type probe struct {
	what    string
	waiting bool   // the account has not confirmed its address
	status  string // of the answer
	request func(email string) []byte
}

func probes() []probe {
	about := func(path, format string) func(string) []byte {
		return func(email string) []byte { return posting(path, "application/json", fmt.Sprintf(format, email)) }
	}
	guess := func(email string) []byte {
		return post(spec.IssueTokenPath(), url.Values{"grant_type": {"password"}, "username": {email}, "password": {"a wrong guess, I fear"}})
	}
	register := about(spec.RegisterUserPath(), `{"email":%q,"password":"`+everyPassword+`"}`)
	verify := about(spec.RequestVerificationPath(), `{"email":%q}`)
	return []probe{
		{"sign-in with a wrong password", false, "401", guess},
		{"forgotten password", false, "202", about(spec.RequestPasswordResetPath(), `{"email":%q}`)},
		{"registration", false, "202", register},
		{"registration, known but not verified", true, "202", register},
		{"verification mail", false, "202", verify},
		{"verification mail, known but not verified", true, "202", verify},
	}
}

const warmUp = 20 // pairs that do not count

// runTiming holds known addresses against unknown ones and prints what the time of the answers tells.
func runTiming(ctx context.Context, args []string, out, notes io.Writer) error {
	o, err := parseTiming(args, notes)
	if err != nil {
		return err
	}
	fmt.Fprintf(notes, "building, and filling a database with %s users\n", count(o.users))
	l, err := newLab(ctx, o.options)
	if err != nil {
		return err
	}
	defer l.close()
	// No limit and no lock: they would answer before what is to be timed.
	l.settings = []string{"USHER_CONCEAL_ACCOUNTS=true", "USHER_RATE_LIMIT_SCALE=0", "USHER_LOCK_AFTER=100"}
	table, err := l.timing(ctx, o, notes)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, layOut(table))
	fmt.Fprintf(out, "%s users. %d pairs of each request, about fresh addresses of the same length, the known one first or second as coins fall, on\n"+
		"one connection, one after the other, after %d pairs to warm up. The service conceals accounts; no limits. Medians, and\n"+
		"of the difference within pairs the interval that holds its median with 95 %% certainty (sign test).\n\n", count(l.users), o.pairs, warmUp)
	return l.describeMachine(ctx, out)
}

// timingOptions are what to time, and how often.
type timingOptions struct {
	options
	pairs  int // of each probe
	probes []probe
}

func parseTiming(args []string, notes io.Writer) (timingOptions, error) {
	o := timingOptions{options: options{hashing: password.DefaultParams()}}
	f := flag.NewFlagSet("bench timing", flag.ContinueOnError)
	f.SetOutput(notes)
	f.IntVar(&o.users, "users", 20_000, "accounts in the database")
	f.IntVar(&o.pairs, "pairs", 500, "pairs of a known and an unknown address, for each request")
	only := f.String("only", "", "part of the names of the requests to time; empty: all of them")
	f.BoolVar(&o.quick, "quick", false, "only see whether everything works: 2,000 users, 10 pairs")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.quick {
		o.users, o.pairs = 2_000, 10
		o.hashing = password.Params{MemoryKiB: 7 << 10, Iterations: 1, Parallelism: 1}
	}
	o.probes = slices.DeleteFunc(probes(), func(p probe) bool { return !strings.Contains(p.what, *only) })
	least := max(len(o.probes)*(o.pairs+warmUp), 2*callers)
	if len(o.probes) == 0 || o.pairs < 6 || o.users < least {
		return o, fmt.Errorf("want a request to time, at least 6 pairs, and for these %s users", count(least))
	}
	return o, nil
}

// timing sends every probe about pairs of addresses and compares.
func (l *lab) timing(ctx context.Context, o timingOptions, notes io.Writer) ([][]string, error) {
	s, err := l.service(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	table := [][]string{{"p50", "known", "unknown", "difference", "95 % interval", "verdict"}}
	stride := l.users / len(o.probes) / (o.pairs + warmUp)
	for i, p := range o.probes {
		fmt.Fprintln(notes, p.what)
		var known []string // nobody is asked about twice
		for n := range o.pairs + warmUp {
			known = append(known, crowd{}.person((n*len(o.probes)+i)*stride).email)
		}
		if p.waiting {
			if err := l.unverify(ctx, known); err != nil {
				return nil, err
			}
		}
		c, err := p.compare(ctx, s, known)
		if err != nil {
			return nil, err
		}
		table = append(table, c.line())
	}
	return table, nil
}

// unverify makes accounts wait for the confirmation of their address.
func (l *lab) unverify(ctx context.Context, emails []string) error {
	_, err := l.db.Exec(ctx, "UPDATE users SET email_verified_at = NULL, role = $1 WHERE email_key = ANY ($2)", string(spec.RoleANONYMOUS), emails)
	if err == nil {
		_, err = l.db.Exec(ctx, "VACUUM (ANALYZE) users")
	}
	return err
}

// compare times the probe for each known address, and for one that differs in a letter, sorts next to it and has no account.
func (p probe) compare(ctx context.Context, s *server, emails []string) (comparison, error) {
	c := comparison{what: p.what}
	to, err := dial(ctx, s.address)
	if err != nil {
		return c, err
	}
	defer to.close()
	for i, email := range emails {
		a, b, err := p.pair(to, p.request(email), p.request(strings.Replace(email, "example", "another", 1)))
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return c, err
		}
		if i >= warmUp {
			c.known, c.unknown = append(c.known, a), append(c.unknown, b)
		}
	}
	return c, nil
}

// pair sends both requests, in either order.
func (p probe) pair(to *conn, known, unknown []byte) (a, b time.Duration, err error) {
	send := func(request []byte, took *time.Duration) {
		if err == nil {
			start := time.Now()
			_, err = to.expect(p.status, request)
			*took = time.Since(start)
		}
	}
	if rand.IntN(2) == 0 {
		send(known, &a)
		send(unknown, &b)
	} else {
		send(unknown, &b)
		send(known, &a)
	}
	return a, b, err
}

// Bench runs the service beside a bare program that does the same work without any of the service's care (see floor), on
// one private Postgres, and prints a table of ratios. Each figure is the median of rounds in which the two take turns, so
// that what slows down the machine slows down both. It needs nothing but Go and Postgres's programs, and takes some minutes.
//
// "bench growth" measures lists and searches at 10 thousand, 100 thousand and a million users.
//
// "bench timing" looks for what the time of an answer tells instead: whether an address has an account.
// "bench import" measures how fast users from a CSV file are stored.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/usherhq/usher/server/password"
)

// options are what to measure, and for how long.
type options struct {
	users       int           // accounts in the database
	connections int           // to each server
	rounds      int           // of which the median counts
	duration    time.Duration // of one measurement in a round
	page        int           // the deep one; 0: half way through the list
	starts      int
	hashing     password.Params // of everybody's password
	profiles    string          // the folder for profiles; empty: none
	quick       bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures what args ask for, prints the table on out and tells on notes what it is about.
func run(ctx context.Context, args []string, out, notes io.Writer) error {
	if len(args) > 0 && args[0] == "timing" {
		return runTiming(ctx, args[1:], out, notes)
	}
	if len(args) > 0 && args[0] == "import" {
		return runImport(ctx, args[1:], out, notes)
	}
	if len(args) > 0 && args[0] == "growth" {
		return runGrowth(ctx, args[1:], out, notes)
	}
	o, err := parse(args, notes)
	if err != nil {
		return err
	}
	note := func(format string, a ...any) { fmt.Fprintf(notes, format+"\n", a...) }
	note("building, and filling a database with %s users", count(o.users))
	l, err := newLab(ctx, o)
	if err != nil {
		return err
	}
	defer l.close()
	rows, err := l.measure(ctx, note)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, render(rows))
	return l.describe(ctx, out)
}

// measure does all the measuring, the starts first, which need a machine that does nothing else.
func (l *lab) measure(ctx context.Context, note func(string, ...any)) ([]row, error) {
	note("starting %d times", l.starts)
	begun, err := l.measureStarts(ctx)
	if err != nil {
		return nil, err
	}
	note("signing people in")
	floor, service, err := l.targets(ctx)
	if err != nil {
		return nil, err
	}
	all := newContests(l.page, floor, service)
	for round := range l.rounds {
		note("requests, round %d of %d", round+1, l.rounds)
		if err := all.round(ctx, l.duration, round); err != nil {
			return nil, err
		}
	}
	if l.profiles != "" {
		note("profiles")
		if err := all.profile(ctx, l.profiles, service.pid()); err != nil {
			return nil, err
		}
	}
	s := storm{service: service, people: l.accounts.people, hashing: l.hashing}
	for round := range l.rounds {
		note("sign-ins, round %d of %d", round+1, l.rounds)
		if err := s.round(ctx, l.duration); err != nil {
			return nil, err
		}
	}
	s.calm()
	return slices.Concat(all.rows(l.page), s.rows(), begun.rows()), nil
}

// parse reads the command line. -quick is a smoke run: its figures mean nothing.
func parse(args []string, notes io.Writer) (options, error) {
	o := options{starts: 5, hashing: password.DefaultParams()}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(notes)
	f.IntVar(&o.users, "users", 200_000, "accounts in the database")
	f.IntVar(&o.connections, "connections", 8, "connections to each server")
	f.IntVar(&o.rounds, "rounds", 7, "rounds, of which the median counts")
	f.DurationVar(&o.duration, "duration", 2*time.Second, "length of one measurement in a round")
	f.IntVar(&o.page, "page", 0, "number of the deep page of 50; 0: half way through the list")
	f.StringVar(&o.profiles, "profile", "", "folder for profiles of the service, made by perf")
	f.BoolVar(&o.quick, "quick", false, "only see whether everything works: 2,000 users, a few seconds")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.quick {
		o.users, o.rounds, o.duration, o.starts = 2_000, 1, 100*time.Millisecond, 1
		o.hashing = password.Params{MemoryKiB: 7 << 10, Iterations: 1, Parallelism: 1}
	}
	if o.page == 0 {
		o.page = o.users / pageSize / 2
	}
	if o.users < 2*callers || o.connections < 1 || o.connections > callers || o.rounds < 1 || o.page < 2 || o.page > o.users/pageSize {
		return o, fmt.Errorf("want at least %d users, 1 to %d connections, a round and a page of the list", 2*callers, callers)
	}
	return o, nil
}

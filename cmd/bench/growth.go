package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/password"
)

// figure is a kind of request that is measured at every size.
type figure struct {
	what    string
	workers func(t *target) []work
}

// listed is a figure of a list of accounts: a page of 50 that matches filters, in an order.
func listed(what, filters string) figure {
	path := listPath
	if filters != "" {
		path += "&" + filters
	}
	return figure{what, func(t *target) []work { return t.conns.reading(path, t.admin) }}
}

func figures() []figure {
	week := url.Values{"registered_from": {ago(100)}, "registered_to": {ago(93)}, "sort": {string(spec.UserOrderEmail)}}
	return []figure{
		{"GET /me", func(t *target) []work { return t.conns.reading(mePath, t.readers...) }},
		{"refresh of a token", (*target).renewing},
		listed("first page", ""),
		{"page in the middle", func(t *target) []work { return t.conns.reading(t.deepPath, t.admin) }},
		listed("sort=last_name", "sort=last_name"),
		listed("sort=-last_login_at", "sort=-last_login_at"),
		listed("q, one hit", "q=reader.4711%40"),
		listed("q, 8 % hits", "q=lovelace"),
		listed("q, first and last name", "q=ada+lovelace"),
		listed("q, miss", "q=zzyzx"),
		listed("q, miss made of frequent parts", "q=example.comma"),
		listed("q, one letter", "q=a"),
		listed("q, one letter, miss", "q=%D0%B6"),
		listed("q, two letters, miss", "q=qz"),
		listed("text, half hits", "text=compilers+gardens"),
		listed("text, miss", "text=zzyzx"),
		listed("role=ADMIN, sort=email", "role=ADMIN&sort=email"),
		listed("role=AUTHOR, sort=-last_login_at", "role=AUTHOR&sort=-last_login_at"),
		listed("status=suspended, sort=nickname", "status=suspended&sort=nickname"),
		listed("verified=false, sort=last_name", "verified=false&sort=last_name"),
		listed("locked=true", "locked=true"),
		listed("professional, AUTHOR, sort=-updated_at", "professional=true&role=AUTHOR&sort=-updated_at"),
		listed("registered in one week, sort=email", week.Encode()),
		listed("q, AUTHOR, verified, sort=nickname", "q=lovelace&role=AUTHOR&verified=true&sort=nickname"),
		listed("count of all", "count=true"),
		listed("count of AUTHORs", "count=true&role=AUTHOR"),
	}
}

// ago is the time so many days ago.
func ago(days int) string { return time.Now().AddDate(0, 0, -days).UTC().Format(time.RFC3339) }

// growthOptions are the sizes to measure at, and how.
type growthOptions struct {
	options
	sizes []int
	only  string
}

func parseGrowth(args []string, notes io.Writer) (growthOptions, error) {
	o := growthOptions{options: options{hashing: password.DefaultParams()}}
	f := flag.NewFlagSet("bench growth", flag.ContinueOnError)
	f.SetOutput(notes)
	f.IntVar(&o.connections, "connections", 8, "connections to the service")
	f.DurationVar(&o.duration, "duration", 3*time.Second, "length of one measurement")
	f.StringVar(&o.only, "only", "", "part of the names of the requests to measure; empty: all of them")
	sizes := f.String("users", "10000,100000,1000000", "accounts in the database, one size after the other")
	f.BoolVar(&o.quick, "quick", false, "only see whether everything works: 2,000 and 4,000 users")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.quick {
		*sizes, o.duration = "2000,4000", 50*time.Millisecond
		o.hashing = password.Params{MemoryKiB: 7 << 10, Iterations: 1, Parallelism: 1}
	}
	for size := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 2*callers {
			return o, fmt.Errorf("-users: want numbers of at least %d, separated by commas", 2*callers)
		}
		o.sizes = append(o.sizes, n)
	}
	return o, nil
}

// runGrowth measures the same requests on ever larger databases and prints a line for each.
func runGrowth(ctx context.Context, args []string, out, notes io.Writer) error {
	o, err := parseGrowth(args, notes)
	if err != nil {
		return err
	}
	head, lines := []string{"p50, p99"}, map[string][]string{}
	for i, size := range o.sizes {
		head = append(head, count(size)+" users")
		at := o.options
		at.users, at.page = size, size/pageSize/2
		describe := io.Discard
		if i == len(o.sizes)-1 {
			describe = out
		}
		if err := o.measure(ctx, at, lines, notes, describe); err != nil {
			return err
		}
	}
	table := [][]string{head}
	for _, f := range figures() {
		if cells := lines[f.what]; cells != nil {
			table = append(table, append([]string{f.what}, cells...))
		}
	}
	fmt.Fprintln(out, "\n"+layOut(table))
	return nil
}

// measure adds a cell to the line of each figure.
func (o growthOptions) measure(ctx context.Context, at options, lines map[string][]string, notes, describe io.Writer) error {
	fmt.Fprintf(notes, "building, and filling a database with %s users\n", count(at.users))
	l, err := newLab(ctx, at)
	if err != nil {
		return err
	}
	defer l.close()
	t, err := l.target(ctx, l.service, signIn)
	if err != nil {
		return err
	}
	if t.deepPath, err = t.walk(at.page); err != nil {
		return err
	}
	for _, f := range figures() {
		if !strings.Contains(f.what, o.only) {
			continue
		}
		fmt.Fprintln(notes, f.what)
		workers := f.workers(t)
		if _, err := load(ctx, at.duration/4, workers); err != nil { // to warm up
			return fmt.Errorf("%s: %w", f.what, err)
		}
		s, err := load(ctx, at.duration, workers)
		if err != nil {
			return fmt.Errorf("%s: %w", f.what, err)
		}
		lines[f.what] = append(lines[f.what], short(s.p50)+", "+short(s.p99))
	}
	return l.describeMachine(ctx, describe)
}

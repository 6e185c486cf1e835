package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/usherhq/usher/server/password"
)

const (
	few  = 8
	many = callers
)

// storm is many people who sign in at once, each over and over again, held against what the machine can hash when it does
// nothing else.
type storm struct {
	service *target
	people  []account
	hashing password.Params
	rounds  []gust
	after   int64 // bytes the service has in memory once the storm is over
}

// gust is what one round of a storm found.
type gust struct {
	bare, few, many sample
	reads           sample // GET /me while many sign in
	peak            int64  // bytes the service had in memory then
}

// round measures the bare hashes, then few and many who sign in.
func (s *storm) round(ctx context.Context, d time.Duration) error {
	bare := slices.Repeat([]work{s.hash}, runtime.NumCPU())
	var g gust
	var err error
	if g.bare, err = load(ctx, d, bare); err != nil {
		return err
	}
	if g.few, err = s.signIn(ctx, d, few); err != nil {
		return err
	}
	s.service.forgetPeak()
	g.reads, err = s.reads(ctx, func() (err error) {
		g.many, err = s.signIn(ctx, d, many)
		return err
	})
	_, g.peak = s.service.memory()
	s.rounds = append(s.rounds, g)
	return err
}

// calm waits until the service has had time to tidy up, and looks at its memory.
func (s *storm) calm() {
	time.Sleep(5 * time.Second)
	s.after, _ = s.service.memory()
}

// signIn has n people sign in, each on a connection of their own.
func (s *storm) signIn(ctx context.Context, d time.Duration, n int) (sample, error) {
	all, err := dialAll(ctx, s.service.server, n)
	if err != nil {
		return sample{}, err
	}
	defer all.close()
	var workers []work
	for i, c := range all {
		request := signInRequest(s.people[i])
		workers = append(workers, func() error {
			_, err := c.send(request)
			return err
		})
	}
	return load(ctx, d, workers)
}

// reads asks GET /me now and then, on behalf of all readers in turn, for as long as during takes.
func (s *storm) reads(ctx context.Context, during func() error) (sample, error) {
	c, err := dialAll(ctx, s.service.server, 1)
	if err != nil {
		return sample{}, err
	}
	defer c.close()
	reader := c.reading(mePath, s.service.readers...)[0]
	stop, failed := make(chan struct{}), make(chan error, 1)
	var found sample
	go func() {
		var err error
		found, err = pace(20*time.Millisecond, reader, stop)
		failed <- err
	}()
	err = during()
	close(stop)
	return found, cmp.Or(<-failed, err)
}

// hash is one sign-in's share of argon2id, without anything around it.
func (s *storm) hash() error {
	p := s.hashing
	argon2.IDKey([]byte(everyPassword), make([]byte, 16), p.Iterations, p.MemoryKiB, p.Parallelism, 32)
	return nil
}

// rows are the lines of the table.
func (s *storm) rows() []row {
	const least, slowest, slowestRead, most, idle = 0.85, 1200 * time.Millisecond, 20 * time.Millisecond, 130_000_000, 45_000_000
	series := func(of func(gust) sample) (out []sample) {
		for _, g := range s.rounds {
			out = append(out, of(g))
		}
		return out
	}
	bare, few, many := series(func(g gust) sample { return g.bare }), series(func(g gust) sample { return g.few }), series(func(g gust) sample { return g.many })
	reads := middle(series(func(g gust) sample { return g.reads }))
	compare := func(what string, list []sample) row {
		ratio := between(list, bare, rate)
		return row{what, middle(bare).String(), middle(list).String(), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("at least %.2f", least), ratio >= least}
	}
	var peak int64
	for _, g := range s.rounds {
		peak = max(peak, g.peak)
	}
	return []row{
		compare("8 sign in at once (floor: bare argon2id)", few),
		compare("64 sign in at once (floor: bare argon2id)", many),
		{"p99 of the 64", "", short(middle(many).p99), "", "below " + short(slowest), middle(many).p99 < slowest},
		{"p99 of GET /me meanwhile", "", short(reads.p99), "", "below " + short(slowestRead), reads.p99 < slowestRead},
		{"memory meanwhile", "", megabytes(peak), "", "below " + megabytes(most), peak < most},
		{"memory 5s after", "", megabytes(s.after), "", "at most " + megabytes(idle), s.after <= idle},
	}
}

package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// contest is one kind of request that the floor and the service are held against each other with.
type contest struct {
	what           string
	least          float64 // the ratio of the rates to reach
	floor, service contender
}

type contender struct {
	workers []work
	samples []sample // one of each round
}

type contests []*contest

func newContests(page int, floor, service *target) contests {
	var all contests
	add := func(what string, least float64, workers func(*target) []work) {
		all = append(all, &contest{what, least, contender{workers: workers(floor)}, contender{workers: workers(service)}})
	}
	add("GET /me", 0.9, func(t *target) []work { return t.conns.reading(mePath, t.readers...) })
	add("GET /users, first page of 50", 0.7, func(t *target) []work { return t.conns.reading(listPath, t.admin) })
	add("GET /users, page "+count(page), 0.7, func(t *target) []work { return t.conns.reading(t.deepPath, t.admin) })
	add("refresh of a token", 0.8, (*target).renewing)
	return all
}

// reading gets a path on each connection, on behalf of some people in turn.
func (all conns) reading(path string, who ...*session) []work {
	var requests [][]byte
	for _, s := range who {
		requests = append(requests, get(path, s.access))
	}
	var workers []work
	for i, c := range all {
		workers = append(workers, func() error {
			i = (i + len(all)) % len(requests)
			_, err := c.send(requests[i])
			return err
		})
	}
	return workers
}

// renewing refreshes tokens on each connection, which has sessions of its own.
func (t *target) renewing() []work {
	var workers []work
	for i, c := range t.conns {
		var own []*session
		for j := i; j < len(t.renewers); j += len(t.conns) {
			own = append(own, t.renewers[j])
		}
		turn := 0
		workers = append(workers, func() error {
			turn = (turn + 1) % len(own)
			return own[turn].renew(c)
		})
	}
	return workers
}

// round lets the two take turns at each kind of request; who begins changes from round to round.
func (all contests) round(ctx context.Context, d time.Duration, round int) error {
	for _, c := range all {
		turns := []*contender{&c.floor, &c.service}
		if round%2 == 1 {
			slices.Reverse(turns)
		}
		for _, t := range turns {
			if round == 0 {
				if _, err := load(ctx, d/4, t.workers); err != nil { // to warm up
					return err
				}
			}
			s, err := load(ctx, d, t.workers)
			if err != nil {
				return err
			}
			t.samples = append(t.samples, s)
		}
	}
	return nil
}

// between is the median of what two series of samples, taken in the same rounds, are to each other.
func between[N float64 | time.Duration](a, b []sample, of func(sample) N) float64 {
	var ratios []float64
	for i := range a {
		ratios = append(ratios, float64(of(a[i]))/float64(of(b[i])))
	}
	return median(ratios, func(r float64) float64 { return r })
}

func rate(s sample) float64          { return s.rate }
func typical(s sample) time.Duration { return s.p50 }

// rows are the lines of the table.
func (all contests) rows(page int) []row {
	var out []row
	for _, c := range all {
		ratio := between(c.service.samples, c.floor.samples, rate)
		out = append(out, row{c.what, middle(c.floor.samples).String(), middle(c.service.samples).String(),
			fmt.Sprintf("%.2f", ratio), fmt.Sprintf("at least %.2f", c.least), ratio >= c.least})
	}
	first, deep := all[1], all[2]
	own := between(deep.service.samples, first.service.samples, typical)
	return append(out, row{
		fmt.Sprintf("page %s : first page, p50", count(page)),
		fmt.Sprintf("%.2f", between(deep.floor.samples, first.floor.samples, typical)), fmt.Sprintf("%.2f", own),
		"", "at most 1.20", own <= 1.2,
	})
}

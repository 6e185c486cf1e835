package main

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// work is one piece of work, done again and again by one worker: a request on a connection of its own, or a hash.
type work func() error

// sample is what one measurement found.
type sample struct {
	rate     float64 // per second
	p50, p99 time.Duration
}

// load keeps every worker busy for as long as d and lets each finish what it has begun.
func load(ctx context.Context, d time.Duration, workers []work) (sample, error) {
	type result struct {
		took []time.Duration
		err  error
	}
	results := make(chan result, len(workers))
	start := time.Now()
	for _, w := range workers {
		go func() {
			r := result{took: make([]time.Duration, 0, 1<<12)}
			for at := start; r.err == nil && at.Sub(start) < d; {
				r.err = cmp.Or(w(), ctx.Err())
				now := time.Now()
				r.took = append(r.took, now.Sub(at))
				at = now
			}
			results <- r
		}()
	}
	var took []time.Duration
	var err error
	for range workers {
		r := <-results
		took = append(took, r.took...)
		err = cmp.Or(err, r.err)
	}
	return summarise(took, time.Since(start)), err
}

// pace does work every so often until stop closes. What it took counts from when it was due, not from when the piece of
// work before it was done with: nobody's request waits for somebody else's answer.
func pace(every time.Duration, w work, stop <-chan struct{}) (sample, error) {
	var took []time.Duration
	start := time.Now()
	for due := start; ; due = due.Add(every) {
		select {
		case <-stop:
			return summarise(took, time.Since(start)), nil
		case <-time.After(time.Until(due)):
		}
		if err := w(); err != nil {
			return sample{}, err
		}
		took = append(took, time.Since(due))
	}
}

func summarise(took []time.Duration, elapsed time.Duration) sample {
	if len(took) == 0 {
		return sample{}
	}
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[min(len(took)*percent/100, len(took)-1)] }
	return sample{float64(len(took)) / elapsed.Seconds(), at(50), at(99)}
}

// median is the middle of what each element says; of an even number, the mean of the two in the middle.
func median[E any, N int64 | float64 | time.Duration](list []E, of func(E) N) N {
	var values []N
	for _, e := range list {
		values = append(values, of(e))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// middle is the median of each figure.
func middle(list []sample) sample {
	return sample{
		median(list, func(s sample) float64 { return s.rate }),
		median(list, func(s sample) time.Duration { return s.p50 }),
		median(list, func(s sample) time.Duration { return s.p99 }),
	}
}

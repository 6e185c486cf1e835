package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// comparison is how long the same request took for a known and for an unknown address, pair by pair.
type comparison struct {
	what           string
	known, unknown []time.Duration
}

// differences is by how much longer the known one took, of each pair. Both of a pair met the same moment of the machine,
// so what differs is they.
func (c comparison) differences() []time.Duration {
	var out []time.Duration
	for i := range c.known {
		out = append(out, c.known[i]-c.unknown[i])
	}
	return out
}

// tells reports whether time gives known addresses away: if the median difference is surely not zero, and may be one
// percent of what the request takes, or more.
func (c comparison) tells() bool {
	low, high := interval(c.differences())
	least := middleOf(c.unknown) / 100
	return (low > 0 || high < 0) && max(-low, high) >= least
}

// line is the comparison as the table shows it.
func (c comparison) line() []string {
	low, high := interval(c.differences())
	verdict := "no difference seen"
	if c.tells() {
		verdict = "DIFFERENT"
	}
	known, unknown := middleOf(c.known), middleOf(c.unknown)
	return []string{
		c.what, known.Round(10 * time.Microsecond).String(), unknown.Round(10 * time.Microsecond).String(), signed(known - unknown),
		fmt.Sprintf("%s to %s", signed(low), signed(high)), verdict,
	}
}

func middleOf(list []time.Duration) time.Duration {
	return median(list, func(d time.Duration) time.Duration { return d })
}

// signed is a difference in microseconds.
func signed(d time.Duration) string {
	return fmt.Sprintf("%+dµs", d.Round(time.Microsecond).Microseconds())
}

// interval holds the median that a sample was drawn around, in 95 of 100 samples at least. It asks nothing of how the
// values are spread: each is above the median or below it as coins fall (the sign test), so outliers do not count for more.
// Fewer than six values cannot say that much; then it is all of them.
func interval(sample []time.Duration) (low, high time.Duration) {
	sorted := slices.Sorted(slices.Values(sample))
	n, spare, tail := len(sorted), 0, 0.0
	for tail += binomial(n, 0); tail <= 0.025; tail += binomial(n, spare) {
		spare++
	}
	spare = max(spare-1, 0)
	return sorted[spare], sorted[n-1-spare]
}

// binomial is how likely n coins show k heads.
func binomial(n, k int) float64 {
	logGamma := func(x int) float64 {
		v, _ := math.Lgamma(float64(x)) // of what is positive, the sign is too
		return v
	}
	return math.Exp(logGamma(n+1) - logGamma(k+1) - logGamma(n-k+1) - float64(n)*math.Ln2)
}

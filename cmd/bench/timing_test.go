package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTimingQuick sees whether every probe is answered as it should be. What their times tell is not for a test to say.
func TestTimingQuick(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"timing", "-quick"}, &out, t.Output()))
	for _, p := range probes() {
		require.Contains(t, out.String(), "| "+p.what+" ")
	}
}

func TestTimingOptions(t *testing.T) {
	for _, args := range [][]string{{"-pairs", "5"}, {"-users", "1000"}, {"-pairs", "5000"}, {"-rounds", "1"}, {"-only", "nothing"}} {
		_, err := parseTiming(args, t.Output())
		require.Error(t, err, args)
	}
}

// pretend makes up pairs on a machine whose speed drifts, and which is held up now and then. Known addresses take so many
// percent longer.
func pretend(r *rand.Rand, pairs int, percent float64) comparison {
	c := comparison{what: "pretended"}
	took := func(drift float64) time.Duration {
		d := drift * (36 + r.NormFloat64())
		if r.IntN(20) == 0 {
			d += 100 * r.ExpFloat64()
		}
		return time.Duration(d * float64(time.Millisecond))
	}
	for i := range pairs {
		drift := 1 + 0.3*float64(i)/float64(pairs)
		c.known = append(c.known, took(drift*(1+percent/100)))
		c.unknown = append(c.unknown, took(drift))
	}
	return c
}

func TestComparison(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, pairs := range []int{300, 500} {
		for range 20 {
			require.False(t, pretend(r, pairs, 0).tells())
			require.True(t, pretend(r, pairs, 5).tells())
			require.True(t, pretend(r, pairs, -5).tells(), "faster tells as much")
		}
	}
	line := strings.Join(pretend(r, 300, 5).line(), " | ")
	require.Regexp(t, `^pretended \| [\d.]+ms \| [\d.]+ms \| \+\d+µs \| \+\d+µs to \+\d+µs \| DIFFERENT$`, line)
}

func TestInterval(t *testing.T) {
	var list []time.Duration
	for n := range 10 {
		list = append(list, time.Duration((7*n)%10))
	}
	low, high := interval(list) // 1, 10, 45 of 1,024 throws of ten coins show 0, 1, 2 heads; 0.025 is 25.6 of them
	require.Equal(t, "1ns to 8ns", fmt.Sprint(low, " to ", high))
	low, high = interval(list[:5])
	require.Equal(t, "0s to 8ns", fmt.Sprint(low, " to ", high), "all of them")
}

// TestIntervalHolds draws samples around a known median, lopsided ones, and counts how often the interval holds it.
func TestIntervalHolds(t *testing.T) {
	const samples = 2000
	r := rand.New(rand.NewPCG(3, 4))
	held := 0
	for range samples {
		var list []time.Duration
		for range 101 {
			d := time.Duration(1000 * r.ExpFloat64()) // a median of 1000 ln 2
			list = append(list, d-693)
		}
		if low, high := interval(list); low <= 0 && high >= 0 {
			held++
		}
	}
	require.InDelta(t, 0.955, float64(held)/samples, 0.015)
}

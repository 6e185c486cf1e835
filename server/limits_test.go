package server_test

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
)

// limited has the contract's limits hold, and lets tests say where requests come from.
func limited(_ *testing.T) apitest.Option {
	return apitest.Wire(func(o *server.Options) {
		_, loopback, _ := net.ParseCIDR("127.0.0.0/8")
		o.LimitScale, o.TrustedProxies = 1, []*net.IPNet{loopback}
	})
}

// TestLimits (SIGN13): an operation that can be abused is refused past its limits, per account and per address.
func TestLimits(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, limited(t))
	forgot := func(address, email string) apitest.Answer {
		return srv.Nobody().With("X-Forwarded-For", address).Send("POST", "/auth/password/forgot", fmt.Sprintf(`{"email":%q}`, email))
	}
	t.Run("per account, however it is spelt", func(t *testing.T) {
		for i, spelt := range []string{"ann@example.com", "ANN@example.com", "ａnn@example.com", "Ann@EXAMPLE.com", "ann@example.com"} {
			a := forgot(fmt.Sprintf("192.0.2.%d", i), spelt)
			require.Equal(t, 202, a.Status, string(a.Body))
			require.Equal(t, []string{`"address";q=60;w=3600`, `"email";q=5;w=3600`}, a.Header.Values("RateLimit-Policy"))
			require.Contains(t, a.Header.Values("RateLimit")[1], fmt.Sprintf(`"email";r=%d;`, 4-i))
		}
		a := forgot("192.0.2.9", "ann@example.com")
		require.Equal(t, 429, a.Status)
		require.Equal(t, spec.ProblemRateLimited, decode[spec.ProblemDetails](t, a.Body).Code)
		wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
		require.NoError(t, err)
		require.InDelta(t, 720, wait, 60, "an hour divided by five")
		require.Equal(t, 202, forgot("192.0.2.9", "bob@example.com").Status, "others are not concerned")
	})
	t.Run("per address, where IPv6 counts by the network of a household", func(t *testing.T) {
		for i := range 60 {
			require.Equal(t, 202, forgot(fmt.Sprintf("2001:db8::%x", i), fmt.Sprintf("%d@example.com", i)).Status)
		}
		require.Equal(t, 429, forgot("2001:db8::ffff", "last@example.com").Status)
		require.Equal(t, 202, forgot("2001:db8:0:1::1", "last@example.com").Status)
	})
	t.Run("nobody pretends to be elsewhere", func(t *testing.T) {
		direct := apitest.New(t, apitest.Wire(func(o *server.Options) { o.LimitScale = 0.05 }))
		last := 0
		for i := range 6 {
			last = direct.Nobody().With("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i)).
				Send("POST", "/auth/password/forgot", fmt.Sprintf(`{"email":"x%d@example.com"}`, i)).Status
		}
		require.Equal(t, 429, last)
	})
	t.Run("where failures count, success gives back", func(t *testing.T) {
		u := srv.User(spec.RoleAUTHENTICATED)
		me := srv.As(u)
		change := func(current string) int {
			return me.Send("POST", "/me/password", fmt.Sprintf(`{"current_password":%q,"password":%q}`, current, apitest.Password)).Status
		}
		for range 10 {
			require.Equal(t, 422, change("not this one"))
		}
		require.Equal(t, 429, change(apitest.Password))

		other := srv.As(srv.User(spec.RoleAUTHENTICATED))
		secrets := []string{apitest.Password, "small boats drift at dawn"}
		for i := range 12 {
			body := fmt.Sprintf(`{"current_password":%q,"password":%q}`, secrets[i%2], secrets[(i+1)%2])
			require.Equal(t, 204, other.Send("POST", "/me/password", body).Status, i)
		}
	})
	t.Run("a refresh is no sign-in", func(t *testing.T) {
		a := srv.Nobody().Send("POST", "/auth/token", `{"grant_type":"refresh_token","refresh_token":"garbage"}`)
		require.Empty(t, a.Header.Values("RateLimit"))
	})
}

// TestLimitsAtOnce: of many at the same time, on two replicas, exactly as many get through as the limit says.
func TestLimitsAtOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	replicas := []*apitest.Server{apitest.On(t, pool, limited(t)), apitest.On(t, pool, limited(t))}
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			a := replicas[i%2].Nobody().Send("POST", "/auth/password/forgot", `{"email":"ann@example.com"}`)
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Status]++
		})
	}
	wg.Wait()
	require.Equal(t, map[int]int{202: 5, 429: 27}, statuses)
}

// TestLimitsAreTold keeps the table of limits in the README as the contract has them.
func TestLimitsAreTold(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	for _, op := range spec.Operations() {
		for _, l := range op.Limits {
			what := "requests"
			if l.Failures {
				what = "failures"
			}
			if l.Field != "" {
				what += ", " + l.Field + " " + strings.Join(l.Values, " or ")
			}
			per := strings.NewReplacer("m0s", "m", "h0m0s", "h").Replace(l.Per.String())
			fmt.Fprintf(&table, "| `%s` | %s | %d %s | %s |\n", op.ID, l.By, l.Count, what, per)
		}
	}
	const begin, end = "|-----------|----|---------|----|\n", "\n<!-- limits end -->"
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(readme), begin)
	require.True(t, found, "the README has the head of the table")
	told, after, found := strings.Cut(rest, end)
	require.True(t, found, "the README says where the table ends")
	if *update {
		require.NoError(t, os.WriteFile("../README.md", []byte(before+begin+table.String()+end+after), 0o644))
		return
	}
	require.Equal(t, table.String(), told, "run: go test ./server -run TestLimitsAreTold -update")
}

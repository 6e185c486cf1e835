package users_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
)

// bodies are what the operations of staff on an account take.
var bodies = map[string]any{
	"updateUser": `{"bio":"x"}`, "changeRole": toRole(spec.RoleAUTHOR), "suspendUser": spec.Suspension{Reason: "x"},
	"lockUser": spec.AccountLock{Reason: "x"},
}

// TestManagersDoNotTouchAdmins (USER9): whatever staff may do to an account, a MANAGER may not do it to an ADMIN or to another
// MANAGER, and the account stays as it was.
func TestManagersDoNotTouchAdmins(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	manager := srv.Role(spec.RoleMANAGER)
	for _, above := range []db.User{srv.User(spec.RoleADMIN), srv.User(spec.RoleMANAGER)} {
		tried := 0
		for _, op := range spec.Operations() {
			if !strings.HasPrefix(op.Path, "/users/{user_id}") || op.ID == "getUser" {
				continue
			}
			tried++
			apitest.Refused(manager, op.Method, strings.Replace(op.Path, "{user_id}", above.ID.String(), 1), bodies[op.ID], spec.ProblemForbidden)
		}
		require.GreaterOrEqual(t, tried, 11)
		now, err := db.New().GetUser(t.Context(), srv.DB, above.ID)
		require.NoError(t, err)
		require.Equal(t, above, now)
	}
	require.Empty(t, srv.Facts())
}

// acts are what takes an ADMIN out of charge.
var acts = []struct {
	op   string
	send func(c *apitest.Client, id uuid.UUID) apitest.Answer
}{
	{"demote", func(c *apitest.Client, id uuid.UUID) apitest.Answer {
		return c.Send("PUT", spec.ChangeRolePath(id), toRole(spec.RoleAUTHOR))
	}},
	{"delete", func(c *apitest.Client, id uuid.UUID) apitest.Answer {
		return c.Send("DELETE", spec.DeleteUserPath(id), nil)
	}},
	{"suspend", func(c *apitest.Client, id uuid.UUID) apitest.Answer {
		return c.Send("PUT", spec.SuspendUserPath(id), spec.Suspension{Reason: "x"})
	}},
	{"lock", func(c *apitest.Client, id uuid.UUID) apitest.Answer {
		return c.Send("POST", spec.LockUserPath(id), spec.AccountLock{Reason: "x"})
	}},
}

// TestSomebodyStaysInCharge (USER9): admins who demote, delete, suspend and lock each other at once, at two replicas, leave
// one who can sign in, every time.
func TestSomebodyStaysInCharge(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	replicas := []*apitest.Server{apitest.On(t, pool), apitest.On(t, pool)}
	seen := map[string]int{}
	var mu sync.Mutex
	for range 50 {
		admins, clients := make([]db.User, 6), make([]*apitest.Client, 6)
		for i := range admins {
			admins[i] = replicas[0].User(spec.RoleADMIN)
			clients[i] = replicas[i%2].As(admins[i])
		}
		var wg sync.WaitGroup
		for i := range admins {
			wg.Go(func() {
				for _, other := range rand.Perm(len(admins))[:3] {
					act := acts[rand.IntN(len(acts))]
					a := act.send(clients[i], admins[other].ID)
					mu.Lock()
					seen[fmt.Sprint(act.op, " ", a.Status)]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		rows, err := db.New().LockAdmins(t.Context(), pool)
		require.NoError(t, err)
		require.NotEmpty(t, rows, "%v", seen)
		for _, u := range admins {
			if u.ID == rows[0] {
				apitest.Do[spec.Token](replicas[1].Nobody(), "POST", spec.IssueTokenPath(), credentials(u), 200)
			}
		}
		_, err = pool.Exec(t.Context(), "DELETE FROM users")
		require.NoError(t, err)
	}
	t.Log(seen)
	refused := 0
	for _, act := range acts {
		done := seen[act.op+" 200"] + seen[act.op+" 204"]
		require.Positive(t, done, act.op)
		for status, n := range seen {
			if strings.HasPrefix(status, act.op+" ") && strings.HasSuffix(status, " 403") {
				refused += n
			}
			require.NotRegexp(t, ` 5..$`, status)
		}
	}
	require.Positive(t, refused, "nobody lost authority between the guard and the lock: it was no race")
}

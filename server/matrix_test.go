package server_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

// asker is a kind of people who ask.
type asker struct {
	name string
	make func(c *cell) (db.User, *apitest.Client)
}

// askers are all kinds there are. The last two hold tokens from before they were locked and deleted.
func askers() []asker {
	out := []asker{{"nobody", func(c *cell) (db.User, *apitest.Client) { return db.User{}, c.srv.Nobody() }}}
	for _, role := range spec.Roles() {
		out = append(out, asker{string(role), func(c *cell) (db.User, *apitest.Client) {
			return c.signedIn(role, func(d *users.Draft) { d.Verified = role != spec.RoleANONYMOUS })
		}})
	}
	return append(out,
		asker{"professional", func(c *cell) (db.User, *apitest.Client) {
			me, client := c.signedIn(spec.RoleAUTHENTICATED)
			c.alter("UPDATE users SET professional = true WHERE id = $1", me.ID)
			return me, client
		}},
		asker{"locked", func(c *cell) (db.User, *apitest.Client) {
			me, client := c.signedIn(spec.RoleMANAGER)
			require.Equal(c.t, 204, c.admin.Send("POST", spec.LockUserPath(me.ID), `{"reason":"matrix"}`).Status)
			return me, client
		}},
		asker{"deleted", func(c *cell) (db.User, *apitest.Client) {
			me, client := c.signedIn(spec.RoleMANAGER)
			require.Equal(c.t, 204, c.admin.Send("DELETE", spec.DeleteUserPath(me.ID), nil).Status)
			return me, client
		}},
	)
}

// TestMatrix keeps a readable table of what everybody gets who sends a good request: the status of every operation for
// every kind of caller. Requests are made of the contract, so that a new operation shows up by itself. Whoever is no
// caller at all gets 401, and who lacks the scopes 403, whatever the golden file says.
func TestMatrix(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprint(table, "operation")
	for _, who := range askers() {
		fmt.Fprintf(table, "\t%s", who.name)
	}
	fmt.Fprintln(table)
	operations := spec.Operations()
	slices.SortFunc(operations, func(a, b *spec.Operation) int { return strings.Compare(a.ID, b.ID) })
	for _, op := range operations {
		fmt.Fprint(table, op.ID)
		for _, who := range askers() {
			c := &cell{t: t, srv: srv, admin: admin, op: op, target: srv.User(spec.RoleAUTHOR)}
			c.me, c.by = who.make(c)
			status := c.ask()
			c.hold(who.name, status)
			fmt.Fprintf(table, "\t%d", status)
		}
		fmt.Fprintln(table)
	}
	require.NoError(t, table.Flush())

	const golden = "testdata/matrix.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// hold compares a status with what the contract says about who may ask.
func (c *cell) hold(who string, status int) {
	c.t.Helper()
	says := fmt.Sprintf("%s as %s: %d", c.op.ID, who, status)
	require.Less(c.t, status, http.StatusInternalServerError, says)
	if c.op.Public {
		require.NotContains(c.t, []int{http.StatusUnauthorized, http.StatusForbidden}, status, says)
		return
	}
	if c.op.Client || who == "nobody" || who == "locked" || who == "deleted" {
		require.Equal(c.t, http.StatusUnauthorized, status, says)
		return
	}
	may := c.op.Allows(spec.Caller{ID: c.me.ID, Scopes: spec.RoleScopes(c.me.Role)}, uuid.Nil)
	require.Equal(c.t, !may, status == http.StatusForbidden, says)
	require.NotEqual(c.t, http.StatusUnauthorized, status, says)
	require.NotEqual(c.t, http.StatusUnprocessableEntity, status, "%s: the request is not a good one", says)
}

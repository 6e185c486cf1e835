package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

// TestUnconfirmedAccountsExpire: who registers with an address and never confirms it does not keep it. Accounts that
// staff made, or that are confirmed, stay.
func TestUnconfirmedAccountsExpire(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	unconfirmed := func(d *users.Draft) { d.Verified = false }
	old, young := srv.User(spec.RoleANONYMOUS, unconfirmed), srv.User(spec.RoleANONYMOUS, unconfirmed)
	invited, confirmed := srv.User(spec.RoleAUTHENTICATED, unconfirmed), srv.User(spec.RoleANONYMOUS)
	_, err := srv.DB.Exec(t.Context(), "UPDATE users SET created_at = now() - interval '8 days' WHERE id <> $1", young.ID)
	require.NoError(t, err)
	srv.Work() // cleans up when it starts
	exists := func(u db.User) bool {
		var found bool
		require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM users WHERE id = $1)", u.ID).Scan(&found))
		return found
	}
	require.Eventually(t, func() bool { return !exists(old) }, 15*time.Second, 20*time.Millisecond)
	require.Equal(t, []bool{true, true, true}, []bool{exists(young), exists(invited), exists(confirmed)})
	require.Equal(t, []string{"user.deleted"}, srv.Facts())
}

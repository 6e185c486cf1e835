package audit_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// TestReasonsForTheLog: why staff changed a role or locked an account, admins read and the owner does not; why they suspended it,
// the owner is told.
func TestReasonsForTheLog(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u, admin := srv.User(spec.RoleAUTHOR), srv.Role(spec.RoleADMIN)
	apitest.Do[spec.User](admin, "PUT", spec.ChangeRolePath(u.ID), spec.RoleChange{Role: spec.RoleAUTHENTICATED, Reason: "suspected fraud"}, 200)
	require.Equal(t, 204, admin.Send("POST", spec.LockUserPath(u.ID), spec.AccountLock{Reason: "secret inquiry"}).Status)
	require.Equal(t, 204, admin.Send("POST", spec.UnlockUserPath(u.ID), nil).Status)
	apitest.Do[spec.User](admin, "PUT", spec.SuspendUserPath(u.ID), spec.Suspension{Reason: "too much noise"}, 200)
	require.Equal(t, 204, admin.Send("DELETE", spec.ReinstateUserPath(u.ID), nil).Status)
	_, err := store.InTx(t.Context(), srv.DB, func(tx pgx.Tx) (db.User, error) {
		return users.ChangeRole(actor.With(t.Context(), actor.Operator()), tx, actor.Operator(), u.ID, spec.RoleAUTHOR, "a hint by the police")
	})
	require.NoError(t, err)

	reasons := map[string]bool{"suspected fraud": false, "secret inquiry": false, "a hint by the police": false, "too much noise": true}
	own, all := string(srv.As(u).Send("GET", ownLog, nil).Body), string(admin.Send("GET", log, nil).Body)
	for reason, told := range reasons {
		require.Equal(t, told, strings.Contains(own, reason), reason)
		require.Contains(t, all, reason)
	}
}

package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// TestStepUp: sensitive operations want a recent sign-in (RFC 9470), whoever asks; the others do not.
func TestStepUp(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	client := srv.Role(spec.RoleADMIN)
	_, err := srv.DB.Exec(t.Context(), "UPDATE sessions SET authenticated_at = now() - interval '16 minutes'")
	require.NoError(t, err)
	sensitive := 0
	for _, op := range spec.Operations() {
		if op.Public || op.Client || op.ID == "signOut" {
			continue
		}
		a := client.Send(op.Method, path(op), nil)
		if !op.StepUp {
			require.NotContains(t, string(a.Body), spec.ProblemStepUpRequired, op.ID)
			continue
		}
		sensitive++
		require.Equal(t, 401, a.Status, op.ID)
		require.Equal(t, spec.ProblemStepUpRequired, decode[spec.ProblemDetails](t, a.Body).Code)
		require.Equal(t, `Bearer realm="usher", error="insufficient_user_authentication", max_age="900"`, a.Header.Get("WWW-Authenticate"))
	}
	require.GreaterOrEqual(t, sensitive, 6)
}

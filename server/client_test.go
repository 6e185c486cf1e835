package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/oapi-codegen/nullable"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/client"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// TestGoClient: the generated Go client signs in, reads, edits under a condition, and understands problems.
func TestGoClient(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	c, err := client.NewClientWithResponses(srv.URL + spec.BasePath)
	require.NoError(t, err)
	signedIn, err := c.IssueTokenWithFormdataBodyWithResponse(t.Context(), spec.TokenRequest{
		GrantType: "password", Username: &u.Email, Password: new(apitest.Password),
	})
	require.NoError(t, err)
	require.NotNil(t, signedIn.JSON200)
	bearer := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+signedIn.JSON200.AccessToken)
		return nil
	}
	me, err := c.GetMeWithResponse(t.Context(), nil, bearer)
	require.NoError(t, err)
	require.Equal(t, u.ID, me.JSON200.ID)
	require.Equal(t, []string{"self", "audit", "change-email", "change-password", "end-other-sessions", "profile", "profile-fields", "second-factor", "sessions", "sign-out", "update"}, apitest.Rels(me.JSON200.Links))

	tag := me.HTTPResponse.Header.Get("ETag")
	edit := spec.ProfilePatch{Bio: nullable.NewNullableWithValue("By the SDK"), Location: nullable.NewNullNullable[string]()}
	edited, err := c.UpdateMeWithApplicationMergePatchPlusJSONBodyWithResponse(t.Context(), &spec.UpdateMeParams{IfMatch: &tag}, edit, bearer)
	require.NoError(t, err)
	require.Equal(t, "By the SDK", *edited.JSON200.Bio)
	stale, err := c.UpdateMeWithApplicationMergePatchPlusJSONBodyWithResponse(t.Context(), &spec.UpdateMeParams{IfMatch: &tag}, edit, bearer)
	require.NoError(t, err)
	require.Equal(t, spec.ProblemPreconditionFailed, stale.ApplicationProblemJSONDefault.Code)
}

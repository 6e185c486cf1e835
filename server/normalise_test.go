package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// TestPathsAreMatchedAsWritten: an encoded slash is no slash, or a proxy's rule on a path could be walked around.
func TestPathsAreMatchedAsWritten(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	token := srv.Role(spec.RoleADMIN)
	for path, want := range map[string]int{
		"/api/v1/users": 200, "/api/v1/users/": 200, "/api/v1/users%2f": 404, "/api%2fv1%2fusers/": 404, "/api%2fv1%2fusers": 404,
	} {
		require.Equal(t, want, token.Raw(t, http.MethodGet, path), path)
	}
}

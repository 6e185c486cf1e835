package auth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
)

// published reads what anybody may read.
func published(t testing.TB, srv *apitest.Server, path string) (*http.Response, []byte) {
	t.Helper()
	res, err := http.Get(srv.URL + path)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, "public, max-age=300", res.Header.Get("Cache-Control"))
	require.Equal(t, "*", res.Header.Get("Access-Control-Allow-Origin"))
	return res, body
}

// TestMetadata (SIGN14): a client that knows the issuer finds everything else (RFC 8414).
func TestMetadata(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	res, body := published(t, srv, "/.well-known/oauth-authorization-server")
	require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	got := decode[map[string]any](t, body)
	require.Equal(t, "http://usher.test", got["issuer"])

	served := map[string]bool{"/.well-known/jwks.json": true, "/docs": true}
	for _, op := range spec.Operations() {
		served[spec.BasePath+op.Path] = true
	}
	for _, name := range []string{"token_endpoint", "revocation_endpoint", "introspection_endpoint", "jwks_uri", "service_documentation"} {
		path, ok := strings.CutPrefix(got[name].(string), "http://usher.test")
		require.True(t, ok, name)
		require.True(t, served[path], "%s is %s", name, path)
		delete(served, path)
	}
	require.Equal(t, []any{"password", "refresh_token", "urn:usher:grant-type:mfa"}, got["grant_types_supported"])
	require.Equal(t, []any{}, got["response_types_supported"])
	require.Len(t, got["scopes_supported"], len(spec.AllScopes()))
	require.Equal(t, []any{"none"}, got["token_endpoint_auth_methods_supported"])
	require.Equal(t, []any{"none"}, got["revocation_endpoint_auth_methods_supported"])
	require.Equal(t, []any{"client_secret_basic"}, got["introspection_endpoint_auth_methods_supported"])
	require.Len(t, got, 12)

	published(t, srv, "/.well-known/jwks.json")
	published(t, srv, "/.well-known/oauth-authorization-server/")
}

// TestMetadataTellsWhatWorks (SIGN16): grants are listed if the token endpoint knows them, and only then.
func TestMetadataTellsWhatWorks(t *testing.T) {
	t.Parallel()
	for _, offered := range []bool{true, false} {
		srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.PasswordGrant = offered }))
		_, body := published(t, srv, auth.MetadataPath)
		var got auth.Metadata
		require.NoError(t, json.Unmarshal(body, &got))
		for _, grantType := range []string{"password", "refresh_token", "urn:usher:grant-type:mfa", "client_credentials", "authorization_code"} {
			a := grant(srv, "grant_type", grantType)
			refused := decode[spec.OAuthError](t, a.Body)
			if refused.Error != "unsupported_grant_type" {
				require.Contains(t, got.GrantTypes, grantType)
			} else {
				require.NotContains(t, got.GrantTypes, grantType)
			}
		}
	}
}

package auth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/token"
)

// jwks fetches the published keys as any client would.
func jwks(t testing.TB, srv *apitest.Server) []byte {
	t.Helper()
	_, body := published(t, srv, auth.JWKSPath)
	return body
}

// verifiers are libraries that know of the service nothing but its published keys and its address. They return the
// key and the user that they read in a token.
var verifiers = map[string]func(keys []byte, raw string) (kid, sub string, err error){
	"lestrrat-go/jwx": func(keys []byte, raw string) (kid, sub string, err error) {
		set, err := jwk.Parse(keys)
		if err != nil {
			return "", "", err
		}
		parsed, err := jwt.ParseString(raw, jwt.WithKeySet(set), jwt.WithIssuer("http://usher.test"), jwt.WithAudience("http://usher.test"),
			jwt.WithRequiredClaim(jwt.ExpirationKey))
		if err != nil {
			return "", "", err
		}
		return kidOf(raw), parsed.Subject(), nil
	},
	"go-jose": func(keys []byte, raw string) (kid, sub string, err error) {
		var set jose.JSONWebKeySet
		if err := json.Unmarshal(keys, &set); err != nil {
			return "", "", err
		}
		parsed, err := josejwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256})
		if err != nil {
			return "", "", err
		}
		var claims josejwt.Claims
		if err := parsed.Claims(set, &claims); err != nil {
			return "", "", err
		}
		return parsed.Headers[0].KeyID, claims.Subject, claims.Validate(josejwt.Expected{Issuer: "http://usher.test", AnyAudience: josejwt.Audience{"http://usher.test"}, Time: time.Now()})
	},
}

// kidOf reads which key signed a token.
func kidOf(raw string) string {
	parsed, err := josejwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256})
	if err != nil {
		return err.Error()
	}
	return parsed.Headers[0].KeyID
}

// TestRotationForVerifiers (SIGN5): libraries that have only the published keys verify tokens before, during and after a
// rotation, with a copy of the keys that is as old as may be, and none of a revoked key.
func TestRotationForVerifiers(t *testing.T) {
	t.Parallel()
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			pool := dbtest.New(t)
			keysOn(t, pool, alg).keep() // before the service could make one
			srv := apitest.On(t, pool)
			keys, u := keysOf(t, srv, alg), srv.User(spec.RoleAUTHENTICATED)
			good := func(why string, set []byte, raw, by string) {
				t.Helper()
				for name, verify := range verifiers {
					kid, sub, err := verify(set, raw)
					require.NoError(t, err, "%s: %s", name, why)
					require.Equal(t, []string{by, u.ID.String()}, []string{kid, sub}, "%s: %s", name, why)
				}
				apitest.Do[spec.User](srv.Bearer(raw), "GET", "/me", nil, 200)
			}
			token := func() string {
				t.Helper()
				return signIn(t, srv, u.Email).AccessToken
			}

			first, before, copied := keys.signer(), token(), jwks(t, srv)
			good("before", copied, before, first)
			second := keys.rotate(false).ID
			keys.keep()
			during := token()
			good("the next key is published, the old one signs", copied, during, first)
			published := jwks(t, srv)
			require.NotEqual(t, copied, published)
			good("and is in the new set, too", published, during, first)

			keys.age(ahead)
			keys.keep()
			after := token()
			good("the next one signs, and all have it", published, after, second)
			for _, old := range []string{before, during} {
				good("what the old one signed is still good", jwks(t, srv), old, first)
			}
			keys.age(2*ahead + lives)
			keys.keep()
			require.NotContains(t, string(jwks(t, srv)), first, "the old one goes when its tokens are over")
			good("the new one stays", jwks(t, srv), after, second)

			third := keys.revoke(second).ID
			keys.keep()
			apitest.Refused(srv.Bearer(after), "GET", "/me", nil, spec.ProblemUnauthenticated)
			require.NotContains(t, string(jwks(t, srv)), second)
			for name, verify := range verifiers {
				_, _, err := verify(jwks(t, srv), after)
				require.Error(t, err, name)
			}
			good("another signs at once", jwks(t, srv), token(), third)
		})
	}
}

// TestRotationToAnotherAlgorithm: keys of both kinds are published side by side while tokens of both are about.
func TestRotationToAnotherAlgorithm(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	old := signIn(t, srv, u.Email).AccessToken
	keys := keysOf(t, srv, token.ES256)
	require.Equal(t, "ES256", keys.rotate(true).Algorithm)
	keys.keep()
	for _, raw := range []string{old, signIn(t, srv, u.Email).AccessToken} {
		for name, verify := range verifiers {
			_, sub, err := verify(jwks(t, srv), raw)
			require.NoError(t, err, name)
			require.Equal(t, u.ID.String(), sub)
		}
		require.Equal(t, http.StatusOK, srv.Bearer(raw).Send("GET", "/me", nil).Status)
	}
}

// TestRevokedOnReplicas (SIGN5): replicas refuse what a revoked key signed, and take what its successor signs, as soon as
// they look at the keys again.
func TestRevokedOnReplicas(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	replica := apitest.On(t, srv.DB)
	here, there := keysOf(t, srv, token.EdDSA), keysOf(t, replica, token.EdDSA)
	u := srv.User(spec.RoleAUTHENTICATED)
	tok := signIn(t, srv, u.Email)
	apitest.Do[spec.User](replica.Bearer(tok.AccessToken), "GET", "/me", nil, 200)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go auth.FollowKeys(ctx, replica.Auth.Keys, tick, func(ctx context.Context) (*token.Keyring, error) {
		return auth.KeepKeys(ctx, there.pool, there.secret, there.policy)
	}, func(err error) {
		if ctx.Err() == nil {
			t.Error(err)
		}
	})
	here.revoke(here.signer())
	require.Eventually(t, func() bool { return replica.Bearer(tok.AccessToken).Send("GET", "/me", nil).Status == 401 }, waitFor, tick)
	here.keep()
	apitest.Refused(srv.Bearer(tok.AccessToken), "GET", "/me", nil, spec.ProblemUnauthenticated)
	next := decode[spec.Token](t, refresh(srv, tok.RefreshToken).Body)
	apitest.Do[spec.User](replica.Bearer(next.AccessToken), "GET", "/me", nil, 200)
}

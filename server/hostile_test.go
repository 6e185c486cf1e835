package server_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/token"
)

// forge makes tokens with the service's own key, or with any other.
type forge struct {
	key, stranger ed25519.PrivateKey
	kid           string
	claims        map[string]any
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func compact(header, payload string, sign func(input []byte) []byte) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(sign([]byte(input)))
}

func (f forge) ours(input []byte) []byte   { return ed25519.Sign(f.key, input) }
func (f forge) theirs(input []byte) []byte { return ed25519.Sign(f.stranger, input) }

func (f forge) head(more string) string {
	return fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"at+jwt"%s}`, f.kid, more)
}

// with is the payload of a good token with some members changed; nil removes one.
func (f forge) with(change map[string]any) string {
	members := maps.Clone(f.claims)
	maps.Copy(members, change)
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // they are strings and numbers
	}
	return string(text)
}

// hostile are tokens to refuse, by what is wrong with them.
func (f forge) hostile() map[string]string {
	good := f.with(nil)
	public := f.key.Public().(ed25519.PublicKey)
	jwk := fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, b64(f.stranger.Public().(ed25519.PublicKey)))
	der, _ := x509.MarshalPKIXPublicKey(public)
	mac := func(secret []byte) func([]byte) []byte {
		return func(input []byte) []byte {
			m := hmac.New(sha256.New, secret)
			m.Write(input)
			return m.Sum(nil)
		}
	}
	unsigned := func([]byte) []byte { return nil }
	whole := compact(f.head(""), good, f.ours)
	parts := strings.Split(whole, ".")
	out := map[string]string{
		"alg none":                      compact(`{"alg":"none","typ":"at+jwt"}`, good, unsigned),
		"alg None":                      compact(`{"alg":"None","typ":"at+jwt"}`, good, unsigned),
		"alg none, our kid":             compact(fmt.Sprintf(`{"alg":"none","kid":%q,"typ":"at+jwt"}`, f.kid), good, f.ours),
		"no signature":                  parts[0] + "." + parts[1] + ".",
		"two parts":                     parts[0] + "." + parts[1],
		"HS256 with the public key":     compact(fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, f.kid), good, mac(public)),
		"HS256 with its DER":            compact(fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, f.kid), good, mac(der)),
		"HS256 with nothing":            compact(fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, f.kid), good, mac(nil)),
		"ES256 said, EdDSA signed":      compact(fmt.Sprintf(`{"alg":"ES256","kid":%q,"typ":"at+jwt"}`, f.kid), good, f.ours),
		"no alg":                        compact(fmt.Sprintf(`{"kid":%q,"typ":"at+jwt"}`, f.kid), good, f.ours),
		"a stranger's key under our id": compact(f.head(""), good, f.theirs),
		"an embedded key":               compact(f.head(`,"jwk":`+jwk), good, f.theirs),
		"an embedded key, signed by us": compact(f.head(`,"jwk":`+jwk), good, f.ours),
		"jku":                           compact(f.head(`,"jku":"https://evil.example/jwks.json"`), good, f.theirs),
		"x5u":                           compact(f.head(`,"x5u":"https://evil.example/cert.pem"`), good, f.theirs),
		"crit":                          compact(f.head(`,"crit":["exp"]`), good, f.ours),
		"b64 false":                     compact(f.head(`,"b64":false,"crit":["b64"]`), good, f.ours),
		"typ JWT":                       compact(fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"JWT"}`, f.kid), good, f.ours),
		"no typ":                        compact(fmt.Sprintf(`{"alg":"EdDSA","kid":%q}`, f.kid), good, f.ours),
		"a signature of another token":  parts[0] + "." + b64([]byte(f.with(map[string]any{"jti": "another"}))) + "." + parts[2],
		"one bit of the signature":      whole[:len(whole)-6] + "AAAAAA",
		"padding":                       whole + "=",
		"a line break":                  parts[0] + "." + parts[1] + "." + parts[2][:10] + "\t" + parts[2][10:],
		"twice in a row":                whole + "." + whole,
		"a JWE of five parts":           whole + ".x.x",
		"huge":                          compact(f.head(""), f.with(map[string]any{"x": strings.Repeat("A", 16<<10)}), f.ours),
		"deep":                          compact(f.head(""), strings.Repeat("[", 2000)+strings.Repeat("]", 2000), f.ours),
		"no JSON":                       compact(f.head(""), "nonsense", f.ours),
		"JSON, no object":               compact(f.head(""), "null", f.ours),
		"a bare word":                   "null",
	}
	for name, kid := range map[string]string{"path": "../../../../dev/null", "SQL": "' UNION SELECT 'AA", "nothing": "", "NUL": `a\u0000b`, "URL": "https://evil.example/key"} {
		out["kid injection: "+name] = compact(`{"alg":"EdDSA","kid":"`+kid+`","typ":"at+jwt"}`, good, f.theirs)
	}
	for name, change := range map[string]map[string]any{
		"no exp": {"exp": nil}, "exp in the past": {"exp": time.Now().Add(-time.Second).Unix()}, "exp as text": {"exp": "9999999999"},
		"exp 0": {"exp": 0}, "exp negative": {"exp": -1}, "no iat": {"iat": nil}, "issued tomorrow": {"iat": time.Now().Add(24 * time.Hour).Unix()},
		"not before tomorrow": {"nbf": time.Now().Add(24 * time.Hour).Unix()},
		"no iss":              {"iss": nil}, "another iss": {"iss": "https://evil.example"}, "iss with a slash": {"iss": f.claims["iss"].(string) + "/"},
		"no aud": {"aud": nil}, "another aud": {"aud": "https://evil.example"}, "aud as a list of others": {"aud": []string{"https://evil.example"}},
		"no sub": {"sub": nil}, "sub of somebody else": {"sub": uuid.NewString()}, "sub no id": {"sub": "admin"},
		"no sid": {"sid": nil}, "sid of nobody": {"sid": uuid.NewString()}, "no jti": {"jti": nil},
	} {
		out["payload: "+name] = compact(f.head(""), f.with(change), f.ours)
	}
	return out
}

// TestHostileTokens: whatever a token says, and whoever signed it, what is not exactly one of ours is a 401.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	_, stranger, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	thumb := sha256.Sum256([]byte(fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, b64(public)))) // RFC 7638, RFC 8037
	kid := b64(thumb[:])
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	_, err = db.New().CreateSigningKey(t.Context(), pool, db.CreateSigningKeyParams{
		ID: kid, Algorithm: "EdDSA", Sealed: token.NewSealer(apitest.Secret(t), "signing key").Seal(der, []byte(kid)),
		ActiveAt: time.Now().Add(-time.Hour), ExpiresAt: time.Now().Add(1000 * time.Hour),
	})
	require.NoError(t, err)
	srv := apitest.On(t, pool)
	u := srv.User(spec.RoleADMIN)
	signedIn := srv.Nobody().Send("POST", "/auth/token", map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password})
	genuine := decode[spec.Token](t, signedIn.Body).AccessToken
	f := forge{key: private, stranger: stranger, kid: kid, claims: map[string]any{}}
	said, err := base64.RawURLEncoding.DecodeString(strings.Split(genuine, ".")[1])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(said, &f.claims))
	require.Equal(t, 200, srv.Bearer(compact(f.head(""), f.with(nil), f.ours)).Send("GET", "/me", nil).Status, "one that differs in nothing is good")

	table := f.hostile()
	require.GreaterOrEqual(t, len(table), 30)
	t.Log(len(table), "hostile tokens")
	for name, raw := range table {
		a := srv.Bearer(raw).Send("GET", "/me", nil)
		require.Equal(t, 401, a.Status, name)
		require.Contains(t, a.Header.Get("WWW-Authenticate"), `error="invalid_token"`, name)
		require.NotContains(t, string(a.Body), "evil", name)
	}
}

package token_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

// forger makes tokens as an attacker would, or a careless colleague with the key.
type forger struct {
	*testing.T
	key token.Key
}

// payload returns the members of a good token, with some of them changed; nil removes one.
func (f forger) payload(change map[string]any) string {
	members := map[string]any{
		"iss": issuer, "aud": audience, "jti": "x", "role": "ADMIN", "scope": "users:read",
		"sub": claims().Subject, "sid": claims().Session,
		"iat": noon().Unix(), "exp": noon().Add(time.Minute).Unix(),
	}
	maps.Copy(members, change)
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(members)
	require.NoError(f, err)
	return string(text)
}

// header returns the JOSE header that the service itself writes.
func (f forger) header() string {
	return fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt"}`, f.key.Algorithm, f.key.ID)
}

// sign puts a token together, signed by alg and key over whatever it says.
func (f forger) sign(header, payload string, alg jwa.SignatureAlgorithm, key any) string {
	signer, err := jws.NewSigner(alg)
	require.NoError(f, err)
	input := encode(header) + "." + encode(payload)
	signature, err := signer.Sign([]byte(input), key)
	require.NoError(f, err)
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// withHeader signs a good payload under another header, with the right key.
func (f forger) withHeader(format string, args ...any) string {
	return f.sign(fmt.Sprintf(format, args...), f.payload(nil), jwa.SignatureAlgorithm(f.key.Algorithm), private(f, f.key))
}

// with signs a changed payload with the right key and header.
func (f forger) with(change map[string]any) string { return f.withPayload(f.payload(change)) }

func (f forger) withPayload(payload string) string {
	return f.sign(f.header(), payload, jwa.SignatureAlgorithm(f.key.Algorithm), private(f, f.key))
}

func TestVerifyRefuses(t *testing.T) {
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			f := forger{t, key(t, alg)}
			r := ring(t, f.key)
			_, err := r.Verify(f.with(nil), noon())
			require.NoError(t, err, "a token that differs in nothing is good")
			for name, raw := range hostile(f, sign(t, r, noon())) {
				t.Run(name, func(t *testing.T) {
					got, err := r.Verify(raw, noon())
					require.ErrorIs(t, err, token.ErrInvalid)
					require.Zero(t, got)
					require.True(t, len(raw) < 8 || !strings.Contains(err.Error(), raw), "the error quotes the token")
				})
			}
		})
	}
}

// hostile returns tokens that have to be refused, by what is wrong with them.
func hostile(f forger, good string) map[string]string {
	parts := strings.Split(good, ".")
	header, body, signature := parts[0], parts[1], parts[2]
	id, alg := f.key.ID, f.key.Algorithm
	stranger := forger{f.T, key(f.T, alg)}
	public, err := x509.MarshalPKIXPublicKey(private(f, f.key).Public())
	require.NoError(f, err)
	strangerJWK, err := jwk.FromRaw(private(f, stranger.key).Public())
	require.NoError(f, err)
	embedded, err := json.Marshal(strangerJWK)
	require.NoError(f, err)
	hmacHeader := fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, id)
	withStrangersKey := func(header string) string {
		return stranger.sign(header, f.payload(nil), jwa.SignatureAlgorithm(alg), private(f, stranger.key))
	}
	return map[string]string{
		// not a token at all
		"empty":              "",
		"dots":               "..",
		"a word":             "null",
		"one part":           header,
		"two parts":          header + "." + body,
		"four parts":         good + ".x",
		"five parts, a JWE":  good + ".x.x",
		"binary":             "\x00\xff.\x00.\x00",
		"4097 bytes":         good + strings.Repeat("A", 4097-len(good)),
		"a megabyte of dots": strings.Repeat(".", 1<<20),
		"a long signed one":  f.with(map[string]any{"role": strings.Repeat("A", 4096)}),
		"JSON, flattened":    fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, header, body, signature),
		"JSON, general": fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`,
			body, header, signature),

		// another spelling of a good one
		"space before":       " " + good,
		"line break after":   good + "\n",
		"line break inside":  header + "." + body + "." + signature[:4] + "\n" + signature[4:],
		"Bearer":             "Bearer " + good,
		"padding":            good + "==",
		"standard base64":    header + "." + body + "." + base64.RawStdEncoding.EncodeToString([]byte("\xfb\xff\xfe")),
		"trailing bits":      header + "." + body + "." + otherSpelling(signature),
		"detached payload":   header + ".." + signature,
		"header in capitals": strings.ToUpper(header) + "." + body + "." + signature,

		// no signature, or a bad one
		"no signature":           header + "." + body + ".",
		"short signature":        header + "." + body + "." + signature[:43],
		"long signature":         good + "AAAA",
		"signature of zeros":     header + "." + body + "." + strings.Repeat("A", 86),
		"changed body":           header + "." + encode(f.payload(map[string]any{"role": "ADMIN"})) + "." + signature,
		"another token's tail":   header + "." + body + "." + strings.Split(f.with(nil), ".")[2],
		"none":                   encode(`{"alg":"none","typ":"at+jwt"}`) + "." + body + ".",
		"None with kid":          encode(fmt.Sprintf(`{"alg":"None","kid":%q,"typ":"at+jwt"}`, id)) + "." + body + ".",
		"none with signature":    f.withHeader(`{"alg":"none","kid":%q,"typ":"at+jwt"}`, id),
		"HS256 with public DER":  f.sign(hmacHeader, f.payload(nil), jwa.HS256, public),
		"HS256 with the kid":     f.sign(hmacHeader, f.payload(nil), jwa.HS256, []byte(id)),
		"HS256, our header":      f.sign(f.header(), f.payload(nil), jwa.HS256, public),
		"a stranger's signature": withStrangersKey(f.header()),

		// a header that asks to be believed
		"no alg":         f.withHeader(`{"kid":%q,"typ":"at+jwt"}`, id),
		"no kid":         f.withHeader(`{"alg":%q,"typ":"at+jwt"}`, alg),
		"no typ":         f.withHeader(`{"alg":%q,"kid":%q}`, alg, id),
		"typ JWT":        f.withHeader(`{"alg":%q,"kid":%q,"typ":"JWT"}`, alg, id),
		"typ logout":     f.withHeader(`{"alg":%q,"kid":%q,"typ":"logout+jwt"}`, alg, id),
		"RS256":          f.withHeader(`{"alg":"RS256","kid":%q,"typ":"at+jwt"}`, id),
		"alg in lower":   f.withHeader(`{"alg":%q,"kid":%q,"typ":"at+jwt"}`, strings.ToLower(string(alg)), id),
		"two algs":       f.withHeader(`{"alg":"none","alg":%q,"kid":%q,"typ":"at+jwt"}`, alg, id),
		"unknown kid":    withStrangersKey(stranger.header()),
		"kid a path":     f.withHeader(`{"alg":%q,"kid":"../../dev/null","typ":"at+jwt"}`, alg),
		"kid of SQL":     f.withHeader(`{"alg":%q,"kid":"x' UNION SELECT 'k","typ":"at+jwt"}`, alg),
		"kid a number":   f.withHeader(`{"alg":%q,"kid":1,"typ":"at+jwt"}`, alg),
		"embedded jwk":   withStrangersKey(fmt.Sprintf(`{"alg":%q,"jwk":%s,"kid":%q,"typ":"at+jwt"}`, alg, embedded, id)),
		"jku":            withStrangersKey(fmt.Sprintf(`{"alg":%q,"jku":"https://evil.example/jwks","kid":%q,"typ":"at+jwt"}`, alg, id)),
		"x5u":            withStrangersKey(fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt","x5u":"https://evil.example/c"}`, alg, id)),
		"x5c":            withStrangersKey(fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt","x5c":["MIIB"]}`, alg, id)),
		"unknown crit":   f.withHeader(`{"alg":%q,"crit":["x"],"kid":%q,"typ":"at+jwt","x":1}`, alg, id),
		"duplicate crit": f.withHeader(`{"alg":%q,"crit":["exp","exp"],"exp":1,"kid":%q,"typ":"at+jwt"}`, alg, id),
		"empty crit":     f.withHeader(`{"alg":%q,"crit":[],"kid":%q,"typ":"at+jwt"}`, alg, id),
		"b64 false":      f.withHeader(`{"alg":%q,"b64":false,"crit":["b64"],"kid":%q,"typ":"at+jwt"}`, alg, id),
		"compressed":     f.withHeader(`{"alg":%q,"kid":%q,"typ":"at+jwt","zip":"DEF"}`, alg, id),
		"header no JSON": f.withHeader(`alg`),

		// signed by the right key, but not what this service would say
		"payload no JSON":     f.withPayload("sub=1"),
		"payload null":        f.withPayload("null"),
		"payload an array":    f.withPayload("[" + f.payload(nil) + "]"),
		"two payloads":        f.withPayload(f.payload(nil) + f.payload(nil)),
		"no iss":              f.with(map[string]any{"iss": nil}),
		"another iss":         f.with(map[string]any{"iss": "https://evil.example"}),
		"iss with a slash":    f.with(map[string]any{"iss": issuer + "/"}),
		"no aud":              f.with(map[string]any{"aud": nil}),
		"another aud":         f.with(map[string]any{"aud": "https://other.example"}),
		"aud with others":     f.with(map[string]any{"aud": []string{audience, "https://other.example"}}),
		"no exp":              f.with(map[string]any{"exp": nil}),
		"exp zero":            f.with(map[string]any{"exp": 0}),
		"exp negative":        f.with(map[string]any{"exp": -1}),
		"exp a string":        f.with(map[string]any{"exp": "9999999999"}),
		"exp a fraction":      f.with(map[string]any{"exp": 9999999999.5}),
		"exp past all bounds": f.withPayload(strings.Replace(f.payload(nil), `"exp":`, `"exp":9999999999`, 1)),
		"exp now":             f.with(map[string]any{"exp": noon().Unix()}),
		"exp a second ago":    f.with(map[string]any{"exp": noon().Unix() - 1}),
		"no iat":              f.with(map[string]any{"iat": nil}),
		"iat in a minute":     f.with(map[string]any{"iat": noon().Unix() + 60}),
		"iat a string":        f.with(map[string]any{"iat": "now"}),
		"nbf in a minute":     f.with(map[string]any{"nbf": noon().Unix() + 60}),
		"nbf negative":        f.with(map[string]any{"nbf": -1}),
		"no sub":              f.with(map[string]any{"sub": nil}),
		"sub no UUID":         f.with(map[string]any{"sub": "admin"}),
		"sub all zeros":       f.with(map[string]any{"sub": "00000000-0000-0000-0000-000000000000"}),
		"sub a number":        f.with(map[string]any{"sub": 1}),
		"no sid":              f.with(map[string]any{"sid": nil}),
		"sid no UUID":         f.with(map[string]any{"sid": "'; DROP TABLE sessions"}),
		"no jti":              f.with(map[string]any{"jti": nil}),
		"no role":             f.with(map[string]any{"role": nil}),
		"role a list":         f.with(map[string]any{"role": []string{"ADMIN"}}),
		"scope a list":        f.with(map[string]any{"scope": []string{"users:read"}}),
		"a refresh token":     token.NewRefresher(secret(f, 'a')).New(claims().Session).Token(),
	}
}

// otherSpelling changes the bits of the last character that no byte holds.
func otherSpelling(signature string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(signature) - 1
	return signature[:last] + string(alphabet[strings.IndexByte(alphabet, signature[last])+1])
}

func FuzzVerify(f *testing.F) {
	r := ring(f, key(f, token.EdDSA))
	good := sign(f, r, noon())
	f.Add(good)
	f.Add(strings.Split(good, ".")[0])
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := r.Verify(raw, noon())
		if raw != good {
			require.ErrorIs(t, err, token.ErrInvalid)
		}
	})
}

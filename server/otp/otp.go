// Package otp makes and checks one-time passwords by time (TOTP, RFC 6238), as
// authenticator apps show them: six digits, a new code every 30 seconds, by
// HMAC-SHA-1, the only kind that all apps know. It does no I/O: which secret an
// account has, and which step it used last, is for its row to say.
package otp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp/hotp"
)

const (
	secretLen = 20 // bytes, as RFC 4226 section 4 R6 recommends
	minSecret = 16 // the least that it allows

	period = 30 // seconds of one time step
	skew   = 1  // steps a code may be early or late, for clocks and slow fingers
)

var unpadded = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret returns 160 random bits, to be shared with one authenticator app
// (RFC 4226 section 4 R6).
func NewSecret() []byte {
	secret := make([]byte, secretLen)
	rand.Read(secret) // never fails, it ends the process instead
	return secret
}

// Text returns a secret in base32 (RFC 4648 section 6) without padding, which is
// how people type it into an app that cannot scan.
func Text(secret []byte) string { return unpadded.EncodeToString(secret) }

// Match returns the time step that a typed code belongs to, of the one at now
// and the two beside it (RFC 6238 section 5.2), or false if it belongs to none.
// White space in the code is ignored: people type 123 456.
//
// A step must be later than after, the step that was matched last, or 0 where
// none was. The caller stores the step that is returned, so that a code is good
// for one use. Where one code belongs to two steps, it is the later one, or the
// code would be good twice.
//
// No code matches a secret of less than 128 bits, such as one that is missing.
// Every step is compared whole, in constant time, whichever matches.
func Match(secret []byte, code string, now time.Time, after int64) (step int64, ok bool) {
	if len(secret) < minSecret {
		return 0, false
	}
	typed := []byte(strings.Map(withoutSpace, code))
	current := now.Unix() / period
	for candidate := current - skew; candidate <= current+skew; candidate++ {
		equal := subtle.ConstantTimeCompare(codeAt(secret, candidate), typed) == 1
		if equal && candidate > after {
			step, ok = candidate, true
		}
	}
	return step, ok
}

// codeAt returns the six digits of a step: HOTP (RFC 4226) with time as the counter.
func codeAt(secret []byte, step int64) []byte {
	code, err := hotp.GenerateCode(Text(secret), uint64(step))
	if err != nil {
		panic(err) // only for a secret that is not base32
	}
	return []byte(code)
}

func withoutSpace(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}
	return r
}

// Package token makes and checks the strings that stand for somebody or
// something: access tokens, refresh tokens, one-time tokens and sealed cursors,
// and keeps the keys behind them. It does no I/O: where keys and hashes are
// stored, and what has been revoked, is for others to know.
package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// ErrInvalid is the answer to every token that is forged, malformed, expired or
// meant for something else. It wraps a reason for the log, which never quotes
// the token; a client is not told which it was.
var ErrInvalid = errors.New("invalid token")

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }

var base64url = base64.RawURLEncoding.Strict()

// decode reads base64url without padding (RFC 4648 section 5), so that no two
// strings mean the same.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") { // which encoding/base64 skips, even when strict
		return nil, invalid("line break")
	}
	b, err := base64url.DecodeString(s)
	if err != nil {
		return nil, invalid("not base64url")
	}
	return b, nil
}

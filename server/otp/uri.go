package otp

import (
	"net/url"
	"strings"
)

// URI returns what a QR code shows to an authenticator app, in the Key URI format
// of Google Authenticator, which has become the standard: who issues the codes,
// for which account, and the secret. All parameters are given, though they are
// the defaults, since some apps have others.
//
// Issuer and account may not hold a colon, which parts them; theirs are left out.
func URI(issuer, account string, secret []byte) string {
	issuer, account = escape(issuer), escape(account)
	return "otpauth://totp/" + issuer + ":" + account +
		"?secret=" + Text(secret) + "&issuer=" + issuer + "&algorithm=SHA1&digits=6&period=30"
}

// escape percent-encodes all but the unreserved characters (RFC 3986 section
// 2.3). A space becomes %20, as apps show + for what it is, and + becomes %2B, as
// others take it for a space.
func escape(s string) string {
	s = url.QueryEscape(strings.ReplaceAll(s, ":", ""))
	return strings.ReplaceAll(s, "+", "%20")
}

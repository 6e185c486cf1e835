package users

import (
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// EmailKey is what addresses are compared by: Unicode NFKC without letter case, the domain in ASCII (RFC 5891), so that
// an address is one account however it is typed.
func EmailKey(email string) string {
	plain := norm.NFKC.String(email)
	at := strings.LastIndexByte(plain, '@') + 1
	local := norm.NFKC.String(cases.Fold().String(plain[:at]))
	if domain, err := idna.Lookup.ToASCII(plain[at:]); err == nil { // which knows ß from ss, as mail servers do
		return local + domain
	}
	return local + strings.ToLower(plain[at:])
}

// sameMailbox tells whether two spellings differ in letter case and Unicode form only, so that mail to either reaches the
// same person. Addresses with the same key need not: ß counts as ss.
func sameMailbox(a, b string) bool {
	return strings.EqualFold(norm.NFKC.String(a), norm.NFKC.String(b))
}

// CheckEmail refuses what is not an address as RFC 5321 and RFC 6531 have it, is longer than 254 octets, or holds
// characters that cannot be seen.
func CheckEmail(email string) error {
	wrong := errors.New("not an e-mail address")
	if len(email) > 254 || len(EmailKey(email)) > 254 || strings.ContainsFunc(email, invisible) {
		return wrong
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email {
		return wrong
	}
	local, domain, _ := strings.Cut(email, "@")
	if len(local) > 64 || strings.ContainsAny(local, "\"() ,:;<>[]\\") {
		return wrong
	}
	host, err := idna.Lookup.ToASCII(norm.NFKC.String(domain))
	if err != nil || !hostname.MatchString(host) {
		return wrong
	}
	return nil
}

// hostname is a name of two labels or more (RFC 1123 section 2.1).
var hostname = regexp.MustCompile(`(?i)^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

func invisible(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }

package mail

import (
	"errors"
	netmail "net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// Address is a mailbox with an optional name.
type Address = netmail.Address

// canonical returns an e-mail address as it goes into headers and on the wire: a domain in other letters is
// written in ASCII (RFC 5891), which every server understands. The error does not quote.
func canonical(address string) (string, error) {
	parsed, err := netmail.ParseAddress("<" + address + ">")
	if err != nil || parsed.Name != "" || angle(*parsed) != "<"+address+">" {
		return "", errors.New("not an e-mail address")
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := parsed.Address[:at], parsed.Address[at+1:]
	if !ascii(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", errors.New("not the domain of an e-mail address")
		}
	}
	return local + "@" + domain, nil
}

// valid says whether a is as canonical makes addresses.
func valid(a Address) bool {
	address, err := canonical(strings.Trim(angle(a), "<>"))
	return err == nil && address == a.Address
}

// angle writes an address the way SMTP wants it, without the name.
func angle(a Address) string {
	return (&netmail.Address{Address: a.Address}).String()
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}

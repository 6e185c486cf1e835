package main

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// camel turns a name of the contract into a Go one: email-taken -> EmailTaken, user_id -> UserID, ADMIN -> ADMIN. It is
// ToCamelCaseWithInitialisms of oapi-codegen, whose names the templates refer to.
func camel(s string) string {
	var b strings.Builder
	first := true // of a word
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) && first:
			b.WriteRune(unicode.ToUpper(r))
			first = false
		case unicode.IsLetter(r):
			b.WriteRune(r)
		default:
			if unicode.IsDigit(r) {
				b.WriteRune(r)
			}
			first = true
		}
	}
	parts := words.FindAllString(b.String(), -1)
	for i, part := range parts {
		if upper := strings.ToUpper(part); slices.Contains(initialisms, upper) {
			parts[i] = upper
		}
	}
	return strings.Join(parts, "")
}

var words = regexp.MustCompile(`[A-Z\d]+([a-z\d]+|$)`)

var initialisms = strings.Fields(`ACL API ASCII CPU CSS DNS EOF GUID HTML HTTP HTTPS ID IP JSON QPS RAM RPC SLA SMTP SQL SSH
	TCP TLS TTL UDP UI GID UID UUID URI URL UTF8 VM XML XMPP XSRF XSS SIP RTP AMQP DB TS`)

// variable turns a name of the contract into that of a Go variable: user_id -> userID.
func variable(s string) string {
	head, tail, _ := strings.Cut(s, "_")
	return head + camel(tail)
}

// comment lays text out as Go comment lines.
func comment(s string) string {
	return "// " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n// ")
}

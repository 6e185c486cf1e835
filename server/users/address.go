package users

import (
	"errors"
	"net/mail"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// EmailKey is what addresses are compared by: Unicode NFKC and lower case, so that one mailbox is one account however
// it is typed.
func EmailKey(email string) string { return norm.NFKC.String(strings.ToLower(norm.NFKC.String(email))) }

// CheckEmail refuses what is not an address as RFC 5321 and RFC 6531 have it, or is longer than 254 octets.
func CheckEmail(email string) error {
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 || len(EmailKey(email)) > 254 {
		return errors.New("not an e-mail address")
	}
	local, domain, _ := strings.Cut(email, "@")
	if strings.ContainsAny(email, "\"() ,:;<>[]\\") || len(local) > 64 || !strings.Contains(strings.Trim(domain, "."), ".") {
		return errors.New("not an e-mail address")
	}
	return nil
}

// VerificationMail asks the worker to mail the link that confirms a user's address. The token in the link is made when
// the mail is, so it is stored nowhere but as a hash.
type VerificationMail struct {
	UserID uuid.UUID `json:"user_id"`
}

// Kind names the job in the queue.
func (VerificationMail) Kind() string { return "verification-mail" }

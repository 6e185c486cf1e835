package mail

import "time"

// EmailChange goes to the new address and asks to confirm that the account shall use it.
type EmailChange struct {
	Name      string
	Link      Link
	ExpiresIn time.Duration
}

// Kind is "email-change".
func (EmailChange) Kind() string { return "email-change" }

// EmailChanged goes to the old address, which is no good for signing in any more. It has no link: all that
// could help is mailed to the new address.
type EmailChanged struct {
	Name string
	// NewAddress is shortened by the sender (a***@example.com): whoever reads the old mailbox need not know it all.
	NewAddress string
}

// Kind is "email-changed".
func (EmailChanged) Kind() string { return "email-changed" }

// EmailChangedByStaff goes to the old address when it was staff who gave the account another one, which has to be
// confirmed before anybody signs in.
type EmailChangedByStaff struct {
	Name       string
	NewAddress string // shortened, see EmailChanged
}

// Kind is "email-changed-by-staff".
func (EmailChangedByStaff) Kind() string { return "email-changed-by-staff" }

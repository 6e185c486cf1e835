package mail

import "time"

// Verification asks the owner of a new account to confirm that the e-mail address is theirs.
type Verification struct {
	Name      string
	Link      Link
	ExpiresIn time.Duration
}

// Kind is "verification".
func (Verification) Kind() string { return "verification" }

// AlreadyRegistered tells the owner of an account that somebody tried to register with its address.
// Name is the owner's, not what was typed this time.
type AlreadyRegistered struct {
	Name string
	Link Link // where one asks for a new password
}

// Kind is "already-registered".
func (AlreadyRegistered) Kind() string { return "already-registered" }

// AccountReady tells a person that staff made an account for them, and asks for a password,
// which confirms the address too.
type AccountReady struct {
	Name      string
	Link      Link
	ExpiresIn time.Duration
}

// Kind is "account-ready".
func (AccountReady) Kind() string { return "account-ready" }

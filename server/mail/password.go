package mail

import "time"

// PasswordReset lets the owner of an account choose a new password.
type PasswordReset struct {
	Name      string
	Link      Link
	ExpiresIn time.Duration
}

// Kind is "password-reset".
func (PasswordReset) Kind() string { return "password-reset" }

// PasswordChanged tells that an account has a new password, which ended all other sessions.
type PasswordChanged struct {
	Name string
	Link Link // where one asks for a new password
}

// Kind is "password-changed".
func (PasswordChanged) Kind() string { return "password-changed" }

// AccountLocked tells that too many wrong passwords in a row have closed signing in. Sessions go on.
type AccountLocked struct {
	Name   string
	EndsIn time.Duration // then it opens by itself
	Link   Link          // where a new password opens it at once
}

// Kind is "account-locked".
func (AccountLocked) Kind() string { return "account-locked" }

// AccountUnlocked tells that signing in is open again.
type AccountUnlocked struct {
	Name string
	Link Link // where one asks for a new password
}

// Kind is "account-unlocked".
func (AccountUnlocked) Kind() string { return "account-unlocked" }

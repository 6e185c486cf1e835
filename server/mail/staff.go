package mail

import "time"

// RoleChanged tells that staff gave an account another role. The roles are words of everyday language.
type RoleChanged struct {
	Name    string
	Was, Is string
}

// Kind is "role-changed".
func (RoleChanged) Kind() string { return "role-changed" }

// AccountSuspended tells that staff closed an account until they open it again, and why. It has no link: there is
// nothing that the owner could do here.
type AccountSuspended struct {
	Name   string
	Reason string // as staff wrote it
}

// Kind is "account-suspended".
func (AccountSuspended) Kind() string { return "account-suspended" }

// AccountReinstated tells that an account is no longer suspended.
type AccountReinstated struct {
	Name string
	Link Link // where one asks for a new password
}

// Kind is "account-reinstated".
func (AccountReinstated) Kind() string { return "account-reinstated" }

// AccountReinstatedLocked tells that an account is no longer suspended, but that a lock of the staff's still holds. It has no
// link: a new password would not open it.
type AccountReinstatedLocked struct {
	Name   string
	EndsIn time.Duration // then it opens by itself
}

// Kind is "account-reinstated-locked".
func (AccountReinstatedLocked) Kind() string { return "account-reinstated-locked" }

// StaffLock tells that staff closed an account for a while. It has no link: a new password would not open it.
type StaffLock struct {
	Name   string
	EndsIn time.Duration // then it opens by itself
}

// Kind is "staff-lock".
func (StaffLock) Kind() string { return "staff-lock" }

// StaffLockEnded tells that an account is open again that staff had locked.
type StaffLockEnded struct {
	Name string
	Link Link // where one asks for a new password
}

// Kind is "staff-lock-ended".
func (StaffLockEnded) Kind() string { return "staff-lock-ended" }

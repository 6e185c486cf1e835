package users

import (
	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/spec"
)

// VerificationMail asks the worker to mail the link that confirms a user's address. The token in the link is made when
// the mail is, so it is stored nowhere but as a hash.
type VerificationMail struct {
	UserID uuid.UUID `json:"user_id"`
}

// Kind names the job in the queue.
func (VerificationMail) Kind() string { return "verification-mail" }

// PasswordMail asks the worker to mail a link to set a password. New says that the account was just made for somebody.
type PasswordMail struct {
	UserID uuid.UUID `json:"user_id"`
	New    bool      `json:"new,omitempty"`
}

// Kind names the job in the queue.
func (PasswordMail) Kind() string { return "password-mail" }

// EmailChangeMail asks the worker to mail a link that confirms a user's pending address, to that address.
type EmailChangeMail struct {
	UserID uuid.UUID `json:"user_id"`
}

// Kind names the job in the queue.
func (EmailChangeMail) Kind() string { return "email-change-mail" }

// Notice asks the worker to tell a user by mail what happened to the account.
type Notice struct {
	UserID uuid.UUID `json:"user_id"`
	About  About     `json:"about"`
	To     string    `json:"to,omitempty"`   // the address, if it is no longer that of the account
	Left   int       `json:"left,omitempty"` // how many recovery codes there still are
	Was    spec.Role `json:"was,omitempty"`  // the role before
	Is     spec.Role `json:"is,omitempty"`   // the role since
	Reason string    `json:"reason,omitempty"`
}

// Kind names the job in the queue.
func (Notice) Kind() string { return "notice" }

// About is what a notice tells.
type About string

// What notices tell.
const (
	AboutRegisteredAlready   About = "already-registered"
	AboutLocked              About = "account-locked"
	AboutUnlocked            About = "account-unlocked"
	AboutPasswordChanged     About = "password-changed"
	AboutEmailChanged        About = "email-changed"
	AboutEmailMoved          About = "email-changed-by-staff"
	AboutSecondFactorEnabled About = "second-factor-enabled"
	AboutSecondFactorRemoved About = "second-factor-removed"
	AboutRecoveryCodeUsed    About = "recovery-code-used"
	AboutRoleChanged         About = "role-changed"
	AboutSuspended           About = "account-suspended"
	AboutReinstated          About = "account-reinstated"
	AboutStaffLock           About = "staff-lock"
	AboutStaffLockEnded      About = "staff-lock-ended"
)

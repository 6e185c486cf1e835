package mail

import "time"

// Data is what one kind of letter tells. Each kind is a struct of its own; the fields are the
// variables of its template: a string (one line of anybody's words), a [Link], a [time.Duration].
// The shared header greets by Name, so every kind has that field; it may be empty.
type Data interface {
	// Kind is the name of the template, without language and ending.
	Kind() string
}

// Link is a web address in the service. It has the scheme and host of Settings.BaseURL,
// and no part of it that identifies something is empty.
type Link string

// Samples returns one example of each kind there is, with links into the service at baseURL:
// the list that templates are checked against at start, and what a preview shows.
func Samples(baseURL string) []Data {
	const name, secret = "Ada Lovelace", "#user_id=0198c5a2-7b1e-7c3d-9f00-5a4e1c2d3b4a&token=c2FtcGxl"
	link := func(path string) Link { return Link(baseURL + path) }
	verify, choose, forgotten := link("/verify"+secret), link("/reset-password"+secret), link("/forgot-password")
	return []Data{
		Verification{Name: name, Link: verify, ExpiresIn: 24 * time.Hour},
		AlreadyRegistered{Name: name, Link: forgotten},
		AccountReady{Name: name, Link: choose, ExpiresIn: 7 * 24 * time.Hour},
		PasswordReset{Name: name, Link: choose, ExpiresIn: time.Hour},
		PasswordChanged{Name: name, Link: forgotten},
		AccountLocked{Name: name, EndsIn: 15 * time.Minute, Link: forgotten},
		AccountUnlocked{Name: name, Link: forgotten},
		EmailChange{Name: name, Link: link("/confirm-email" + secret), ExpiresIn: time.Hour},
		EmailChanged{Name: name, NewAddress: "a***@example.com"},
		EmailChangedByStaff{Name: name, NewAddress: "a***@example.com"},
		SecondFactorEnabled{Name: name, Link: forgotten},
		SecondFactorRemoved{Name: name, Link: forgotten},
		RecoveryCodeUsed{Name: name, Left: "7", Link: forgotten},
		RoleChanged{Name: name, Was: "author", Is: "moderator"},
		AccountSuspended{Name: name, Reason: "Advertising in the comments."},
		AccountReinstated{Name: name, Link: forgotten},
		AccountReinstatedLocked{Name: name, EndsIn: 7 * 24 * time.Hour},
		StaffLock{Name: name, EndsIn: 7 * 24 * time.Hour},
		StaffLockEnded{Name: name, Link: forgotten},
	}
}

// Kinds lists the names of all kinds.
func Kinds() []string {
	var kinds []string
	for _, sample := range Samples("") {
		kinds = append(kinds, sample.Kind())
	}
	return kinds
}

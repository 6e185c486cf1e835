package worker

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/users"
)

// notice tells a user what happened to the account.
type notice struct {
	river.WorkerDefaults[users.Notice]
	Options
}

// Work mails the notice, if the account is still there. One that nobody has written ends the job.
func (w *notice) Work(ctx context.Context, job *river.Job[users.Notice]) error {
	u, err := db.New().GetUser(ctx, w.DB, job.Args.UserID)
	if fault.Is(err, spec.ProblemNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if overtaken(u, job.Args.About) {
		return nil
	}
	data := w.write(u, job.Args)
	if data == nil {
		return river.JobCancel(fmt.Errorf("there is no notice about %q", job.Args.About))
	}
	address := u.Email
	if job.Args.To != "" {
		address = job.Args.To
	}
	return w.send(ctx, u, address, data)
}

// overtaken: it is no help to hear of a lock that is over or, while suspended, that one can sign in.
func overtaken(u db.User, about users.About) bool {
	switch about {
	case users.AboutLocked:
		return !lasts(u.LockedUntil)
	case users.AboutStaffLock:
		return !lasts(u.StaffLockUntil)
	case users.AboutUnlocked, users.AboutStaffLockEnded:
		return u.Status == spec.UserStatusSuspended
	}
	return false
}

func lasts(until *time.Time) bool { return until != nil && until.After(time.Now()) }

// remaining is how long it is until a time, in hours if it is long: what staff set would read oddly a minute later.
func remaining(until time.Time) time.Duration {
	left := time.Until(until)
	if left > 3*time.Hour {
		return (left + time.Hour - 1).Truncate(time.Hour)
	}
	return left
}

// write is what a letter tells; nil if nobody has written it.
func (o Options) write(u db.User, n users.Notice) mail.Data {
	name, forgot := firstName(u), mail.Link(o.BaseURL+"/forgot-password")
	switch n.About {
	case users.AboutRegisteredAlready:
		return mail.AlreadyRegistered{Name: name, Link: forgot}
	case users.AboutLocked:
		return mail.AccountLocked{Name: name, EndsIn: time.Until(*u.LockedUntil), Link: forgot}
	case users.AboutUnlocked:
		return mail.AccountUnlocked{Name: name, Link: forgot}
	case users.AboutPasswordChanged:
		return mail.PasswordChanged{Name: name, Link: forgot}
	case users.AboutEmailChanged:
		return mail.EmailChanged{Name: name, NewAddress: shorten(u.Email)}
	case users.AboutEmailMoved:
		return mail.EmailChangedByStaff{Name: name, NewAddress: shorten(u.Email)}
	case users.AboutSecondFactorEnabled:
		return mail.SecondFactorEnabled{Name: name, Link: forgot}
	case users.AboutSecondFactorRemoved:
		return mail.SecondFactorRemoved{Name: name, Link: forgot}
	case users.AboutRecoveryCodeUsed:
		return mail.RecoveryCodeUsed{Name: name, Left: strconv.Itoa(n.Left), Link: forgot}
	case users.AboutRoleChanged:
		return mail.RoleChanged{Name: name, Was: roles[n.Was], Is: roles[n.Is]}
	case users.AboutSuspended:
		return mail.AccountSuspended{Name: name, Reason: n.Reason}
	case users.AboutReinstated:
		if lasts(u.StaffLockUntil) {
			return mail.AccountReinstatedLocked{Name: name, EndsIn: remaining(*u.StaffLockUntil)}
		}
		return mail.AccountReinstated{Name: name, Link: forgot}
	case users.AboutStaffLock:
		return mail.StaffLock{Name: name, EndsIn: remaining(*u.StaffLockUntil)}
	case users.AboutStaffLockEnded:
		return mail.StaffLockEnded{Name: name, Link: forgot}
	}
	return nil
}

// roles are the roles as people call them.
var roles = map[spec.Role]string{
	spec.RoleANONYMOUS: "guest", spec.RoleAUTHENTICATED: "reader", spec.RoleAUTHOR: "author",
	spec.RoleMODERATOR: "moderator", spec.RoleMANAGER: "manager", spec.RoleADMIN: "administrator",
}

// shorten shows an address to somebody who need not know it all: a***@example.com.
func shorten(address string) string {
	_, first := utf8.DecodeRuneInString(address)
	return address[:first] + "***" + address[strings.LastIndexByte(address, '@'):]
}

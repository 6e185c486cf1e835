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
	if job.Args.About == users.AboutLocked && !locked(u) {
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

func locked(u db.User) bool { return u.LockedUntil != nil && u.LockedUntil.After(time.Now()) }

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
	case users.AboutSecondFactorEnabled:
		return mail.SecondFactorEnabled{Name: name, Link: forgot}
	case users.AboutSecondFactorRemoved:
		return mail.SecondFactorRemoved{Name: name, Link: forgot}
	case users.AboutRecoveryCodeUsed:
		return mail.RecoveryCodeUsed{Name: name, Left: strconv.Itoa(n.Left), Link: forgot}
	}
	return nil
}

// shorten shows an address to somebody who need not know it all: a***@example.com.
func shorten(address string) string {
	_, first := utf8.DecodeRuneInString(address)
	return address[:first] + "***" + address[strings.LastIndexByte(address, '@'):]
}

package worker

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/users"
)

// passwordMail mails the link that sets a password.
type passwordMail struct {
	river.WorkerDefaults[users.PasswordMail]
	Options
}

// Work makes the token and mails it. To a new account it is good for as long as any other that confirms an address.
func (w *passwordMail) Work(ctx context.Context, job *river.Job[users.PasswordMail]) error {
	lifetime := w.ResetLifetime
	if job.Args.New {
		lifetime = w.VerificationLifetime
	}
	l, err := w.prepare(ctx, func(tx pgx.Tx) (db.User, string, bool, error) {
		return auth.MakeReset(ctx, tx, job.Args, lifetime)
	})
	if err != nil || !l.wanted {
		return err
	}
	var data mail.Data = mail.PasswordReset{Name: firstName(l.user), Link: w.link("/reset-password", l), ExpiresIn: lifetime}
	if job.Args.New {
		data = mail.AccountReady{Name: firstName(l.user), Link: w.link("/reset-password", l), ExpiresIn: lifetime}
	}
	return w.send(ctx, l.user, l.user.Email, data)
}

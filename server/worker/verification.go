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

// verification mails the link that confirms an address.
type verification struct {
	river.WorkerDefaults[users.VerificationMail]
	Options
}

// Work makes the token and mails it.
func (w *verification) Work(ctx context.Context, job *river.Job[users.VerificationMail]) error {
	l, err := w.prepare(ctx, func(tx pgx.Tx) (db.User, string, bool, error) {
		return auth.MakeVerification(ctx, tx, job.Args.UserID, w.VerificationLifetime)
	})
	if err != nil || !l.wanted {
		return err
	}
	return w.send(ctx, l.user, l.user.Email, mail.Verification{
		Name: firstName(l.user), Link: w.link("/verify", l), ExpiresIn: w.VerificationLifetime,
	})
}

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

// emailChange mails the link that confirms a pending address, to that address.
type emailChange struct {
	river.WorkerDefaults[users.EmailChangeMail]
	Options
}

// Work makes the token and mails it. The letter says no name: who reads at a mistyped address is a stranger.
func (w *emailChange) Work(ctx context.Context, job *river.Job[users.EmailChangeMail]) error {
	l, err := w.prepare(ctx, func(tx pgx.Tx) (db.User, string, bool, error) {
		return auth.MakeEmailChange(ctx, tx, job.Args.UserID, w.ResetLifetime)
	})
	if err != nil || !l.wanted {
		return err
	}
	return w.send(ctx, l.user, *l.user.PendingEmail, mail.EmailChange{Link: w.link("/confirm-email", l), ExpiresIn: w.ResetLifetime})
}

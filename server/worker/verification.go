package worker

import (
	"context"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// verification mails the link that confirms an address.
type verification struct {
	river.WorkerDefaults[users.VerificationMail]
	Options
}

type letter struct {
	user   db.User
	token  string
	wanted bool
}

// Work makes the token and mails it. Each attempt makes its own, because only hashes are stored.
func (w *verification) Work(ctx context.Context, job *river.Job[users.VerificationMail]) error {
	l, err := store.InTx(ctx, w.DB, func(tx pgx.Tx) (l letter, err error) {
		l.user, l.token, l.wanted, err = auth.MakeVerification(ctx, tx, job.Args.UserID, w.VerificationLifetime)
		return l, err
	})
	if err != nil || !l.wanted {
		return err
	}
	data := mail.Verification{Link: mail.Link(w.link(l)), ExpiresIn: w.VerificationLifetime}
	if l.user.FirstName != nil {
		data.Name = *l.user.FirstName
	}
	return w.send(ctx, l.user, data)
}

// link leads to the page with the button. What it holds is behind the #, so it is never sent to a server, logged or
// referred.
func (w *verification) link(l letter) string {
	return w.BaseURL + "/verify#" + url.Values{"user_id": {l.user.ID.String()}, "token": {l.token}}.Encode()
}

// send mails a letter to a user. A refusal for good ends the job.
func (o Options) send(ctx context.Context, to db.User, data mail.Data) error {
	locale := ""
	if to.Locale != nil {
		locale = *to.Locale
	}
	message, err := o.Composer.Compose(mail.Address{Address: to.Email}, locale, data)
	if err == nil {
		err = o.Sender.Send(ctx, message)
	}
	if mail.Permanent(err) {
		return river.JobCancel(err)
	}
	return err
}

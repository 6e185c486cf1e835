package worker

import (
	"context"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/mail"
	"github.com/usherhq/usher/server/store"
)

// letter is what a mail with a token in its link needs.
type letter struct {
	user   db.User
	token  string
	wanted bool
}

// prepare runs fn, which makes the token of a letter, in a transaction. Each attempt at a job makes its own, because only
// hashes are stored.
func (o Options) prepare(ctx context.Context, fn func(pgx.Tx) (db.User, string, bool, error)) (letter, error) {
	return store.InTx(ctx, o.DB, func(tx pgx.Tx) (l letter, err error) {
		l.user, l.token, l.wanted, err = fn(tx)
		return l, err
	})
}

// link leads to a page with a button. What it holds is behind the #, so it is never sent to a server, logged or referred.
func (o Options) link(page string, l letter) mail.Link {
	return mail.Link(o.BaseURL + page + "#" + url.Values{"user_id": {l.user.ID.String()}, "token": {l.token}}.Encode())
}

// firstName is how letters greet a user.
func firstName(u db.User) string {
	if u.FirstName == nil {
		return ""
	}
	return *u.FirstName
}

// send mails data to an address of a user. A refusal for good ends the job.
func (o Options) send(ctx context.Context, u db.User, address string, data mail.Data) error {
	locale := ""
	if u.Locale != nil {
		locale = *u.Locale
	}
	message, err := o.Composer.Compose(mail.Address{Address: address}, locale, data)
	if err == nil {
		err = o.Sender.Send(ctx, message)
	}
	if mail.Permanent(err) {
		return river.JobCancel(err)
	}
	return err
}

package users

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/password"
)

// Draft is what a new account is made of. What is left out stays empty; a nickname is made up.
type Draft struct {
	Email        string
	Verified     bool    // the address is known to be theirs; otherwise a mail asks
	PasswordHash *string // none: they choose a password with a mailed link
	Nickname     *string
	Role         spec.Role
	RegisteredAs spec.RegistrationKind

	FirstName, LastName, Bio, Location, Locale, TimeZone *string
	WebsiteURL, LinkedinURL, GithubURL                   *string

	Fields map[string]any // of profile fields, by name; numbers are json.Number
}

// Add stores a new account, and has its address confirmed by mail if need be. Errors: email-taken, nickname-taken,
// nickname-confusable, invalid-request (the value of a profile field).
func Add(ctx context.Context, tx pgx.Tx, d Draft) (db.User, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return db.User{}, err
	}
	fields, err := newFields(ctx, tx, d.Fields)
	if err != nil {
		return db.User{}, err
	}
	row := db.CreateUserParams{
		ID: id, Email: d.Email, EmailKey: EmailKey(d.Email), Verified: d.Verified, PasswordHash: d.PasswordHash,
		FirstName: d.FirstName, LastName: d.LastName, Bio: d.Bio, Location: d.Location, Locale: d.Locale, TimeZone: d.TimeZone,
		WebsiteURL: d.WebsiteURL, LinkedinURL: d.LinkedinURL, GithubURL: d.GithubURL,
		Fields: fields, Role: d.Role, RegisteredAs: d.RegisteredAs,
	}
	u, err := insert(ctx, tx, row, d.Nickname)
	switch {
	case err != nil:
		return u, err
	case d.PasswordHash == nil:
		return u, outbox.Enqueue(ctx, tx, PasswordMail{UserID: u.ID, New: true})
	case !d.Verified:
		return u, outbox.Enqueue(ctx, tx, VerificationMail{UserID: u.ID})
	}
	return u, nil
}

// RegisteredAgain tells the owner of an address that somebody wants to register with it. Whoever that is, the way on is a
// new password by mail: an account that waits for its confirmation may be somebody else's doing.
func RegisteredAgain(ctx context.Context, tx pgx.Tx, email string) error {
	u, err := db.New().GetUserByEmail(ctx, tx, EmailKey(email))
	if err != nil {
		return err
	}
	return outbox.EnqueueOnce(ctx, tx, time.Hour, Notice{UserID: u.ID, About: AboutRegisteredAlready})
}

// insert stores the row under the nickname, or under one that is made up and still free. Each try at one has a
// savepoint of its own, because somebody else may take the name between looking and storing.
func insert(ctx context.Context, tx pgx.Tx, row db.CreateUserParams, nickname *string) (u db.User, err error) {
	const tries = 5
	for try := range tries {
		row.Nickname = suggestNickname(try)
		if nickname != nil {
			row.Nickname = *nickname
		}
		row.NicknameKey, row.NicknameSkeleton = nicknameKey(row.Nickname), new(skeleton(row.Nickname))
		err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			u, err = db.New().CreateUser(ctx, tx, row)
			return err
		})
		if nickname != nil || !fault.Is(err, spec.ProblemNicknameTaken) && !fault.Is(err, spec.ProblemNicknameConfusable) {
			break
		}
	}
	return u, err
}

// CheckPassword holds a password to the policy, which forbids what can be guessed from the person's own data. It must have
// least characters, password.MinLength or password.MinLengthWithFactor. The error names the field at pointer and every
// reason.
func CheckPassword(least int, pointer, secret string, own ...*string) error {
	var words []string
	for _, w := range own {
		if w != nil && strings.TrimSpace(*w) != "" {
			words = append(words, *w)
		}
	}
	var fields []spec.FieldError
	for _, w := range password.Check(secret, least, words...) {
		fields = append(fields, fault.Field(pointer, spec.FieldProblem(w), w.Advice(least)))
	}
	if len(fields) > 0 {
		return fault.Invalid(fields...)
	}
	return nil
}

package users

import (
	"cmp"
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oapi-codegen/nullable"
	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

// Update edits an account: absent fields stay, null clears (RFC 7396). Another e-mail address has to be confirmed anew.
// Errors: not-found, forbidden (a role that is not below one's own, authority that was lost meanwhile, another address by a token
// that was narrowed), precondition-failed,
// email-taken, nickname-taken, nickname-confusable, invalid-request (a reserved nickname, a profile field's value), self-email-change,
// step-up-required and last-admin for another address.
func Update(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID, patch spec.UserPatch) (db.User, error) {
	u, last, err := takeFor(ctx, tx, by, id, patch)
	if err != nil {
		return u, err
	}
	if err := canUpdate(by, u); err != nil {
		return u, err
	}
	before := u
	fields := apply(&u, patch)
	set, err := setFields(ctx, tx, &u, patch.Fields)
	if err != nil {
		return u, err
	}
	fields = append(fields, set...)
	if !sameMailbox(before.Email, u.Email) {
		if err := cmp.Or(canMove(by, u), unlessLast(last)); err != nil {
			return u, err
		}
	}
	if u.NicknameKey != before.NicknameKey { // what is theirs already stays theirs, in any spelling
		if err := CanTake(by, &u.Nickname); err != nil {
			return u, err
		}
	}
	if len(fields) == 0 {
		return u, nil
	}
	if u, err = db.New().UpdateUser(ctx, tx, db.UpdateUserParams{
		ID: u.ID, Email: u.Email, EmailKey: u.EmailKey, EmailVerifiedAt: u.EmailVerifiedAt,
		Nickname: u.Nickname, NicknameKey: u.NicknameKey, NicknameSkeleton: u.NicknameSkeleton, Fields: u.Fields,
		FirstName: u.FirstName, LastName: u.LastName, Bio: u.Bio, Location: u.Location, Locale: u.Locale, TimeZone: u.TimeZone,
		WebsiteURL: u.WebsiteURL, LinkedinURL: u.LinkedinURL, GithubURL: u.GithubURL,
	}); err != nil {
		return u, err
	}
	if !sameMailbox(before.Email, u.Email) {
		if err := moveHouse(ctx, tx, by, u.ID, u.PasswordHash != nil, before.Email); err != nil {
			return u, err
		}
	}
	return u, outbox.Emit(ctx, tx, spec.UserUpdated{UserID: u.ID, By: by.By(), Fields: fields})
}

// takeFor locks an account to edit it. Whoever gets another address is not in charge until it is confirmed.
func takeFor(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID, patch spec.UserPatch) (u db.User, last bool, err error) {
	if patch.Email != nil {
		return Take(ctx, tx, by, id)
	}
	u, err = Hold(ctx, tx, by, id)
	return u, false, err
}

// canMove says who may give an account another address: with it comes the power to set the password.
func canMove(by actor.Actor, u db.User) error {
	switch {
	case by.ID == u.ID:
		return fault.New(spec.ProblemSelfEmailChange, "")
	case !by.Operator && !by.Recent:
		return fault.New(spec.ProblemStepUpRequired, "")
	}
	return outdoes(by, u)
}

// moveHouse does what follows when staff give an account another address: it has to be confirmed, what was mailed to the
// old one is void, sessions end, for one of them may be why staff were asked, and the old address is told.
func moveHouse(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID, hasPassword bool, old string) error {
	if err := db.New().ForgetTokens(ctx, tx, id); err != nil {
		return err
	}
	if err := EndSessions(ctx, tx, id, nil, spec.SessionEndEndedByStaff); err != nil {
		return err
	}
	confirm := river.JobArgs(VerificationMail{UserID: id})
	if !hasPassword {
		confirm = PasswordMail{UserID: id, New: true}
	}
	for _, letter := range []river.JobArgs{confirm, Notice{UserID: id, About: AboutEmailMoved, To: old}} {
		if err := outbox.Enqueue(ctx, tx, letter); err != nil {
			return err
		}
	}
	return outbox.Emit(ctx, tx, spec.UserEmailChanged{UserID: id, By: by.By()})
}

func canUpdate(by actor.Actor, u db.User) error { return reach(by, u) }

// apply writes the patch into u and names the fields that differ now.
func apply(u *db.User, p spec.UserPatch) []string {
	var changed []string
	before := u.Email
	set := func(name string, field *string, value *string) {
		if value != nil && *value != *field {
			*field = *value
			changed = append(changed, name)
		}
	}
	clearable := func(name string, field **string, value nullable.Nullable[string]) {
		if !value.IsSpecified() {
			return
		}
		next := (*string)(nil)
		if v, err := value.Get(); err == nil {
			next = &v
		}
		if (next == nil) != (*field == nil) || next != nil && *next != **field {
			*field = next
			changed = append(changed, name)
		}
	}
	set("email", &u.Email, p.Email)
	if p.Email != nil && !sameMailbox(before, u.Email) {
		u.EmailKey, u.EmailVerifiedAt = EmailKey(u.Email), nil
	}
	if p.Nickname != nil && *p.Nickname != u.Nickname { // one that stays may look like another's: it was there before this was looked at
		u.NicknameKey, u.NicknameSkeleton = nicknameKey(*p.Nickname), new(skeleton(*p.Nickname))
	}
	set("nickname", &u.Nickname, p.Nickname)
	clearable("first_name", &u.FirstName, p.FirstName)
	clearable("last_name", &u.LastName, p.LastName)
	clearable("bio", &u.Bio, p.Bio)
	clearable("location", &u.Location, p.Location)
	clearable("locale", &u.Locale, p.Locale)
	clearable("time_zone", &u.TimeZone, p.TimeZone)
	clearable("website_url", &u.WebsiteURL, p.WebsiteURL)
	clearable("linkedin_url", &u.LinkedinURL, p.LinkedinURL)
	clearable("github_url", &u.GithubURL, p.GithubURL)
	return changed
}

// UpdateUser edits an account on behalf of staff.
func (h *Handlers) UpdateUser(ctx context.Context, req api.UpdateUserRequestObject) (api.UpdateUserResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.UpdateUserResponseObject, error) {
		u, err := Update(ctx, tx, actor.From(ctx), req.UserID, *req.Body)
		if err != nil {
			return nil, err
		}
		return api.UpdateUser200JSONResponse{UserResponseJSONResponse: view(ctx, u)}, nil
	})
}

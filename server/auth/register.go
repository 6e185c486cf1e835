package auth

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// Register adds an account that has to confirm its address, or the first admin if the settings say so. Errors:
// email-taken, nickname-taken, nickname-confusable, invalid-request (a reserved nickname).
func Register(ctx context.Context, tx pgx.Tx, firstUserAdmin bool, d users.Draft) (db.User, error) {
	if err := users.CanTake(actor.Actor{}, d.Nickname); err != nil {
		return db.User{}, err
	}
	d.Role, d.Verified = spec.RoleANONYMOUS, false
	if firstUserAdmin {
		first, err := isFirst(ctx, tx)
		if err != nil {
			return db.User{}, err
		}
		if first {
			d.Role, d.Verified = spec.RoleADMIN, true
		}
	}
	u, err := users.Add(ctx, tx, d)
	if err != nil {
		return u, err
	}
	return u, outbox.Emit(ctx, tx, spec.UserRegistered{UserID: u.ID, RegisteredAs: u.RegisteredAs})
}

// isFirst says whether there is nobody yet; if so, others who register wait until tx ends.
func isFirst(ctx context.Context, tx pgx.Tx) (bool, error) {
	taken, err := db.New().AnyUser(ctx, tx)
	if err != nil || taken {
		return false, err
	}
	if err := db.New().LockFirstUser(ctx, tx); err != nil {
		return false, err
	}
	taken, err = db.New().AnyUser(ctx, tx)
	return !taken, err
}

// canRegister refuses those whom the mode of registration keeps out.
func canRegister(mode Registration) error {
	switch mode {
	case RegistrationClosed:
		return fault.New(spec.ProblemRegistrationClosed, "")
	case RegistrationInvitation:
		return fault.New(spec.ProblemInvitationRequired, "")
	}
	return nil
}

// RegisterUser adds the caller's account.
func (h *Handlers) RegisterUser(ctx context.Context, req api.RegisterUserRequestObject) (api.RegisterUserResponseObject, error) {
	if err := canRegister(h.Settings.Registration); err != nil {
		return nil, err
	}
	b := req.Body
	if err := users.CheckPassword(password.MinLength, "/password", b.Password, &b.Email, b.Nickname, b.FirstName, b.LastName); err != nil {
		return nil, err
	}
	hash, err := h.Hasher.Hash(ctx, b.Password)
	if err != nil {
		return nil, err
	}
	d := users.Draft{
		Email: b.Email, PasswordHash: &hash, Nickname: b.Nickname, RegisteredAs: spec.RegistrationKindReader,
		FirstName: b.FirstName, LastName: b.LastName, Bio: b.Bio, Location: b.Location, Locale: b.Locale, TimeZone: b.TimeZone,
	}
	if b.Kind != nil {
		d.RegisteredAs = *b.Kind
	}
	if h.Settings.Conceal {
		d.Nickname = nil // whether it is taken afterwards would tell whether an account was made
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.RegisterUserResponseObject, error) {
		u, err := Register(ctx, tx, h.Settings.FirstUserAdmin, d)
		if h.Settings.Conceal && (err == nil || fault.Is(err, spec.ProblemEmailTaken)) {
			return concealed(ctx, tx, d, err != nil)
		}
		if err != nil {
			return nil, err
		}
		return registered(ctx, u), nil
	})
}

// concealed gives new and known addresses the same answer. The owner of a known one is told by mail.
func concealed(ctx context.Context, tx pgx.Tx, d users.Draft, known bool) (api.RegisterUserResponseObject, error) {
	if known {
		if err := users.RegisteredAgain(ctx, tx, d.Email); err != nil {
			return nil, err
		}
	}
	return api.RegisterUser202JSONResponse{RegistrationAcceptedResponseJSONResponse: api.RegistrationAcceptedResponseJSONResponse{
		Message: "Thank you. We have sent a mail to this address that tells how to go on.",
		Links:   spec.RegistrationAcceptedLinks(actor.From(ctx).Caller),
	}}, nil
}

func registered(ctx context.Context, u db.User) api.RegisterUser201JSONResponse {
	links := spec.RegisteredLinks(actor.From(ctx).Caller)
	if u.EmailVerifiedAt != nil {
		links = spec.VerifiedLinks(actor.From(ctx).Caller)
	}
	return api.RegisterUser201JSONResponse{RegisteredResponseJSONResponse: api.RegisteredResponseJSONResponse{
		Body:    users.Show(u, links),
		Headers: api.RegisteredResponseResponseHeaders{Location: spec.GetUserPath(u.ID)},
	}}
}

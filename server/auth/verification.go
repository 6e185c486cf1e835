package auth

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
	"github.com/usherhq/usher/server/users"
)

// Confirm uses up a verification token: the account is verified, and ANONYMOUS becomes what it registered as. Errors:
// invalid-token, whatever is wrong with it.
func Confirm(ctx context.Context, tx pgx.Tx, id uuid.UUID, plain string) (db.User, error) {
	hash, err := token.HashOneTime(plain)
	if err != nil {
		return db.User{}, &fault.Error{Problem: spec.ProblemInvalidToken, Cause: err}
	}
	u, err := redeem(ctx, tx, id, hash, db.TokenPurposeVerifyEmail)
	if err != nil {
		return u, err
	}
	if err := db.New().DeleteOneTimeTokens(ctx, tx, id, db.TokenPurposeVerifyEmail); err != nil { // other mails, other links
		return u, err
	}
	if err := knowNetwork(ctx, tx, u.ID); err != nil {
		return u, err
	}
	return verify(actor.As(ctx, u), tx, u)
}

// verify notes that an address is its owner's, who has read a mail there.
func verify(ctx context.Context, tx pgx.Tx, u db.User) (db.User, error) {
	if u.EmailVerifiedAt != nil {
		return u, nil
	}
	u, err := db.New().VerifyUser(ctx, tx, u.ID)
	if err != nil {
		return u, err
	}
	return u, outbox.Emit(ctx, tx, spec.UserVerified{UserID: u.ID, Role: u.Role})
}

// ConfirmVerification uses up the token of a verification mail.
func (h *Handlers) ConfirmVerification(ctx context.Context, req api.ConfirmVerificationRequestObject) (api.ConfirmVerificationResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ConfirmVerificationResponseObject, error) {
		u, err := Confirm(ctx, tx, req.Body.UserID, req.Body.Token)
		if err != nil {
			return nil, err
		}
		return api.ConfirmVerification200JSONResponse{VerifiedResponseJSONResponse: api.VerifiedResponseJSONResponse{
			UserID: u.ID, Role: u.Role, Links: spec.VerifiedLinks(actor.From(ctx).Caller),
		}}, nil
	})
}

// RequestVerification has the mail sent again to an address that waits for it. Addresses that nobody has get a job about
// nobody, and the worker decides all else, so that neither the answer nor its time tells which are known.
func (h *Handlers) RequestVerification(ctx context.Context, req api.RequestVerificationRequestObject) (api.RequestVerificationResponseObject, error) {
	id, err := db.New().GetAddressee(ctx, h.DB, users.EmailKey(req.Body.Email), uuid.New())
	if err != nil {
		return nil, err
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.RequestVerificationResponseObject, error) {
		return api.RequestVerification202Response{}, outbox.Enqueue(ctx, tx, users.VerificationMail{UserID: id})
	})
}

// MakeVerification makes a fresh token for the mail to an account whose address is not confirmed; wanted is false if
// there is none. Only the token's hash is stored.
func MakeVerification(ctx context.Context, tx pgx.Tx, id uuid.UUID, lifetime time.Duration) (u db.User, plain string, wanted bool, err error) {
	u, err = db.New().LockUser(ctx, tx, id)
	if err != nil || u.EmailVerifiedAt != nil {
		return u, "", false, unlessGone(err)
	}
	plain, err = mint(ctx, tx, u, db.TokenPurposeVerifyEmail, lifetime)
	return u, plain, true, err
}

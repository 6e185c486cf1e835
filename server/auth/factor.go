package auth

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/etag"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/otp"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/qr"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// EnrolFactor keeps the secret of an authenticator app, in place of any that was never confirmed. Nothing else changes
// until a code of the app is. Errors: second-factor-enabled.
func EnrolFactor(ctx context.Context, tx pgx.Tx, id uuid.UUID, sealed string) (db.User, error) {
	u, err := db.New().LockUser(ctx, tx, id)
	if err != nil {
		return u, err
	}
	if err := canEnrol(u); err != nil {
		return u, err
	}
	return u, db.New().KeepSecondFactor(ctx, tx, u.ID, sealed)
}

// canEnrol: an account has one second factor at most.
func canEnrol(u db.User) error {
	if u.SecondFactorAt != nil {
		return fault.New(spec.ProblemSecondFactorEnabled, "")
	}
	return nil
}

// enrolled refuses what takes a second factor to act on.
func enrolled(u db.User) error {
	if u.SecondFactorAt == nil {
		return fault.New(spec.ProblemSecondFactorMissing, "")
	}
	return nil
}

// enableFactor turns the second factor on with a code of the app that was set up, which is good for nothing else then,
// and returns the recovery codes. Whoever else is signed in to the account has to sign in anew; the session that asks
// has proved enough. Errors: second-factor-enabled, second-factor-missing, invalid-code.
func (h *Handlers) enableFactor(ctx context.Context, tx pgx.Tx, by actor.Actor, code string) ([]string, error) {
	u, err := db.New().LockUser(ctx, tx, by.ID)
	if err != nil {
		return nil, err
	}
	if err := canEnrol(u); err != nil {
		return nil, err
	}
	amr, err := h.useCode(ctx, tx, u, &code, nil)
	if err != nil {
		return nil, err
	}
	if _, err := db.New().SetSecondFactorAt(ctx, tx, true, u.ID); err != nil {
		return nil, err
	}
	if err := db.New().ForgetFactorTokens(ctx, tx, u.ID); err != nil {
		return nil, err
	}
	codes, err := makeRecoveryCodes(ctx, tx, u)
	if err != nil {
		return nil, err
	}
	if err := db.New().StepUpSession(ctx, tx, amr, by.Session); err != nil {
		return nil, err
	}
	if err := users.EndSessions(ctx, tx, u.ID, &by.Session, spec.SessionEndSecondFactorChanged); err != nil {
		return nil, err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: u.ID, About: users.AboutSecondFactorEnabled}); err != nil {
		return nil, err
	}
	return codes, outbox.Emit(ctx, tx, spec.UserSecondFactorEnabled{UserID: u.ID, By: by.By()})
}

// RemoveFactor turns the caller's own second factor off, and tells them. Nothing happens if there is none. Errors:
// short-password.
func RemoveFactor(ctx context.Context, tx pgx.Tx, by actor.Actor) error {
	u, err := db.New().LockUser(ctx, tx, by.ID)
	if err != nil {
		return err
	}
	if err := canRemove(u); err != nil {
		return err
	}
	_, err = dropFactor(ctx, tx, by, u)
	return err
}

// canRemove keeps a second factor on that makes up for a short password.
func canRemove(u db.User) error {
	if u.SecondFactorAt != nil && u.ShortPassword {
		return fault.New(spec.ProblemShortPassword, "")
	}
	return nil
}

// dropFactor removes what there is of a second factor, on or not, and tells if it was on.
func dropFactor(ctx context.Context, tx pgx.Tx, by actor.Actor, u db.User) (on bool, err error) {
	if err := db.New().DeleteSecondFactor(ctx, tx, u.ID); err != nil || u.SecondFactorAt == nil {
		return false, err
	}
	if err := db.New().ForgetFactorTokens(ctx, tx, u.ID); err != nil {
		return true, err
	}
	if _, err := db.New().SetSecondFactorAt(ctx, tx, false, u.ID); err != nil {
		return true, err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: u.ID, About: users.AboutSecondFactorRemoved}); err != nil {
		return true, err
	}
	return true, outbox.Emit(ctx, tx, spec.UserSecondFactorRemoved{UserID: u.ID, By: by.By()})
}

// GetSecondFactor shows the caller whether signing in takes a code.
func (h *Handlers) GetSecondFactor(ctx context.Context, _ api.GetSecondFactorRequestObject) (api.GetSecondFactorResponseObject, error) {
	by := actor.From(ctx)
	left, err := db.New().CountOneTimeTokens(ctx, h.DB, by.ID, db.TokenPurposeRecoveryCode)
	if err != nil {
		return nil, err
	}
	links := spec.SecondFactorLinks(by.Caller)
	links.Enrol = links.Enrol.Unless(canEnrol(by.User))
	links.Remove = links.Remove.Unless(errors.Join(enrolled(by.User), canRemove(by.User)))
	links.RenewRecoveryCodes = links.RenewRecoveryCodes.Unless(enrolled(by.User))
	return api.GetSecondFactor200JSONResponse{SecondFactorResponseJSONResponse: api.SecondFactorResponseJSONResponse{
		Body: spec.SecondFactor{
			EnabledAt: by.User.SecondFactorAt, RecoveryCodesLeft: int(left), Required: h.AwaitsFactor(by.User), Links: links,
		},
		Headers: api.SecondFactorResponseResponseHeaders{ETag: etag.Version(by.User.Version)},
	}}, nil
}

// EnrolSecondFactor hands the caller a secret for an authenticator app. It is drawn after the transaction: that takes
// longer than all the rest.
func (h *Handlers) EnrolSecondFactor(ctx context.Context, _ api.EnrolSecondFactorRequestObject) (api.EnrolSecondFactorResponseObject, error) {
	by, secret := actor.From(ctx), otp.NewSecret()
	u, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) (db.User, error) {
		return EnrolFactor(ctx, tx, by.ID, h.Factors.Seal(secret, by.ID[:]))
	})
	if err != nil {
		return nil, err
	}
	uri := otp.URI(h.Settings.Product, u.Email, secret)
	picture, err := qr.PNG(uri, 256)
	if err != nil {
		return nil, err
	}
	return api.EnrolSecondFactor200JSONResponse{SecondFactorEnrolmentResponseJSONResponse: api.SecondFactorEnrolmentResponseJSONResponse{
		Secret: otp.Text(secret), URI: uri, QrCode: qr.DataURI(picture), Links: spec.SecondFactorEnrolmentLinks(by.Caller),
	}}, nil
}

// ConfirmSecondFactor turns the caller's second factor on.
func (h *Handlers) ConfirmSecondFactor(ctx context.Context, req api.ConfirmSecondFactorRequestObject) (api.ConfirmSecondFactorResponseObject, error) {
	by := actor.From(ctx)
	codes, err := store.InTx(ctx, h.DB, func(tx pgx.Tx) ([]string, error) { return h.enableFactor(ctx, tx, by, req.Body.Otp) })
	if fault.Is(err, spec.ProblemInvalidCode) {
		err = h.disproved(ctx, by.User, err)
	}
	return api.ConfirmSecondFactor200JSONResponse{RecoveryCodesResponseJSONResponse: showRecoveryCodes(by, codes)}, err
}

// RemoveSecondFactor turns the caller's second factor off.
func (h *Handlers) RemoveSecondFactor(ctx context.Context, _ api.RemoveSecondFactorRequestObject) (api.RemoveSecondFactorResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.RemoveSecondFactorResponseObject, error) {
		return api.RemoveSecondFactor204Response{}, RemoveFactor(ctx, tx, actor.From(ctx))
	})
}

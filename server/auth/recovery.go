package auth

import (
	"context"

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

// recoveryCodes is how many there are after they were made.
const recoveryCodes = 10

// makeRecoveryCodes adds recovery codes to an account, and returns them. Only their hashes are stored.
func makeRecoveryCodes(ctx context.Context, tx pgx.Tx, u db.User) ([]string, error) {
	codes, hashes := make([]string, recoveryCodes), make([][]byte, recoveryCodes)
	for i := range codes {
		codes[i], hashes[i] = token.NewRecoveryCode()
	}
	return codes, db.New().CreateRecoveryCodes(ctx, tx, hashes, u.ID)
}

// RenewCodes replaces all recovery codes of the caller. Errors: second-factor-missing.
func RenewCodes(ctx context.Context, tx pgx.Tx, by actor.Actor) ([]string, error) {
	u, err := db.New().LockUser(ctx, tx, by.ID)
	if err != nil {
		return nil, err
	}
	if err := enrolled(u); err != nil {
		return nil, err
	}
	if err := db.New().DeleteOneTimeTokens(ctx, tx, u.ID, db.TokenPurposeRecoveryCode); err != nil {
		return nil, err
	}
	codes, err := makeRecoveryCodes(ctx, tx, u)
	if err != nil {
		return nil, err
	}
	return codes, outbox.Emit(ctx, tx, spec.UserRecoveryCodesRenewed{UserID: u.ID, By: by.By()})
}

// useRecoveryCode uses up a recovery code, and tells the owner. Errors: invalid-code.
func useRecoveryCode(ctx context.Context, tx pgx.Tx, u db.User, code string) error {
	hash, err := token.HashRecoveryCode(code)
	if err != nil {
		return &fault.Error{Problem: spec.ProblemInvalidCode, Cause: err}
	}
	used, err := db.New().UseOneTimeToken(ctx, tx, db.UseOneTimeTokenParams{Hash: hash, UserID: u.ID, Purpose: db.TokenPurposeRecoveryCode})
	if err != nil {
		return err
	}
	if used == 0 {
		return fault.New(spec.ProblemInvalidCode, "")
	}
	left, err := db.New().CountOneTimeTokens(ctx, tx, u.ID, db.TokenPurposeRecoveryCode)
	if err != nil {
		return err
	}
	if err := outbox.Enqueue(ctx, tx, users.Notice{UserID: u.ID, About: users.AboutRecoveryCodeUsed, Left: int(left)}); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserRecoveryCodeUsed{UserID: u.ID, Left: int(left)})
}

// ResetFactor turns somebody's second factor off for them, tells them, and signs them out everywhere: who lost the app
// may have lost more. A password that is too short to stand alone is void. Nothing happens if there is none. Errors: not-found,
// forbidden (a role that is not below one's own, one's own account, authority that was lost meanwhile, a token that was
// narrowed).
func ResetFactor(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) error {
	u, err := users.Hold(ctx, tx, by, id)
	if err != nil {
		return err
	}
	if err := users.CanResetFactor(by, u); err != nil {
		return err
	}
	on, err := dropFactor(ctx, tx, by, u)
	if err != nil || !on {
		return err
	}
	if u.ShortPassword {
		if err := db.New().SetPassword(ctx, tx, db.SetPasswordParams{ID: u.ID}); err != nil {
			return err
		}
		if err := outbox.Enqueue(ctx, tx, users.PasswordMail{UserID: u.ID}); err != nil {
			return err
		}
	}
	return users.EndSessions(ctx, tx, u.ID, nil, spec.SessionEndEndedByStaff)
}

// RenewRecoveryCodes hands the caller new recovery codes; the old ones are void.
func (h *Handlers) RenewRecoveryCodes(ctx context.Context, _ api.RenewRecoveryCodesRequestObject) (api.RenewRecoveryCodesResponseObject, error) {
	by := actor.From(ctx)
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.RenewRecoveryCodesResponseObject, error) {
		codes, err := RenewCodes(ctx, tx, by)
		return api.RenewRecoveryCodes200JSONResponse{RecoveryCodesResponseJSONResponse: showRecoveryCodes(by, codes)}, err
	})
}

func showRecoveryCodes(by actor.Actor, codes []string) api.RecoveryCodesResponseJSONResponse {
	return api.RecoveryCodesResponseJSONResponse{RecoveryCodes: codes, Links: spec.RecoveryCodesLinks(by.Caller)}
}

// ResetSecondFactor turns somebody's second factor off on behalf of staff.
func (h *Handlers) ResetSecondFactor(ctx context.Context, req api.ResetSecondFactorRequestObject) (api.ResetSecondFactorResponseObject, error) {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (api.ResetSecondFactorResponseObject, error) {
		return api.ResetSecondFactor204Response{}, ResetFactor(ctx, tx, actor.From(ctx), req.UserID)
	})
}

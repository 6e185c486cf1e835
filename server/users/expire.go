package users

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
)

// Expire removes an account whose owner registered and never confirmed the address, so that nobody keeps an address, or
// a nickname, that is not theirs. An account that was confirmed meanwhile stays.
func Expire(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	u, err := db.New().LockUser(ctx, tx, id)
	if fault.Is(err, spec.ProblemNotFound) || err == nil && (u.EmailVerifiedAt != nil || u.Role != spec.RoleANONYMOUS || u.LastLoginAt != nil) {
		return nil
	}
	if err != nil {
		return err
	}
	return remove(ctx, tx, id, nil)
}

// remove deletes an account with all that hangs on it, and says so. What stays, facts and the audit log, knows its id only.
func remove(ctx context.Context, tx pgx.Tx, id uuid.UUID, by *uuid.UUID) error {
	if err := forgetTransfers(ctx, tx, id); err != nil { // first: an import that stores the address would wait for us, and we for it
		return err
	}
	if err := db.New().DeleteUser(ctx, tx, id); err != nil {
		return err
	}
	if err := db.New().ForgetAttempts(ctx, tx, id); err != nil {
		return err
	}
	if err := db.New().ForgetAnswers(ctx, tx, id.String(), spec.GetUserPath(id)); err != nil {
		return err
	}
	if err := outbox.Forget(ctx, tx, id); err != nil {
		return err
	}
	return outbox.Emit(ctx, tx, spec.UserDeleted{UserID: id, By: by})
}

// forgetTransfers deletes the files that somebody sent and had written, and where they were meanwhile.
func forgetTransfers(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	exports, err := db.New().DeleteExportsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	imports, err := db.New().ForgetImporter(ctx, tx, id)
	if err != nil {
		return err
	}
	return db.New().DeleteFiles(ctx, tx, slices.Concat(exports, imports))
}

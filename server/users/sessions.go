package users

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/outbox"
)

// maxSessions is how many sessions an account has at most: few enough to end them all in one transaction.
const maxSessions = 100

// EndSessions ends the sessions of a user, all but one; none is spared if that is nil. It says so of each. The caller
// has locked the user, or two who end the same sessions at once would wait for each other.
func EndSessions(ctx context.Context, tx pgx.Tx, id uuid.UUID, spared *uuid.UUID, why spec.SessionEnd) error {
	ended, err := db.New().RevokeSessions(ctx, tx, id, spared)
	if err != nil {
		return err
	}
	return tellEnded(ctx, tx, id, ended, why)
}

// EndOldestSessions makes room for a new session, if there are as many as an account may have.
func EndOldestSessions(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	ended, err := db.New().RevokeOldestSessions(ctx, tx, id, maxSessions)
	if err != nil {
		return err
	}
	return tellEnded(ctx, tx, id, ended, spec.SessionEndReplaced)
}

func tellEnded(ctx context.Context, tx pgx.Tx, id uuid.UUID, ended []uuid.UUID, why spec.SessionEnd) error {
	for _, session := range ended {
		if err := outbox.Emit(ctx, tx, spec.SessionEnded{UserID: id, SessionID: session, Reason: why}); err != nil {
			return err
		}
	}
	return nil
}

package outbox

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/actor"
)

// What is logged beside the facts of the contract, which are logged under their own names.
const (
	SignInFailed     = "sign-in.failed"
	SignInChallenged = "sign-in.challenged" // the password was right, and a code was asked for
	ProofFailed      = "proof.failed"       // a password or a code, asked for of somebody signed in, was wrong
	OperationRefused = "operation.refused"
	ClientCreated    = "client.created"
	ClientDeleted    = "client.deleted"
	KeyRotated       = "key.rotated"
	KeyRevoked       = "key.revoked"
	FieldCreated     = "field.created"
	FieldReplaced    = "field.replaced"
	FieldDeleted     = "field.deleted"
	JobRetried       = "job.retried"
	JobCancelled     = "job.cancelled"
	ImportStarted    = "import.started"
	ImportFinished   = "import.finished"
	ImportCancelled  = "import.cancelled"
	ExportStarted    = "export.started"
	ExportDownloaded = "export.downloaded"
)

// Record adds an entry to the audit log: the actor of ctx did something that concerns an account, or nobody if about is the zero UUID.
func Record(ctx context.Context, tx pgx.Tx, action string, about uuid.UUID, details any) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	told, err := json.Marshal(details)
	if err != nil {
		return err
	}
	by := actor.From(ctx)
	return db.New().AppendAuditEntry(ctx, tx, db.AppendAuditEntryParams{
		ID: id, Action: action, UserID: known(about),
		ActorKind: by.Kind(), ActorID: who(by),
		Address: text(by.Network()), Device: text(by.Device()), RequestID: text(by.RequestID), Details: told,
	})
}

func who(by actor.Actor) *string {
	if by.ID != uuid.Nil {
		return new(by.ID.String())
	}
	return text(by.Client)
}

func known(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Package audit keeps the log of who did what, to whom, when and from where. Entries are added in the transaction that
// does what they tell, and never changed.
package audit

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/actor"
)

// Handlers serves the operations tagged audit.
type Handlers struct {
	DB *pgxpool.Pool
}

var _ api.Audit = (*Handlers)(nil)

// What is logged beside the facts of the contract, which are logged under their own names.
const (
	SignInFailed     = "sign-in.failed"
	OperationRefused = "operation.refused"
	ClientCreated    = "client.created"
	ClientDeleted    = "client.deleted"
	KeyRotated       = "key.rotated"
	KeyRevoked       = "key.revoked"
)

// Record adds an entry: the actor of ctx did something that concerns an account, or nobody if about is the zero UUID.
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

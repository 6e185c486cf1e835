package outbox

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
)

// EmitAll records facts as Emit does, thousands in one round trip each for the outbox and the audit log.
func EmitAll[F spec.Fact](ctx context.Context, tx pgx.Tx, facts []F) error {
	by := actor.From(ctx)
	published := db.AppendFactsParams{}
	logged := db.AppendAuditEntriesParams{
		ActorKind: by.Kind(), ActorID: who(by), Address: text(by.Network()), Device: text(by.Device()), RequestID: text(by.RequestID),
	}
	for _, f := range facts {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		payload, err := json.Marshal(f)
		if err != nil {
			return err
		}
		published.Kinds = append(published.Kinds, f.Kind())
		published.Payloads = append(published.Payloads, string(payload))
		logged.Ids = append(logged.Ids, id)
		logged.UserIds = append(logged.UserIds, f.Subject())
	}
	published.UserIds, logged.Actions, logged.Details = logged.UserIds, published.Kinds, published.Payloads
	if err := db.New().AppendAuditEntries(ctx, tx, logged); err != nil {
		return err
	}
	return db.New().AppendFacts(ctx, tx, published)
}

// EnqueueAll records jobs that can wait until others are done, which somebody may be waiting for.
func EnqueueAll(ctx context.Context, tx pgx.Tx, jobs []river.JobArgs) error {
	if len(jobs) == 0 {
		return nil
	}
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{})
	if err != nil {
		return err
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		params[i] = river.InsertManyParams{Args: job, InsertOpts: &river.InsertOpts{MaxAttempts: Attempts, Priority: patient}}
	}
	_, err = client.InsertManyFastTx(ctx, tx, params)
	return err
}

// patient is River's number for jobs that come after those of the usual priority, 1.
const patient = 3

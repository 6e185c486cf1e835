package fields

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/contract"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/users"
)

// How many accounts a job goes through, and for how long, before it leaves the rest to the next.
const (
	portion  = 1000
	patience = 5 * time.Second
)

// Checking asks for the values of accounts that follow one to be held to a field's definition.
type Checking struct {
	FieldID uuid.UUID `json:"field_id"`
	Version int64     `json:"version"`
	After   uuid.UUID `json:"after"`
}

// Kind names the job in the queue.
func (Checking) Kind() string { return "field_checking" }

// CheckValues holds a portion of the values to the definition and keeps a list of those that do not match. A field that was
// defined anew or removed meanwhile ends it.
func CheckValues(ctx context.Context, tx pgx.Tx, job Checking) error {
	f, err := db.New().HoldField(ctx, tx, job.FieldID)
	if fault.Is(err, spec.ProblemNotFound) || err == nil && f.Version != job.Version {
		return nil
	}
	if err != nil {
		return err
	}
	fields, err := users.CompileFields([]db.ProfileField{f})
	if err != nil {
		return err
	}
	rows, err := db.New().ListFieldValues(ctx, tx, db.ListFieldValuesParams{Name: f.Name, After: job.After, Size: portion})
	if err != nil {
		return err
	}
	suspects, looked := look(fields, f.Name, rows)
	if err := report(ctx, tx, fields, f, suspects); err != nil {
		return err
	}
	if looked == len(rows) && looked < portion {
		return db.New().SetFieldChecked(ctx, tx, f.ID)
	}
	job.After = rows[looked-1].ID
	return outbox.Enqueue(ctx, tx, job)
}

// look finds the accounts whose value does not match, and says how many it looked at: where a check takes long, as some
// schemas make it, not all of them.
func look(fields users.Fields, name string, rows []db.ListFieldValuesRow) (suspects []uuid.UUID, looked int) {
	begun := time.Now()
	for _, row := range rows {
		if looked > 0 && time.Since(begun) > patience {
			break
		}
		looked++
		if row.Has && mismatch(fields, name, row.Value) != "" {
			suspects = append(suspects, row.ID)
		}
	}
	return suspects, looked
}

// report lists what accounts have in a field and does not match. The values are read again, and kept: one that is edited at
// this moment must not be reported as it was.
func report(ctx context.Context, tx pgx.Tx, fields users.Fields, f db.ProfileField, suspects []uuid.UUID) error {
	if len(suspects) == 0 {
		return nil
	}
	rows, err := db.New().LockFieldValues(ctx, tx, f.Name, suspects)
	if err != nil {
		return err
	}
	found := db.AddFieldViolationsParams{FieldID: f.ID}
	for _, row := range rows {
		if detail := mismatch(fields, f.Name, row.Value); detail != "" {
			found.UserIds, found.Details = append(found.UserIds, row.ID), append(found.Details, detail)
		}
	}
	return db.New().AddFieldViolations(ctx, tx, found)
}

// mismatch says where a value does not match its field, and why, without the value; empty if it does.
func mismatch(fields users.Fields, name string, raw []byte) string {
	value, err := contract.Value(raw)
	if err != nil {
		return "This cannot be read."
	}
	refused := fields.Check(map[string]any{name: value})
	if len(refused) == 0 {
		return ""
	}
	within := strings.TrimPrefix(refused[0].Pointer, "/fields/"+name)
	if within == "" {
		return refused[0].Detail
	}
	return within + ": " + refused[0].Detail
}

// Clearing asks for the values of a field that was removed to be cleared from the accounts that follow one.
type Clearing struct {
	Name  string    `json:"name"`
	After uuid.UUID `json:"after"`
}

// Kind names the job in the queue.
func (Clearing) Kind() string { return "field_clearing" }

// ClearValues clears a portion of the values. Nobody can have defined a field of that name meanwhile.
func ClearValues(ctx context.Context, tx pgx.Tx, job Clearing) error {
	last, err := db.New().ClearFieldValues(ctx, tx, db.ClearFieldValuesParams{Name: job.Name, After: job.After, Size: portion})
	if err != nil || len(last) == 0 {
		return err
	}
	job.After = last[0]
	return outbox.Enqueue(ctx, tx, job)
}

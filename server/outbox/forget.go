package outbox

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Forget removes the jobs about an account that is no more, done or not, for they may hold an address. One that is being
// done right now cannot be taken from the worker: it keeps the account's id, and loses the address
// and what staff wrote.
func Forget(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	about := `{"user_id":"` + id.String() + `"}`
	const strip = "UPDATE river_job SET args = args - '{to,reason}'::text[] WHERE args @> $1::text::jsonb AND args ?| '{to,reason}'"
	if _, err := tx.Exec(ctx, strip, about); err != nil {
		return err
	}
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{})
	if err != nil {
		return err
	}
	const portion = 1000
	theirs := river.NewJobDeleteManyParams().First(portion).Where("args @> @about::text::jsonb", river.NamedArgs{"about": about})
	for {
		gone, err := client.JobDeleteManyTx(ctx, tx, theirs)
		if err != nil || len(gone.Jobs) < portion {
			return err
		}
	}
}

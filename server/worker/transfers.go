package worker

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/transfers"
)

// importing goes on with an import.
type importing struct {
	river.WorkerDefaults[transfers.Importing]
	Options
	life     context.Context // of the worker, see Work
	importer *transfers.Importer
}

// Work goes on for one turn, and leaves what is left for the next. But for one step: all rows at once are stored in one
// transaction, which may take minutes, so the end of the job's time does not end it. Meanwhile River takes the job for
// stuck and gives it to others, who find the import busy.
func (w *importing) Work(ctx context.Context, job *river.Job[transfers.Importing]) error {
	id := job.Args.ImportID
	ctx = actor.With(w.life, actor.From(ctx))
	im, err := w.importer.Work(ctx, id, nil, time.Now().Add(turn))
	switch {
	case fault.Is(err, spec.ProblemNotFound):
		return nil // it was deleted
	case errors.Is(err, transfers.ErrBusy):
		return river.JobSnooze(5 * time.Second)
	case fault.Is(err, spec.ProblemInternal) && job.Attempt >= patience:
		return river.JobCancel(errors.Join(err, transfers.Fail(ctx, w.DB, id, fault.Of(err).Problem)))
	case err == nil && im.FinishedAt == nil:
		return river.JobSnooze(0)
	}
	return err
}

package worker

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/transfers"
)

// turn is how long a job works before others have theirs. River takes one for stuck that runs for a minute.
const turn = 10 * time.Second

// patience is how often the file of an export is tried before the export has failed, unless it is the database that is out.
const patience = 5

// exporting writes the file of an export.
type exporting struct {
	river.WorkerDefaults[transfers.Exporting]
	Options
}

// Work adds pieces to the file for one turn, and leaves what is left for the next.
func (w *exporting) Work(ctx context.Context, job *river.Job[transfers.Exporting]) error {
	for end := time.Now().Add(turn); time.Now().Before(end); {
		more, err := transfers.WriteExport(ctx, w.DB, w.Files, job.Args.ExportID)
		if fault.Is(err, spec.ProblemInternal) && job.Attempt >= patience {
			return river.JobCancel(errors.Join(err, transfers.FailExport(ctx, w.DB, job.Args.ExportID, fault.Of(err).Problem)))
		}
		if err != nil || !more {
			return err
		}
	}
	return river.JobSnooze(0)
}

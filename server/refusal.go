package server

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
)

// refusals are the answers to somebody signed in who tried what is not theirs to do.
var refusals = []spec.Problem{spec.ProblemForbidden, spec.ProblemRoleNotGrantable, spec.ProblemSecondFactorRequired}

// noteRefusal writes into the audit log that somebody tried what they may not, but not without end. What people may not
// do to their own account, with a token that was narrowed, is nobody else's business.
func (w *wire) noteRefusal(c echo.Context, f *fault.Error, op *spec.Operation) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(c.Request().Context()), 2*time.Second)
	defer done()
	by := actor.From(ctx)
	if op == nil || by.ID == uuid.Nil || !slices.Contains(refusals, f.Problem) {
		return nil
	}
	about, _ := uuid.Parse(c.Param(op.Owner)) // nobody, if the operation is about nobody
	if own := op.Owner == "" || about == by.ID; own && op.Own != 0 {
		return nil
	}
	room := quota{spec.RateLimit{By: spec.LimitByCaller, Count: 60, Per: 10 * time.Minute}, w.limitKey("refusals", by.ID.String())}
	if _, err := room.take(ctx, w.DB); err != nil {
		if fault.Is(err, spec.ProblemRateLimited) {
			return nil
		}
		return err
	}
	_, err := store.InTx(ctx, w.DB, func(tx pgx.Tx) (any, error) {
		return nil, outbox.Record(ctx, tx, outbox.OperationRefused, about, map[string]any{"operation": op.ID, "reason": f.Problem})
	})
	return err
}

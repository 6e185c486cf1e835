package server

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
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
var refusals = []spec.Problem{
	spec.ProblemForbidden, spec.ProblemRoleNotGrantable, spec.ProblemSecondFactorRequired, spec.ProblemLastAdmin,
	spec.ProblemSelfRoleChange, spec.ProblemSelfSuspension, spec.ProblemSelfLock, spec.ProblemSelfDeletion,
	spec.ProblemSelfEmailChange,
}

// noteRefusal writes into the audit log that somebody tried what they may not, but not without end. What people may not
// do to their own account, with a token that was narrowed, is nobody else's business.
func (w *wire) noteRefusal(c echo.Context, f *fault.Error, op *spec.Operation) error {
	by := actor.From(c.Request().Context())
	if op == nil || by.ID == uuid.Nil || !slices.Contains(refusals, f.Problem) {
		return nil
	}
	about, _ := uuid.Parse(c.Param(op.Owner)) // nobody, if the operation is about nobody
	if own := op.Owner == "" || about == by.ID; own && op.Own != 0 {
		return nil
	}
	details := map[string]any{"operation": op.ID, "reason": f.Problem}
	if role, ok := askedRole(c, op); ok { // before the time starts that the entry has: a slow body must not keep it out
		details["asked"] = map[string]any{"role": role}
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(c.Request().Context()), 2*time.Second)
	defer done()
	room := quota{spec.RateLimit{By: spec.LimitByCaller, Count: 60, Per: 10 * time.Minute}, w.limitKey("refusals", by.ID.String())}
	if _, err := room.take(ctx, w.DB); err != nil {
		if fault.Is(err, spec.ProblemRateLimited) {
			return nil
		}
		return err
	}
	_, err := store.InTx(ctx, w.DB, func(tx pgx.Tx) (any, error) {
		return nil, outbox.Record(ctx, tx, outbox.OperationRefused, about, details)
	})
	return err
}

// askedRole is the role in the body of a request, which nobody has read yet if the guard refused its caller. Nothing else of
// a body goes into the log: people write anything there.
func askedRole(c echo.Context, op *spec.Operation) (spec.Role, bool) {
	if len(op.Bodies) == 0 || op.Stream > 0 {
		return "", false
	}
	raw, read := c.Get(bodyKey).([]byte)
	if !read {
		const enough = 16 << 10
		raw, _ = io.ReadAll(io.LimitReader(c.Request().Body, enough)) // what is cut off is no JSON
	}
	var asked struct {
		Role spec.Role `json:"role"`
	}
	if err := json.Unmarshal(raw, &asked); err != nil {
		return "", false
	}
	return asked.Role, slices.Contains(append(spec.Roles(), spec.RoleANONYMOUS), asked.Role)
}

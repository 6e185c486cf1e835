package users

import (
	"context"
	"errors"
	"time"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/fault"
)

// searchTime is how long a search may take, waiting for others included.
const searchTime = 3 * time.Second

// search runs what may have to look at many accounts: a few at a time and not for long, so that some who search for phrases
// that are everywhere do not keep everybody else waiting. Errors: unavailable.
func (h *Handlers) search(ctx context.Context, look func(context.Context) error) error {
	bounded, done := context.WithTimeout(ctx, searchTime)
	defer done()
	select {
	case h.searches <- struct{}{}:
		defer func() { <-h.searches }()
	case <-bounded.Done():
		return tooLong(bounded.Err())
	}
	err := look(bounded)
	if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		return tooLong(err)
	}
	return err
}

func tooLong(cause error) error {
	return &fault.Error{
		Problem: spec.ProblemUnavailable, RetryAfter: time.Second, Cause: cause,
		Detail: "Looking through all accounts takes too long now. Ask for less, or again in a moment.",
	}
}

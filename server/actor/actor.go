// Package actor says on whose behalf work is done.
package actor

import (
	"context"

	"github.com/google/uuid"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
)

// Actor is whoever asked: a signed-in user, an operator at a shell, or nobody (the zero Actor).
type Actor struct {
	spec.Caller
	User     db.User   // as it was read for this request; empty for operators and nobody
	Session  uuid.UUID // the session of the token
	Operator bool      // somebody with the keys to the database: above every role
	Address  string    // where the request came from
	Device   string    // its user agent
}

// Operator returns whoever has a shell on the machine.
func Operator() Actor { return Actor{Operator: true} }

// By is the acting user for facts; nil for operators.
func (a Actor) By() *uuid.UUID {
	if a.ID == uuid.Nil {
		return nil
	}
	return &a.ID
}

// Outranks reports whether a may act on somebody who holds role: one's own rank and those below are in reach.
func (a Actor) Outranks(role spec.Role) bool {
	return a.Operator || a.User.Role.Rank() >= role.Rank()
}

type key struct{}

// With returns a context that carries a.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From returns the actor of ctx, or nobody.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(key{}).(Actor)
	return a
}

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

// Tops reports whether nobody is above a.
func (a Actor) Tops() bool { return a.Operator || a.User.Role == spec.RoleADMIN }

// Reaches reports whether a may act on an account: one's own, and those of lower roles; at the top everybody's. Peers
// are out of reach below that, or one manager could take over another's account by changing its address.
func (a Actor) Reaches(u db.User) bool {
	return a.Tops() || a.ID == u.ID || a.User.Role.Rank() > u.Role.Rank()
}

type key struct{}

// With returns a context that carries a.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From returns the actor of ctx, or nobody.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(key{}).(Actor)
	return a
}

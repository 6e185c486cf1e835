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
	System   bool      // the service by itself
	Client   string    // the id of the service that asks

	Recent bool // has proved who they are recently enough for sensitive acts, with the second factor if there is one

	Origin
}

// Operator returns whoever has a shell on the machine.
func Operator() Actor { return Actor{Operator: true} }

// System returns the service acting by itself, in the background.
func System() Actor { return Actor{System: true} }

// Kind is what sort of actor a is.
func (a Actor) Kind() spec.AuditActorKind {
	switch {
	case a.Operator:
		return spec.AuditActorKindOperator
	case a.System:
		return spec.AuditActorKindSystem
	case a.Client != "":
		return spec.AuditActorKindClient
	case a.ID != uuid.Nil:
		return spec.AuditActorKindUser
	}
	return spec.AuditActorKindNobody
}

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

// As returns a context in which who was nobody acts as the owner of an account: they have just proved that they are.
func As(ctx context.Context, u db.User) context.Context {
	a := From(ctx)
	a.ID, a.User = u.ID, u
	return With(ctx, a)
}

package users

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
)

// Take locks an account for an act that may end somebody's being in charge, and tells whether the account is the last
// that is: an active and confirmed ADMIN whom staff have not locked. Who acts must still have the authority that the request
// came in with: of two admins who demote each other at once, the second is none any more. Errors: not-found, forbidden,
// precondition-failed.
func Take(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) (u db.User, last bool, err error) {
	var admins []uuid.UUID
	if by.Tops() { // before the account, or two who act on each other would wait for each other
		if admins, err = db.New().LockAdmins(ctx, tx); err != nil {
			return u, false, err
		}
	}
	if u, err = lock(ctx, tx, id); err != nil {
		return u, false, err
	}
	if err := stillMay(ctx, tx, by, admins); err != nil {
		return u, false, err
	}
	others := slices.ContainsFunc(admins, func(admin uuid.UUID) bool { return admin != id })
	inCharge := u.Role == spec.RoleADMIN && u.Status == spec.UserStatusActive && u.EmailVerifiedAt != nil
	return u, inCharge && !others, nil
}

// stillMay refuses who lost the role they came with after the guard let them in. Admins who act on each other are locked,
// for each could take away what the other acts by. Those below reach nobody who could do that to them, so a look is enough.
func stillMay(ctx context.Context, tx pgx.Tx, by actor.Actor, admins []uuid.UUID) error {
	switch {
	case !by.Tops():
		return holdsRole(ctx, tx, by)
	case !by.Operator && !slices.Contains(admins, by.ID):
		return errRoleLost()
	}
	return nil
}

// holdsRole looks, without a lock, so that nobody waits for who acts: whoever takes their role away at this moment comes
// after the act, unless they hold what it is about.
func holdsRole(ctx context.Context, tx pgx.Tx, by actor.Actor) error {
	may, err := db.New().HoldsRole(ctx, tx, by.ID, by.User.Role)
	if err == nil && !may {
		err = errRoleLost()
	}
	return err
}

func errRoleLost() error {
	return fault.New(spec.ProblemForbidden, "You do not hold your role any more.")
}

// Hold locks an account for any other act on it. Who acts on the account of somebody else must still have the authority that
// the request came in with: who is being suspended by the owner of the account waits here for that, and may nothing afterwards.
// Errors: not-found, forbidden, precondition-failed.
func Hold(ctx context.Context, tx pgx.Tx, by actor.Actor, id uuid.UUID) (db.User, error) {
	u, err := lock(ctx, tx, id)
	if err != nil || by.Operator || by.ID == id {
		return u, err
	}
	return u, holdsRole(ctx, tx, by)
}

// unlessLast refuses to leave nobody in charge.
func unlessLast(last bool) error {
	if last {
		return fault.New(spec.ProblemLastAdmin, "")
	}
	return nil
}

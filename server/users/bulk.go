package users

import (
	"time"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
)

// What follows is for those who make accounts by the thousand, which Create and Add would take too long for.

// NicknameKeys is what a nickname is compared by: without letter case, and by what it looks like.
func NicknameKeys(nickname string) (key, look string) {
	return nicknameKey(nickname), skeleton(nickname)
}

// MakeUpNickname makes up a nickname that among thousands is likely to be the only one of its kind.
func MakeUpNickname() string { return suggestNickname(1) }

// MayGrant reports whether somebody may make accounts of a role.
func MayGrant(by actor.Actor, role spec.Role) bool { return canGrant(by, role) == nil }

// MayGoOn reports whether what somebody began in a role may go on without them: they could still sign in, and have that role
// or one above.
func MayGoOn(u db.User, role spec.Role) bool {
	locked := u.StaffLockUntil != nil && u.StaffLockUntil.After(time.Now())
	return u.Status == spec.UserStatusActive && !locked && u.EmailVerifiedAt != nil && u.Role.Rank() >= role.Rank()
}

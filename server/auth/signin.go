package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// signIn is the password grant (RFC 6749 section 4.3). An unknown address costs the same hash and the same write as a
// wrong password, and gets the same answer. Errors: invalid-credentials; after the right password email-unverified,
// account-suspended, invalid-scope.
func (h *Handlers) signIn(ctx context.Context, b *spec.TokenRequest) (session, error) {
	if err := required(map[string]*string{"username": b.Username, "password": b.Password}); err != nil {
		return session{}, err
	}
	u, err := db.New().GetUserByEmail(ctx, h.DB, users.EmailKey(*b.Username))
	if err != nil && !fault.Is(err, spec.ProblemNotFound) {
		return session{}, err
	}
	var hash string
	if u.PasswordHash != nil {
		hash = *u.PasswordHash
	}
	right, err := h.Hasher.Verify(ctx, hash, *b.Password)
	if err != nil {
		return session{}, err
	}
	if !right {
		if err := db.New().CountFailedSignIn(ctx, h.DB, h.failures(*b.Username)); err != nil {
			return session{}, err
		}
		return session{}, fault.New(spec.ProblemInvalidCredentials, "")
	}
	var better *string
	if h.Hasher.NeedsRehash(hash) {
		rehashed, err := h.Hasher.Hash(ctx, *b.Password)
		if err != nil {
			return session{}, err
		}
		better = &rehashed
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) (session, error) {
		if err := db.New().ClearFailedSignIns(ctx, tx, h.failures(*b.Username)); err != nil {
			return session{}, err
		}
		return h.open(ctx, tx, u.ID, hash, better, b.Scope)
	})
}

// failures is what failed sign-ins with an address are counted under.
func (h *Handlers) failures(email string) []byte {
	mac := hmac.New(sha256.New, h.FailureKey)
	mac.Write([]byte(users.EmailKey(email)))
	return mac.Sum(nil)
}

// open starts a session for the user whose password was just found to fit hash; better replaces the hash.
func (h *Handlers) open(ctx context.Context, tx pgx.Tx, user uuid.UUID, hash string, better, asked *string) (session, error) {
	u, err := db.New().LockUser(ctx, tx, user)
	if fault.Is(err, spec.ProblemNotFound) || err == nil && (u.PasswordHash == nil || *u.PasswordHash != hash) {
		return session{}, fault.New(spec.ProblemInvalidCredentials, "") // gone or changed since it was checked
	}
	if err != nil {
		return session{}, err
	}
	if err := canSignIn(u); err != nil {
		return session{}, err
	}
	scopes, err := narrow(asked, spec.RoleScopes(u.Role))
	if err != nil {
		return session{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return session{}, err
	}
	by, refresh := actor.From(ctx), h.Refresher.New(id)
	row := db.CreateSessionParams{
		ID: id, UserID: u.ID, SeedHash: refresh.SeedHash(), Device: device(by.Device), Address: network(by.Address),
		Idle: h.Settings.IdleLifetime, Lifetime: h.Settings.Lifetime,
	}
	if asked != nil && *asked != "" {
		row.Scopes = new(scopes.String())
	}
	if _, err := db.New().CreateSession(ctx, tx, row); err != nil {
		return session{}, err
	}
	if err := db.New().RecordSignIn(ctx, tx, better, u.ID); err != nil {
		return session{}, err
	}
	return session{id: id, user: u.ID, role: u.Role, scopes: scopes, refresh: refresh},
		outbox.Emit(ctx, tx, spec.SessionStarted{UserID: u.ID, SessionID: id})
}

// canSignIn says why an account is not let in, to somebody who knows its password.
func canSignIn(u db.User) error {
	switch {
	case u.Status == spec.UserStatusSuspended:
		return fault.New(spec.ProblemAccountSuspended, "")
	case u.EmailVerifiedAt == nil:
		return fault.New(spec.ProblemEmailUnverified, "")
	}
	return nil
}

// device is a user agent in a form that can be stored and shown.
func device(userAgent string) string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(userAgent, ""))
	runes := []rune(clean)
	return string(runes[:min(len(runes), 200)])
}

// network is where an address is: enough to recognise a place by, too little to find a person (/24, /48).
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	bits := 48
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(ip, bits).Masked().String()
}

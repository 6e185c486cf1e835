package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/token"
)

// ErrNoKey is the answer to an id that no signing key has, or has any more.
var ErrNoKey = errors.New("there is no such signing key")

// keyChange is what the audit log tells of signing keys.
type keyChange struct {
	Key       string     `json:"key"`
	ActiveAt  *time.Time `json:"active_at,omitempty"` // when a new key begins to sign
	Successor *string    `json:"successor,omitempty"` // what signs in the place of a revoked one
}

// RotateKeys publishes a new key, which takes over from all others once verifiers have had the time to fetch it, or at
// once; a key that waited to do so never will. The others stay published while their tokens live. Errors: those of a
// secret that is not the service's.
func RotateKeys(ctx context.Context, tx pgx.Tx, secret token.Secret, p KeyPolicy, atOnce bool) (db.SigningKey, error) {
	rows, err := lockKeys(ctx, tx)
	if err != nil {
		return db.SigningKey{}, err
	}
	if _, err := openKeys(secret, rows); err != nil {
		return db.SigningKey{}, err
	}
	now := time.Now()
	activeAt := p.soonest(rows, now)
	if atOnce {
		activeAt = now
	}
	key, err := p.publish(ctx, tx, secret, activeAt)
	if err != nil {
		return db.SigningKey{}, err
	}
	err = db.New().SupersedeSigningKeys(ctx, tx, key.ActiveAt.Add(p.overlap()), key.ID)
	if err != nil {
		return db.SigningKey{}, err
	}
	return key, outbox.Record(ctx, tx, outbox.KeyRotated, uuid.Nil, keyChange{Key: key.ID, ActiveAt: &key.ActiveAt})
}

// RevokeKey takes a key out of use, and with it every token that it signed. If it was the one that signs, another does
// from now on, which is returned: the next one, if it is published already, else a new one. A key that signed before it
// never does again. Errors: ErrNoKey, and those of a secret that is not the service's.
func RevokeKey(ctx context.Context, tx pgx.Tx, secret token.Secret, p KeyPolicy, id string) (*db.SigningKey, error) {
	rows, err := lockKeys(ctx, tx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows, func(k db.SigningKey) bool { return k.ID == id })
	if i < 0 {
		return nil, ErrNoKey
	}
	if _, err := openKeys(secret, rows); err != nil {
		return nil, err
	}
	if _, err := db.New().ExpireSigningKey(ctx, tx, id); err != nil {
		return nil, err
	}
	change := keyChange{Key: id}
	var successor *db.SigningKey
	if now := time.Now(); i == SigningKey(rows, now) {
		if successor, err = p.replace(ctx, tx, secret, rows[i+1:], now); err != nil {
			return nil, err
		}
		change.Successor = &successor.ID
	}
	return successor, outbox.Record(ctx, tx, outbox.KeyRevoked, uuid.Nil, change)
}

// replace has another key sign from now on: the first of those that wait, which verifiers may know already, or a new one.
func (p KeyPolicy) replace(ctx context.Context, tx pgx.Tx, secret token.Secret, waiting []db.SigningKey, now time.Time) (*db.SigningKey, error) {
	if len(waiting) == 0 {
		key, err := p.publish(ctx, tx, secret, now)
		return &key, err
	}
	key, err := db.New().ActivateSigningKey(ctx, tx, now, waiting[0].ID)
	return &key, err
}

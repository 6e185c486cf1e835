package auth

import (
	"bytes"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/token"
)

// KeyPolicy says how signing keys come and go.
type KeyPolicy struct {
	Algorithm      token.Algorithm
	RotateEvery    time.Duration // how long one key signs
	PublishAhead   time.Duration // how long the next one is published before it does, so that verifiers have it
	AccessLifetime time.Duration // how long a key is needed after its last signature
	Issuer         string        // also the audience of access tokens: the service's own address
}

// KeepKeys sees to it that a key signs and that the next one is published in time, and returns the keyring. Of replicas
// that do so at once, one makes the key.
func KeepKeys(ctx context.Context, pool *pgxpool.Pool, secret token.Secret, p KeyPolicy) (*token.Keyring, error) {
	return store.InTx(ctx, pool, func(tx pgx.Tx) (*token.Keyring, error) {
		if err := db.New().LockSigningKeys(ctx, tx); err != nil {
			return nil, err
		}
		rows, err := db.New().ListSigningKeys(ctx, tx)
		if err != nil {
			return nil, err
		}
		if due, activeAt := p.next(rows, time.Now()); due {
			row, err := p.make(secret, activeAt)
			if err != nil {
				return nil, err
			}
			if err := db.New().CreateSigningKey(ctx, tx, row); err != nil {
				return nil, err
			}
			rows = append(rows, db.SigningKey{ID: row.ID, Algorithm: row.Algorithm, Sealed: row.Sealed,
				CreatedAt: time.Now(), ActiveAt: row.ActiveAt, ExpiresAt: row.ExpiresAt})
		}
		return p.ring(secret, rows)
	})
}

// next says whether a key has to be made now, and when it is to sign: at once if none does. rows are in the order in
// which they sign.
func (p KeyPolicy) next(rows []db.SigningKey, now time.Time) (due bool, activeAt time.Time) {
	if len(rows) == 0 || rows[0].ActiveAt.After(now) {
		return true, now
	}
	last := rows[len(rows)-1]
	activeAt = last.ActiveAt.Add(p.RotateEvery)
	// The last key keeps the end it was made with, whatever the policy says now, and what it signs must outlive it.
	end := last.ExpiresAt.Add(-p.AccessLifetime - time.Minute)
	if end.Before(activeAt) {
		activeAt = end
	}
	if earliest := now.Add(p.PublishAhead); activeAt.Before(earliest) {
		due = true
		activeAt = earliest
		if end.Before(earliest) {
			activeAt = now
		}
	}
	return due, activeAt
}

func (p KeyPolicy) make(secret token.Secret, activeAt time.Time) (db.CreateSigningKeyParams, error) {
	key, err := token.GenerateKey(p.Algorithm)
	if err != nil {
		return db.CreateSigningKeyParams{}, err
	}
	sealed, err := key.Seal(secret)
	return db.CreateSigningKeyParams{
		ID: key.ID, Algorithm: string(key.Algorithm), Sealed: sealed, ActiveAt: activeAt,
		// The successor takes over after RotateEvery; tokens signed just before that are good a little longer.
		ExpiresAt: activeAt.Add(p.RotateEvery + 2*p.PublishAhead + p.AccessLifetime),
	}, err
}

func (p KeyPolicy) ring(secret token.Secret, rows []db.SigningKey) (*token.Keyring, error) {
	keys := make([]token.Key, len(rows))
	for i, r := range rows {
		key, err := token.OpenKey(secret, r.ID, r.Sealed)
		if err != nil {
			return nil, err
		}
		key.CreatedAt, key.ActiveAt, key.ExpiresAt = r.CreatedAt, r.ActiveAt, r.ExpiresAt
		keys[i] = key
	}
	return token.NewKeyring(p.Issuer, p.Issuer, keys)
}

// FollowKeys keeps holder current until ctx ends: keys that other replicas made, and keys that fall due here. Failures
// are reported and tried again; the keys at hand stay good meanwhile.
func FollowKeys(ctx context.Context, holder *token.Keys, every time.Duration, keep func(context.Context) (*token.Keyring, error), failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			ring, err := keep(ctx)
			if err != nil {
				failed(err)
				continue
			}
			// A new keyring forgets which tokens it has checked, so the old one stays while it says the same.
			if now := time.Now(); !bytes.Equal(ring.JWKS(now), holder.Current().JWKS(now)) {
				holder.Load(ring)
			}
		}
	}
}

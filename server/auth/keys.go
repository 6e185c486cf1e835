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
		rows, err := lockKeys(ctx, tx)
		if err != nil {
			return nil, err
		}
		if due, activeAt := p.next(rows, time.Now()); due {
			row, err := p.publish(ctx, tx, secret, activeAt)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		keys, err := openKeys(secret, rows)
		if err != nil {
			return nil, err
		}
		return token.NewKeyring(p.Issuer, p.Issuer, keys)
	})
}

// lockKeys reads the keys that count, in the order in which they take over from each other, and keeps everybody else
// from deciding about them.
func lockKeys(ctx context.Context, tx pgx.Tx) ([]db.SigningKey, error) {
	if err := db.New().LockSigningKeys(ctx, tx); err != nil {
		return nil, err
	}
	return db.New().ListSigningKeys(ctx, tx)
}

// SigningKey finds the key that signs at a time, of keys in the order in which they take over from each other; -1 if
// none does. Those before it are old, those after it wait.
func SigningKey(keys []db.SigningKey, now time.Time) int {
	signing := -1
	for i, k := range keys {
		if !k.ActiveAt.After(now) {
			signing = i
		}
	}
	return signing
}

// next says whether a key has to be made now, and when it is to sign: at once if none does.
func (p KeyPolicy) next(rows []db.SigningKey, now time.Time) (due bool, activeAt time.Time) {
	if SigningKey(rows, now) < 0 {
		return true, now
	}
	last := rows[len(rows)-1]
	activeAt = last.ActiveAt.Add(p.RotateEvery)
	if end := p.end(last); end.Before(activeAt) {
		activeAt = end
	}
	if activeAt.Before(now.Add(p.PublishAhead)) {
		return true, p.soonest(rows, now)
	}
	return false, activeAt
}

// soonest is when a key that is published now can sign: when verifiers have had the time to fetch it, unless none
// signs until then.
func (p KeyPolicy) soonest(rows []db.SigningKey, now time.Time) time.Time {
	soonest := now.Add(p.PublishAhead)
	signs := SigningKey(rows, soonest)
	if SigningKey(rows, now) < 0 || p.end(rows[signs]).Before(soonest) {
		return now
	}
	return soonest
}

// end is until when a key can sign: what it signs must not outlive it. It keeps the end that it was made with, whatever
// the policy says now.
func (p KeyPolicy) end(key db.SigningKey) time.Time {
	return key.ExpiresAt.Add(-p.AccessLifetime - time.Minute)
}

// overlap is how long a key is published after another took over: that may have been late, and its tokens are good a
// little longer.
func (p KeyPolicy) overlap() time.Duration { return 2*p.PublishAhead + p.AccessLifetime }

// publish makes a key that signs from a time on.
func (p KeyPolicy) publish(ctx context.Context, tx pgx.Tx, secret token.Secret, activeAt time.Time) (db.SigningKey, error) {
	key, err := token.GenerateKey(p.Algorithm)
	if err != nil {
		return db.SigningKey{}, err
	}
	sealed, err := key.Seal(secret)
	if err != nil {
		return db.SigningKey{}, err
	}
	return db.New().CreateSigningKey(ctx, tx, db.CreateSigningKeyParams{
		ID: key.ID, Algorithm: string(key.Algorithm), Sealed: sealed, ActiveAt: activeAt,
		ExpiresAt: activeAt.Add(p.RotateEvery + p.overlap()),
	})
}

// openKeys decrypts keys. It fails if the secret is not the one that sealed all of them.
func openKeys(secret token.Secret, rows []db.SigningKey) ([]token.Key, error) {
	keys := make([]token.Key, len(rows))
	for i, r := range rows {
		key, err := token.OpenKey(secret, r.ID, r.Sealed)
		if err != nil {
			return nil, err
		}
		key.CreatedAt, key.ActiveAt, key.ExpiresAt = r.CreatedAt, r.ActiveAt, r.ExpiresAt
		keys[i] = key
	}
	return keys, nil
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

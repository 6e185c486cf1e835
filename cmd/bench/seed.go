package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/server/password"
)

const (
	callers       = 64 // who ask; as many again refresh their tokens
	everyPassword = "bench presses are heavy"
	everySecret   = "bench" // of the sessions that the floor refreshes
)

// account is somebody who takes part in the measuring.
type account struct {
	email   string
	session uuid.UUID
}

type accounts struct {
	people []account // twice the callers, from all over the table
	admin  account
}

// seed fills the database with users who came one after the other in the last two years, the newest of them an ADMIN, each
// with a session. It leaves Postgres nothing to tidy up while we measure.
func seed(ctx context.Context, db *pgxpool.Pool, n int, hashing password.Params) (accounts, error) {
	hasher, err := password.NewHasher(hashing, 1, 0)
	if err != nil {
		return accounts{}, err
	}
	hash, err := hasher.Hash(ctx, everyPassword)
	if err != nil {
		return accounts{}, err
	}
	var known accounts
	crowd, stride := newCrowd(n, hash), n/(2*callers)
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// The users of the sessions were copied a moment ago; looking up each would take longer than copying.
		if _, err := tx.Exec(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"users"}, userColumns(), pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			return crowd.user(i), nil
		}))
		if err != nil {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"sessions"}, sessionColumns(), pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			a := account{crowd.person(i).email, crowd.sessionID(i)}
			if i%stride == 0 && len(known.people) < 2*callers {
				known.people = append(known.people, a)
			}
			if i == n-1 {
				known.admin = a
			}
			return crowd.session(i), nil
		}))
		return err
	})
	if err != nil {
		return accounts{}, err
	}
	for _, tidy := range []string{"VACUUM (ANALYZE) users", "VACUUM (ANALYZE) sessions", "CHECKPOINT"} {
		if _, err := db.Exec(ctx, tidy); err != nil {
			return accounts{}, err
		}
	}
	return known, nil
}

// newID is the UUIDv7 of a moment (RFC 9562 section 5.7).
func newID(at time.Time, tail uint64) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16)
	binary.BigEndian.PutUint64(id[8:], tail)
	id[6] = 0x70 | byte(tail>>60)
	id[8] = 0x80 | id[8]&0x3f
	return id
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

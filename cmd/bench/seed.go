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
// with a session.
func seed(ctx context.Context, db *pgxpool.Pool, n int, hashing password.Params) (accounts, error) {
	hash, err := hashOnce(ctx, hashing)
	if err != nil {
		return accounts{}, err
	}
	var known accounts
	stride := n / (2 * callers)
	crowd := newCrowd(n, stride, hash)
	indexes, err := dropIndexes(ctx, db)
	if err != nil {
		return accounts{}, err
	}
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
	return known, settle(ctx, db, indexes)
}

// hashOnce is the hash of everybody's password.
func hashOnce(ctx context.Context, hashing password.Params) (string, error) {
	hasher, err := password.NewHasher(hashing, 1, 0)
	if err != nil {
		return "", err
	}
	return hasher.Hash(ctx, everyPassword)
}

// settle makes indexes again, and leaves Postgres nothing to tidy up while we measure.
func settle(ctx context.Context, db *pgxpool.Pool, indexes []string) error {
	for _, command := range append(indexes, "VACUUM (ANALYZE) users", "VACUUM (ANALYZE) sessions", "CHECKPOINT") {
		if _, err := db.Exec(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// dropIndexes drops the indexes of users that are no constraints, and returns what makes them again: filling a table is
// many times as fast without.
func dropIndexes(ctx context.Context, db *pgxpool.Pool) ([]string, error) {
	rows, err := db.Query(ctx, `
		SELECT indexname, indexdef FROM pg_indexes
		WHERE tablename = 'users' AND indexname NOT IN (SELECT conname FROM pg_constraint)`)
	if err != nil {
		return nil, err
	}
	type index struct{ Name, Definition string }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return nil, err
	}
	var again []string
	for _, i := range found {
		if _, err := db.Exec(ctx, "DROP INDEX "+pgx.Identifier{i.Name}.Sanitize()); err != nil {
			return nil, err
		}
		again = append(again, i.Definition)
	}
	return again, nil
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

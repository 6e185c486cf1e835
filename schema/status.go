package schema

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
)

const undefinedTable = "42P01"

// Migration is one step of the schema's history.
type Migration struct {
	Number    int64
	Name      string     // what the file is called after its number
	AppliedAt *time.Time // in UTC; nil: the database lacks it
}

// Status returns the migrations that this binary knows, in order of their numbers, and when the database got each. It
// only reads: goose's own status would make goose's table.
func Status(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	all, err := known()
	if err != nil {
		return nil, err
	}
	applied, err := history(ctx, pool)
	if err != nil {
		return nil, err
	}
	for i, m := range all {
		if at, ok := applied[m.Number]; ok {
			all[i].AppliedAt = &at
		}
	}
	return all, nil
}

// Pending says whether the database lacks a migration that this binary needs. One query: cheap enough for readiness.
func Pending(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	all, err := Status(ctx, pool)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(m Migration) bool { return m.AppliedAt == nil }), nil
}

// Fingerprint is equal for two binaries only if their migrations make the same schema.
func Fingerprint() (string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, "river", riverNumber, riverVersion)
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d %s\n", name, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

func known() ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	all := []Migration{{Number: riverNumber, Name: "river"}}
	for _, name := range names {
		number, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		_, title, _ := strings.Cut(strings.TrimSuffix(name, ".sql"), "_")
		all = append(all, Migration{Number: number, Name: title})
	}
	slices.SortFunc(all, func(a, b Migration) int { return cmp.Compare(a.Number, b.Number) })
	return all, nil
}

// history returns when each migration was applied, by number; nothing for a database that never saw one.
func history(ctx context.Context, pool *pgxpool.Pool) (map[int64]time.Time, error) {
	rows, _ := pool.Query(ctx, "SELECT version_id, tstamp FROM "+goose.DefaultTablename) // rows hold the error too
	applied := map[int64]time.Time{}
	var number int64
	var at time.Time
	_, err := pgx.ForEachRow(rows, []any{&number, &at}, func() error {
		applied[number] = at
		return nil
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == undefinedTable {
		return applied, nil
	}
	if err != nil {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	return applied, nil
}

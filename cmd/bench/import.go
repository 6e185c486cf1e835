package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usherhq/usher/schema"
	"github.com/usherhq/usher/server/dev"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/users"
)

// importOptions are what to import, and how often.
type importOptions struct {
	rows, bad, rounds int
	args              []string // of usher user import
}

// imported is one measurement.
type imported struct {
	copied, stored time.Duration
	memory         int64
}

// runImport imports a file of users whose passwords are hashed already, and copies the same rows with COPY into a table that
// is the same, in turns, each into a fresh database.
func runImport(ctx context.Context, args []string, out, notes io.Writer) error {
	o := importOptions{}
	f := flag.NewFlagSet("bench import", flag.ContinueOnError)
	f.SetOutput(notes)
	f.IntVar(&o.rows, "rows", 100_000, "rows of the file")
	f.IntVar(&o.bad, "bad", 100, "how many of them are bad, and skipped")
	f.IntVar(&o.rounds, "rounds", 3, "rounds, of which the median counts")
	if err := f.Parse(args); err != nil {
		return err
	}
	if o.rows < 2 || o.bad < 0 || o.bad > o.rows/2 || o.rounds < 1 {
		return errors.New("want at least two rows, at most half of them bad, and a round")
	}
	if o.bad > 0 {
		o.args = []string{"--skip-bad"}
	}
	dir, err := os.MkdirTemp("", "usher-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is a temporary folder
	l := &lab{dir: dir}
	if err := l.build(ctx); err != nil {
		return err
	}
	postgres, err := dev.StartPostgres(ctx, filepath.Join(dir, "postgres"), dev.PostgresOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = postgres.Stop() }() // it ends with this process at the latest
	l.database = postgres.URL()
	if l.db, err = pgxpool.New(ctx, l.database); err != nil {
		return err
	}
	defer l.db.Close()
	var all []imported
	for round := range o.rounds {
		fmt.Fprintf(notes, "round %d of %d\n", round+1, o.rounds)
		one, err := l.imports(ctx, o, round)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	return l.describeImports(ctx, out, o, all)
}

func (l *lab) imports(ctx context.Context, o importOptions, round int) (m imported, err error) {
	hasher, err := password.NewHasher(password.DefaultParams(), 1, 0)
	if err != nil {
		return m, err
	}
	hash, err := hasher.Hash(ctx, everyPassword)
	if err != nil {
		return m, err
	}
	who := newCrowd(o.rows, 1<<30, hash)
	file := filepath.Join(l.dir, "users.csv")
	if err := who.write(file, o); err != nil {
		return m, err
	}
	if err := l.onFresh(ctx, fmt.Sprint("copied", round), func(_ string, db *pgxpool.Pool) error {
		begin := time.Now()
		_, err := db.CopyFrom(ctx, pgx.Identifier{"users"}, append(importColumns(), "email_key", "nickname_key", "nickname_skeleton"),
			pgx.CopyFromSlice(o.rows-o.bad, func(i int) ([]any, error) {
				p := who.person(i)
				key, look := users.NicknameKeys(p.nickname)
				return append(who.imported(i), p.email, key, look), nil
			}))
		m.copied = time.Since(begin)
		return err
	}); err != nil {
		return m, err
	}
	return m, l.onFresh(ctx, fmt.Sprint("imported", round), func(url string, db *pgxpool.Pool) error {
		c := exec.CommandContext(ctx, filepath.Join(l.dir, "usher"), append([]string{"user", "import", file}, o.args...)...)
		c.Env = []string{"DATABASE_URL=" + url}
		begin := time.Now()
		said, err := c.CombinedOutput()
		m.stored = time.Since(begin)
		if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
			m.memory = usage.Maxrss << 10
		}
		var n int
		if err := db.QueryRow(ctx, "SELECT count(*) FROM users").Scan(&n); err != nil {
			return err
		}
		if n != o.rows-o.bad {
			return fmt.Errorf("%d accounts were made of %d rows: %w\n%s", n, o.rows, err, said)
		}
		return nil
	})
}

// onFresh has act work on a migrated database that nothing else is in.
func (l *lab) onFresh(ctx context.Context, name string, act func(url string, db *pgxpool.Pool) error) error {
	if _, err := l.db.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return err
	}
	at, err := url.Parse(l.database)
	if err != nil {
		return err
	}
	at.Path = "/" + name
	db, err := pgxpool.New(ctx, at.String())
	if err != nil {
		return err
	}
	defer db.Close()
	if err := schema.Up(ctx, db); err != nil {
		return err
	}
	if _, err := l.db.Exec(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	return act(at.String(), db)
}

// importColumns are the columns of users that files have too.
func importColumns() []string {
	return slices.DeleteFunc(userColumns(), unimportable)
}

func unimportable(column string) bool {
	return slices.Contains([]string{"email_key", "nickname_key", "nickname_skeleton", "locked_until", "updated_at"}, column)
}

// imported is the row of importColumns. Nobody was here in the future.
func (c crowd) imported(i int) []any {
	var out []any
	for n, value := range c.user(i) {
		if t, ok := value.(*time.Time); ok && t != nil && t.After(time.Now()) {
			value = (*time.Time)(nil)
		}
		if !unimportable(userColumns()[n]) {
			out = append(out, value)
		}
	}
	return out
}

// write writes users to a file. The last ones are bad: they have the addresses of the first.
func (c crowd) write(name string, o importOptions) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	w := csv.NewWriter(file)
	if err := w.Write(importColumns()); err != nil {
		return err
	}
	at := slices.Index(importColumns(), "email")
	for i := range o.rows {
		var cells []string
		for _, value := range c.imported(i) {
			cells = append(cells, cellOf(value))
		}
		if twin := i - (o.rows - o.bad); twin >= 0 {
			cells[at] = c.person(twin).email
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func cellOf(value any) string {
	switch v := value.(type) {
	case *string:
		if v != nil {
			return *v
		}
		return ""
	case *time.Time:
		if v != nil {
			return v.UTC().Format(time.RFC3339Nano)
		}
		return ""
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(value)
}

func (l *lab) describeImports(ctx context.Context, out io.Writer, o importOptions, all []imported) error {
	took := func(of func(imported) time.Duration) time.Duration {
		return median(all, of)
	}
	copied, stored := took(func(m imported) time.Duration { return m.copied }), took(func(m imported) time.Duration { return m.stored })
	rate := func(d time.Duration) string { return count(int(float64(o.rows)/d.Seconds())) + " rows/s" }
	most := int64(0)
	for _, m := range all {
		most = max(most, m.memory)
	}
	fmt.Fprintln(out, layOut([][]string{
		{"", "took", "", "ratio", "memory"},
		{"COPY", short(copied), rate(copied), "1", ""},
		{"usher user import", short(stored), rate(stored), fmt.Sprintf("%.2f", copied.Seconds()/stored.Seconds()), megabytes(most)},
	}))
	fmt.Fprintf(out, "%s rows with hashed passwords, %d of them bad, into a fresh database with all indexes. Medians of %d rounds in turns;\n"+
		"memory is the most that the importing process ever had.\n\n", count(o.rows), o.bad, o.rounds)
	return l.describeMachine(ctx, out)
}

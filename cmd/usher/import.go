package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/transfers"
)

// importing is what the command line says about an import.
type importing struct {
	dryRun, skipBad, noMail bool
	resume, restart         bool
}

func userImportCommand() *cobra.Command {
	var i importing
	c := withOutput(&cobra.Command{
		Use: "import FILE|-", Short: "Create accounts from a CSV file", Args: cobra.ExactArgs(1),
		Long: "Import creates an account of each row of a CSV file (RFC 4180, UTF-8) whose first line names the columns: email, and any of\n" +
			"nickname, first_name, last_name, bio, location, locale, time_zone, website_url, linkedin_url, github_url, role, status,\n" +
			"professional, email_verified_at, id, created_at, last_login_at, fields.NAME of a profile field, password, and\n" +
			"password_hash (bcrypt, argon2, scrypt, PBKDF2, in the forms of PHC, Django, Werkzeug and Firebase). Semicolons or tabs\n" +
			"will do for commas, and in the header capitals for small letters.\n\n" +
			"Unless told otherwise, one bad row keeps all out, and 250,000 rows are the most. Bad rows are told as FILE:LINE:COLUMN.\n" +
			"When it was interrupted, however hard, go on with --resume: no row is stored twice. It exits with 1 if a row was bad.",
		Example: "  usher user import users.csv --dry-run\n  usher user import users.csv --skip-bad\n  gunzip -c users.csv.gz | usher user import -",
		RunE:    func(c *cobra.Command, args []string) error { return i.run(c, args[0]) },
	})
	c.Flags().BoolVar(&i.dryRun, "dry-run", false, "check all rows and store none")
	c.Flags().BoolVar(&i.skipBad, "skip-bad", false, "store the good rows when there are bad ones")
	c.Flags().BoolVar(&i.noMail, "no-mail", false, "do not mail people who come without a password a link to choose one")
	c.Flags().BoolVar(&i.resume, "resume", false, "go on with the import of this file that is not over, as it was begun")
	c.Flags().BoolVar(&i.restart, "restart", false, "cancel the import of this file that is not over (with --dry-run, only another dry run), and begin anew")
	c.MarkFlagsMutuallyExclusive("resume", "restart")
	for _, flag := range []string{"dry-run", "skip-bad", "no-mail"} {
		c.MarkFlagsMutuallyExclusive("resume", flag)
	}
	return c
}

func (i importing) run(c *cobra.Command, name string) error {
	s, err := read[struct {
		Database
		Hashing
	}](nil)
	if err != nil {
		return err
	}
	hasher, err := s.hasher()
	if err != nil {
		return err
	}
	file, err := openWhole(c, name)
	if err != nil {
		return err
	}
	defer file.Close()
	ctx := c.Context()
	pool, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrated(ctx, pool); err != nil {
		return err
	}
	im, err := i.begin(ctx, pool, file)
	if err != nil {
		return err
	}
	told := newImportProgress(c.ErrOrStderr())
	im, err = goOn(ctx, &transfers.Importer{DB: pool, Hasher: hasher, Told: told.tell}, im.ID, file)
	told.end()
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; go on with --resume")
	case err != nil:
		return fmt.Errorf("%w; go on with --resume", err)
	}
	return report(c, pool, im, name)
}

// begin finds the import to go on with, or makes one.
func (i importing) begin(ctx context.Context, pool *pgxpool.Pool, file *os.File) (db.Import, error) {
	digest := sha256.New()
	size, err := io.Copy(digest, file)
	if err != nil {
		return db.Import{}, err
	}
	open, err := db.New().ListUnfinishedImports(ctx, pool, digest.Sum(nil), i.dryRun)
	switch {
	case err != nil:
		return db.Import{}, err
	case i.resume && len(open) == 0:
		return db.Import{}, errors.New("no import of this file, as it is now, was begun here and is not over")
	case i.resume:
		return open[0], nil
	case len(open) > 0 && !i.restart:
		return db.Import{}, fmt.Errorf("an import of this file, begun at %s, is not over: go on with it (--resume), or begin anew (--restart)", moment(open[0].CreatedAt))
	}
	id, err := uuid.NewV7()
	if err != nil {
		return db.Import{}, err
	}
	return store.InTx(ctx, pool, func(tx pgx.Tx) (db.Import, error) {
		for _, old := range open {
			if err := transfers.Cancel(ctx, tx, actor.From(ctx), old.ID); err != nil {
				return old, err
			}
		}
		return transfers.Begin(ctx, tx, actor.From(ctx), transfers.Upload{
			ID: id, Size: size, Digest: digest.Sum(nil), DryRun: i.dryRun, SkipBad: i.skipBad, Mail: !i.noMail,
		})
	})
}

// goOn works an import off. What a process that was killed had begun may hold it for a moment longer than the process lived.
func goOn(ctx context.Context, importer *transfers.Importer, id uuid.UUID, file io.ReaderAt) (db.Import, error) {
	const patience, pause = 15 * time.Second, 200 * time.Millisecond
	for busy := time.Now(); ; {
		im, err := importer.Work(ctx, id, file, time.Now().Add(time.Minute))
		switch {
		case errors.Is(err, transfers.ErrBusy) && time.Since(busy) < patience:
		case err != nil || im.FinishedAt != nil:
			return im, err
		default:
			busy = time.Now()
			continue
		}
		select {
		case <-ctx.Done():
			return im, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// openWhole opens a file that can be read from any place: what comes through a pipe is kept in one that has no name.
func openWhole(c *cobra.Command, name string) (file *os.File, err error) {
	in := c.InOrStdin()
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return nil, err
		}
		info, err := file.Stat()
		if err != nil || info.Mode().IsRegular() {
			return file, err
		}
		if info.IsDir() {
			return nil, errors.Join(fmt.Errorf("%s is a folder", name), file.Close())
		}
		defer file.Close()
		in = file
	}
	kept, err := os.CreateTemp("", "usher-import-*") // with rights for its owner only
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(kept, in); err != nil {
		return nil, errors.Join(err, kept.Close(), os.Remove(kept.Name()))
	}
	if _, err := kept.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, kept.Close(), os.Remove(kept.Name()))
	}
	return kept, os.Remove(kept.Name())
}

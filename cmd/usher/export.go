package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/transfers"
)

func userExportCommand() *cobra.Command {
	var f *filterFlags
	c := onMigrated(&cobra.Command{
		Use: "export [FILE|-]", Short: "Write accounts to a CSV file", Args: cobra.MaximumNArgs(1),
		Long: "Export writes the accounts that match all flags to a CSV file (RFC 4180, UTF-8) that `usher user import` takes, or to\n" +
			"standard output. The file is there only when it is whole, and only its owner may read it. It never holds passwords\n" +
			"or their hashes. Cells that a spreadsheet would take for a formula begin with an apostrophe, which importing takes off.",
		Example: "  usher user export users.csv\n  usher user export --role AUTHOR --registered-from 2026-01-01 - | gzip > authors.csv.gz",
	}, func(c *cobra.Command, pool *pgxpool.Pool) error { return export(c, pool, f, c.Flags().Arg(0)) })
	f = addFilter(c)
	return withOutput(c)
}

// exportReport is what became of an export.
type exportReport struct {
	File string `json:"file"`
	Rows int64  `json:"rows"`
}

// export writes down that the operator takes the accounts, and then has them written.
func export(c *cobra.Command, pool *pgxpool.Pool, f *filterFlags, name string) error {
	ctx := c.Context()
	filter, err := f.filter(ctx, pool)
	if err != nil {
		return err
	}
	asked, err := f.asked()
	if err != nil {
		return err
	}
	write := func(w io.Writer) error {
		_, err := store.InTx(ctx, pool, func(tx pgx.Tx) (any, error) { return nil, transfers.RecordExport(ctx, tx, asked) })
		if err != nil {
			return err
		}
		told, end := progress(c.ErrOrStderr())
		rows, err := transfers.Write(ctx, pool, filter, w, told)
		end()
		if err == nil && w != c.OutOrStdout() {
			err = say(c, exportReport{name, rows}, "Exported %v accounts to %s.\n", rows, name)
		}
		return err
	}
	if name == "" || name == "-" {
		return write(c.OutOrStdout())
	}
	return create(name, write)
}

// create has write make a file that only its owner reads. Others see it, or what replaces it, only when it is whole.
func create(name string, write func(io.Writer) error) (err error) {
	switch info, err := os.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder", name)
	case !info.Mode().IsRegular(): // a pipe or a terminal is written to, not replaced
		return throughPipe(name, write)
	}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // with rights for its owner only
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

func throughPipe(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// progress shows on a terminal how many accounts are done; anywhere else it shows nothing.
func progress(w io.Writer) (told func(rows int64), end func()) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return func(int64) {}, func() {}
	}
	var last time.Time
	return func(rows int64) {
		if time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			fmt.Fprintf(w, "\r%d accounts", rows)
		}
	}, func() { fmt.Fprint(w, "\r\x1b[K") }
}

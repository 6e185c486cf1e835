//go:build unix

package dev

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const (
	portableVersion = embeddedpostgres.V18
	portableMajor   = 18
	downloadWithin  = 10 * time.Minute
)

// portable returns the folder with the programs of a Postgres that runs anywhere, downloaded unless it is in the cache.
func (f *folder) portable(ctx context.Context, opts PostgresOptions) (string, error) {
	cache, err := cacheFolder(opts.Cache, f.as != nil)
	if err != nil {
		return "", noPostgres(err)
	}
	unlock, err := lockCache(cache)
	if err != nil {
		return "", noPostgres(err)
	}
	defer unlock()
	home := filepath.Join(cache, "postgres-"+string(portableVersion))
	bin := filepath.Join(home, "bin")
	if !complete(bin) {
		opts.Log.Info("no Postgres is installed: downloading a portable one, once", "version", portableVersion, "to", home)
		if err := download(ctx, home); err != nil {
			return "", noPostgres(err)
		}
	}
	if f.version(ctx, bin) != portableMajor {
		return "", fmt.Errorf("the downloaded Postgres in %s does not run here: delete it, and install Postgres or set DATABASE_URL to one that runs", home)
	}
	return bin, nil
}

func noPostgres(err error) error {
	return fmt.Errorf("no Postgres is installed and none could be downloaded (%w): install Postgres, or set DATABASE_URL to one that runs", err)
}

// cacheFolder must be open to who the server runs as, which root's own cache is not.
func cacheFolder(wanted string, shared bool) (string, error) {
	if wanted != "" {
		return filepath.Abs(wanted)
	}
	if shared {
		return "/var/cache/usher", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "usher"), err
}

// lockCache makes the folder and waits for its turn in it: one download is enough.
func lockCache(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return func() { lock.Close() }, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
}

// download fetches the portable build and unpacks it to home, all of it or nothing.
func download(ctx context.Context, home string) error {
	work, err := os.MkdirTemp(filepath.Dir(home), "download-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	port, err := freePort()
	if err != nil {
		return err
	}
	unpacked := filepath.Join(work, "postgres")
	library := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(portableVersion).
		Port(uint32(port)).
		CachePath(filepath.Join(work, "archive")).
		RuntimePath(filepath.Join(work, "runtime")).
		BinariesPath(unpacked).
		// The library cannot unpack without starting a server too; not as root, and not the way we do. There is no such
		// encoding, so initdb refuses, and that ends it.
		Encoding("none").
		Logger(io.Discard))
	ctx, cancel := context.WithTimeout(ctx, downloadWithin)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- library.Start() }() // takes no context
	select {
	case err = <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !complete(filepath.Join(unpacked, "bin")) {
		return err
	}
	if err := readable(unpacked); err != nil {
		return err
	}
	return os.Rename(unpacked, home)
}

// readable opens what was unpacked to all users, whatever the umask: root does not run it itself.
func readable(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if mode&0o100 != 0 {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}

//go:build unix

package dev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// folder is where a cluster lives: data, password, postgres.log and a lock that says that somebody uses it.
type folder struct {
	dir    string
	lock   *os.File
	handle *os.File            // dir itself, for a server that may not walk there
	as     *syscall.Credential // who the server runs as; nil: like this process
}

func openFolder(dir string) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	// Postgres says which of its folders it is in without symbolic links.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, unusable(dir, err)
	}
	f := &folder{dir: dir}
	if f.lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, unusable(dir, err)
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another usher dev uses the database in %s: stop it first, or run this one in a folder of its own", dir)
		}
		return nil, unusable(dir, err)
	}
	if f.handle, err = os.Open(dir); err != nil {
		f.close()
		return nil, unusable(dir, err)
	}
	if f.as, err = account(f.data()); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// close gives the folder free. Closing the lock is not enough: a child that is just being started has it open, too, until
// its program runs.
func (f *folder) close() {
	_ = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_UN) // fails on the second call, when there is nothing to do
	f.lock.Close()
	if f.handle != nil {
		f.handle.Close()
	}
}

func (f *folder) data() string { return filepath.Join(f.dir, "data") }

// major is the version of Postgres that made the data; 0 when there is none yet.
func (f *folder) major() (int, error) {
	if _, err := os.Stat(f.data()); errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	text, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if errors.Is(err, os.ErrPermission) {
		return 0, unusable(f.dir, err)
	}
	major, bad := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || bad != nil {
		return 0, fmt.Errorf("%s is not the data of a Postgres 10 or newer: move it away to start with an empty database", f.data())
	}
	return major, nil
}

// create makes an empty cluster, all of it or nothing.
func (f *folder) create(ctx context.Context, bin string, throwaway bool) error {
	unfinished := filepath.Join(f.dir, "data.new")
	password := filepath.Join(f.dir, "password")
	if err := os.RemoveAll(unfinished); err != nil {
		return unusable(f.dir, err)
	}
	if err := os.WriteFile(password, []byte(rand.Text()), 0o600); err != nil {
		return unusable(f.dir, err)
	}
	if err := f.give(f.dir, password); err != nil {
		return unusable(f.dir, err)
	}
	args := []string{"-D", f.path("data.new"), "-U", owner, "--pwfile", f.path("password"),
		"-A", "scram-sha-256", "-E", "UTF8", "--no-instructions"}
	if throwaway {
		args = append(args, "--no-sync")
	}
	// Each has the whole of Unicode's letters, but not every system has each. C, the last, only knows ASCII's.
	var out []byte
	var err error
	for _, locale := range []string{"C.UTF-8", "en_US.UTF-8", "C"} {
		out, err = f.command(ctx, bin, "initdb", append(args, "--locale", locale)...).CombinedOutput()
		if err == nil {
			return os.Rename(unfinished, f.data())
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return fmt.Errorf("Postgres cannot make a database in %s (%w); its last words:\n%s", f.dir, err, tail(out))
}

// command prepares a run of one of the programs of Postgres, in a process group of its own: Ctrl-C is for us, who stop
// the server then, not for it. Programs in the middle of something are killed when ctx ends.
func (f *folder) command(ctx context.Context, bin, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, program), args...)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"} // not PGPORT, PGOPTIONS and the like
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: f.as}
	if f.as != nil {
		cmd.ExtraFiles = []*os.File{f.handle}
	}
	return cmd
}

// path names a file of the folder for a program of Postgres. One that runs as another user may have no right to walk to
// the folder, if it is in /root for example; so it gets the folder opened, as its descriptor 3.
func (f *folder) path(name string) string {
	if f.as != nil && runtime.GOOS == "linux" {
		return "/proc/self/fd/3/" + name
	}
	return filepath.Join(f.dir, name)
}

// give makes files belong to who the server runs as.
func (f *folder) give(files ...string) error {
	if f.as == nil {
		return nil
	}
	for _, name := range files {
		if err := os.Chown(name, int(f.as.Uid), int(f.as.Gid)); err != nil {
			return err
		}
	}
	return nil
}

func unusable(dir string, err error) error {
	return fmt.Errorf("usher dev cannot keep its database in %s (%w): make the folder yours to write to, or choose another one", dir, err)
}

// tail is the end of a log, for people.
func tail(log []byte) string {
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-6):], "\n  ")
}

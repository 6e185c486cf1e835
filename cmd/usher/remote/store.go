package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	defaultProfile = "default"
	lockPause      = 20 * time.Millisecond
)

// profile is a stored sign-in.
type profile struct {
	URL     string    `json:"url"`
	Email   string    `json:"email"`
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token"`
	Expires time.Time `json:"expires_at"` // the access token
}

// profiles are the stored sign-ins by name.
type profiles map[string]profile

// store is the file of stored sign-ins, which its owner alone can read.
type store struct{ folder string }

func (s store) file() string { return filepath.Join(s.folder, "usher", "credentials.json") }

func (s store) read() (profiles, error) {
	var kept struct{ Profiles profiles }
	b, err := os.ReadFile(s.file())
	if errors.Is(err, os.ErrNotExist) || s.folder == "" {
		return profiles{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the stored sign-ins cannot be read: %w", err)
	}
	if json.Unmarshal(b, &kept) != nil || kept.Profiles == nil {
		return nil, fmt.Errorf("%s is no file of stored sign-ins: delete it, and sign in again", s.file())
	}
	return kept.Profiles, nil
}

// change changes the stored sign-ins while no other usher does: two that use one refresh token twice would end the
// session. The file is replaced as a whole, and removed when it is empty.
func (s store) change(ctx context.Context, pause func(context.Context, time.Duration) error, change func(profiles) error) error {
	if s.folder == "" {
		return errors.New("there is no folder to keep a sign-in in: set XDG_CONFIG_HOME or HOME")
	}
	if err := os.MkdirAll(filepath.Dir(s.file()), 0o700); err != nil {
		return fmt.Errorf("the sign-in cannot be stored: %w", err)
	}
	unlock, err := s.lock(ctx, pause)
	if err != nil {
		return err
	}
	defer unlock()
	all, err := s.read()
	if err != nil {
		return err
	}
	if err := change(all); err != nil {
		return err
	}
	return s.write(all)
}

// lock holds a file beside the other one, which is replaced. The system gives it back when the process ends.
func (s store) lock(ctx context.Context, pause func(context.Context, time.Duration) error) (func(), error) {
	f, err := os.OpenFile(s.file()+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the sign-in cannot be stored: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // which gives the lock back
		}
		if err := pause(ctx, lockPause); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
}

func (s store) write(all profiles) error {
	if len(all) == 0 {
		if err := os.Remove(s.file()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the stored sign-in cannot be removed: %w", err)
		}
		return nil
	}
	b, err := json.MarshalIndent(map[string]profiles{"profiles": all}, "", "  ") //nolint:gosec // this is where tokens are kept
	if err != nil {
		return err
	}
	if err := replace(s.file(), func(f *os.File) error { _, err := f.Write(append(b, '\n')); return err }); err != nil {
		return fmt.Errorf("the sign-in cannot be stored: %w", err)
	}
	return nil
}

// replace writes a file that its owner alone can read, and puts it in its place only when it is whole.
func replace(path string, fill func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // with mode 0600
	if err != nil {
		return err
	}
	err = errors.Join(fill(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

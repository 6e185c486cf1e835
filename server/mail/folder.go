package mail

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// folder keeps each message as a file: for development, and for who wants to send otherwise.
type folder string

func openFolder(u *url.URL) (Sender, error) {
	dir := u.Path
	if u.Opaque != "" {
		var err error
		if dir, err = url.PathUnescape(u.Opaque); err != nil {
			return nil, fmt.Errorf("mail: folder %q: %w", u.Opaque, err)
		}
	}
	if dir == "" || u.Host != "" || u.RawQuery != "" {
		return nil, errors.New("mail: a folder for mails is file:///absolute/path or file:relative/path")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: make the folder for mails: %w", err)
	}
	return folder(dir), nil
}

// Send writes m under a name that sorts by time. Who lists the folder sees whole files only.
func (f folder) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mail: write to a folder: %w", err)
	}
	name, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("mail: name a file: %w", err)
	}
	file, err := os.CreateTemp(string(f), ".unfinished-*")
	if err != nil {
		return fmt.Errorf("mail: write to a folder: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = m.WriteTo(file)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("mail: write to a folder: %w", err)
	}
	if err := os.Rename(file.Name(), filepath.Join(string(f), name.String()+".eml")); err != nil {
		return fmt.Errorf("mail: write to a folder: %w", err)
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// profile records where the service spends its time on GET /me and the list, for perf report. perf looks at the process
// from outside, so the service needs no port for it.
func (all contests) profile(ctx context.Context, dir string, pid int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	const length = 5 * time.Second
	for i, name := range []string{"me", "list"} {
		file := filepath.Join(dir, name+".perf")
		c := exec.CommandContext(ctx, "perf", "record", "-q", "-g", "-F", "499", "-o", file, "-p", fmt.Sprint(pid),
			"--", "sleep", fmt.Sprint(length.Seconds()))
		if err := c.Start(); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		_, err := load(ctx, length, all[i].service.workers)
		if failed := c.Wait(); err == nil && failed != nil {
			err = fmt.Errorf("perf record: %w", failed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

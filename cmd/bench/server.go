package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running process that answers requests.
type server struct {
	address string
	cmd     *exec.Cmd
	end     context.CancelFunc
	exited  chan struct{}
	words   bytes.Buffer // what it said on stderr; to be read once it has exited
}

// start starts a program with that environment and no other, so that figures do not depend on whose shell it is. What it
// writes on stdout, its log, is lost.
func start(ctx context.Context, address, program string, args, env []string) (*server, error) {
	ctx, end := context.WithCancel(ctx)
	s := &server{address: address, cmd: exec.CommandContext(ctx, program, args...), end: end, exited: make(chan struct{})}
	s.cmd.Env, s.cmd.Stderr = env, &s.words
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 10 * time.Second
	if err := s.cmd.Start(); err != nil {
		end()
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait() // if it was not we who ended it, ready or a request tells
		close(s.exited)
	}()
	return s, nil
}

// ready waits until the server says that it is.
func (s *server) ready(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	patience := time.After(30 * time.Second)
	for {
		if c, err := dial(ctx, s.address); err == nil {
			_, err = c.send(get("/readyz", ""))
			c.close()
			if err == nil {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return fmt.Errorf("%s ended: %s", s.cmd.Path, &s.words)
		case <-patience:
			return fmt.Errorf("%s does not get ready", s.cmd.Path)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the server and waits for that.
func (s *server) stop() {
	s.end()
	<-s.exited
}

// memory is what the process has in memory now, and had at most since forgetPeak, in bytes; zeros where there is no /proc.
func (s *server) memory() (now, peak int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid()))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch {
		case err != nil:
		case name == "VmRSS":
			now = kib << 10
		case name == "VmHWM":
			peak = kib << 10
		}
	}
	return now, peak
}

// forgetPeak starts the peak of memory anew (proc(5), clear_refs).
func (s *server) forgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.pid()), []byte("5"), 0) // no /proc, no peak
}

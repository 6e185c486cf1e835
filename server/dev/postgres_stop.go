//go:build unix

package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stop ends a server: first so that it writes everything down, then at once, then without asking it.
func stop(server *os.Process, gone func() bool) error {
	for _, step := range []struct {
		signal os.Signal
		within time.Duration
	}{
		{syscall.SIGINT, 8 * time.Second},  // fast shutdown
		{syscall.SIGQUIT, 6 * time.Second}, // immediate shutdown
		{syscall.SIGKILL, 2 * time.Second},
	} {
		if gone() {
			return nil
		}
		if err := server.Signal(step.signal); errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("the Postgres with process id %d belongs to another user: stop it as that user", server.Pid)
		}
		for end := time.Now().Add(step.within); time.Now().Before(end); pause(context.Background(), 5*time.Millisecond) {
			if gone() {
				return nil
			}
		}
	}
	return fmt.Errorf("the Postgres with process id %d does not end, not even by kill -9", server.Pid)
}

// leash makes the server end when this process does, unless it is to be detached: a shell waits for the end of its input,
// which comes when nobody is left who could write to it. The shell is in a session of its own, out of the reach of
// Ctrl-C. Call ended when the server has, before its number can become another process's.
func leash(server int, detached bool) (ended func(), err error) {
	if detached {
		return func() {}, nil
	}
	shell := exec.Command("/bin/sh", "-c", `read -r word || kill -INT "$1"`, "sh", strconv.Itoa(server))
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	input, err := shell.StdinPipe()
	if err == nil {
		err = shell.Start()
	}
	if err != nil {
		return func() {}, fmt.Errorf("start the shell that watches over Postgres: %w", err)
	}
	return func() {
		fmt.Fprintln(input, "ended")
		_ = shell.Wait()
	}, nil
}

// stopLeftover ends the server that a killed process left behind on this folder. Only the holder of the folder's lock may
// call it: any server here is a leftover then.
func (f *folder) stopLeftover() error {
	note := filepath.Join(f.data(), "postmaster.pid")
	text, err := os.ReadFile(note)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unusable(f.dir, err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err == nil && serves(pid, f.data()) {
		server, err := os.FindProcess(pid)
		if err != nil {
			return err
		}
		if err := stop(server, func() bool { return !serves(pid, f.data()) }); err != nil {
			return err
		}
	}
	// After a power cut the number in the note may be somebody else's by now, for whom Postgres would hold back.
	if err := os.Remove(note); err != nil && !errors.Is(err, os.ErrNotExist) {
		return unusable(f.dir, err)
	}
	return nil
}

// serves says whether the process is a server on the data: its working directory is there.
func serves(pid int, data string) bool {
	if _, err := os.Stat("/proc/self/cwd"); err == nil {
		cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
		return err == nil && cwd == data
	}
	command, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(command), data)
}

//go:build unix

package dbtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/dev"
)

const childFolder = "DBTEST_CHILD_FOLDER"

// As a child of a test the binary plays a run of its own: it uses a database, says so, and waits to be killed.
func TestMain(m *testing.M) {
	folder := os.Getenv(childFolder)
	if folder == "" {
		os.Exit(m.Run())
	}
	r := run{lives: os.Getpid(), folder: folder}
	if _, err := r.connect(context.Background(), dev.PostgresOptions{Throwaway: true, Detached: true}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("up")
	_, _ = io.ReadAll(os.Stdin) // ends with the parent at the latest
}

func TestKilledRunLeavesNothing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+folder)
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "up\n", said)
	url, err := os.ReadFile(filepath.Join(folder, "url"))
	require.NoError(t, err)
	s, err := dial(t.Context(), string(url))
	require.NoError(t, err)
	s.close()

	// Not waited for until the end: the dead child is still in the list of processes.
	require.NoError(t, child.Process.Kill())
	defer func() { require.Error(t, child.Wait()) }()
	require.Eventually(t, func() bool {
		_, err := os.Stat(folder)
		return os.IsNotExist(err)
	}, 20*time.Second, 10*time.Millisecond)
	_, err = dial(t.Context(), string(url))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestServerLivesAsLongAsTheRun(t *testing.T) {
	r := run{folder: filepath.Join(t.TempDir(), "run")}
	data := r.file("postgres/data")
	require.NoError(t, os.MkdirAll(data, 0o700))
	lives, server := sleeper(t), sleeper(t)
	r.lives = lives.Pid
	require.NoError(t, os.WriteFile(filepath.Join(data, "postmaster.pid"), fmt.Appendln(nil, server.Pid), 0o600))
	require.NoError(t, r.watch())
	require.Never(t, func() bool { return gone(server.Pid)() || !r.has("watched") }, 500*time.Millisecond, 50*time.Millisecond)

	require.NoError(t, lives.Kill())
	require.Eventually(t, gone(server.Pid), 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return !r.has("") }, 20*time.Second, 10*time.Millisecond)
}

func gone(pid int) func() bool {
	return func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH }
}

func sleeper(t *testing.T) *os.Process {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	go func() { _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd.Process
}

func TestPackagesShareOneServer(t *testing.T) {
	r := run{lives: os.Getpid(), folder: filepath.Join(t.TempDir(), "run")}
	require.NoError(t, os.Mkdir(r.folder, 0o700))
	require.NoError(t, r.write("watched", ""))
	s := admin(t)
	require.NoError(t, r.announce(s.at.String()))
	same, err := r.connect(t.Context(), dev.PostgresOptions{})
	require.NoError(t, err)
	defer same.close()
	require.Equal(t, s.at.String(), same.at.String())
}

func TestFolderOfSomebodyElseIsRefused(t *testing.T) {
	r := run{lives: os.Getpid(), folder: filepath.Join(t.TempDir(), "run")}
	require.NoError(t, os.Symlink(t.TempDir(), r.folder))
	_, err := r.connect(t.Context(), dev.PostgresOptions{})
	require.ErrorContains(t, err, "is not a folder of ours")
}

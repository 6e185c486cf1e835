//go:build unix

package dbtest

import (
	_ "embed"
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

//go:embed watch.sh
var watch string

// run is one go test run, whose packages are processes that start and end at different moments. What they share is in a
// folder: the URL of their server, and the private server's data.
type run struct {
	lives  int // the process that lives as long as the run
	folder string
}

func currentRun() run {
	pid := os.Getpid()
	if parent := os.Getppid(); isGo(parent) {
		pid = parent
	}
	return run{lives: pid, folder: filepath.Join(room(), fmt.Sprintf("usher-test-%d-%d", os.Getuid(), pid))}
}

// isGo tells the go tool from whatever else may start a test: a debugger, an editor or a shell may live for days.
func isGo(pid int) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		name, _ = exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	}
	return filepath.Base(strings.TrimSpace(string(name))) == "go"
}

// room is where the data goes: into memory where there is plenty. Making and dropping a database there takes a tenth of
// the time that it takes on a disk, whose file system avoids the inodes of files that were just deleted.
func room() string {
	var fs syscall.Statfs_t
	const memory = "/dev/shm"
	if runtime.GOOS == "linux" && syscall.Statfs(memory, &fs) == nil && fs.Blocks*uint64(fs.Bsize) >= 4<<30 {
		return memory
	}
	return os.TempDir()
}

func (r run) file(name string) string { return filepath.Join(r.folder, name) }

func (r run) has(name string) bool {
	_, err := os.Stat(r.file(name))
	return err == nil
}

func (r run) write(name, text string) error { return os.WriteFile(r.file(name), []byte(text), 0o600) }

func joined() string { return fmt.Sprintf("joined-%d", os.Getpid()) }

// lock makes the folder and waits for its turn in it.
func (r run) lock() (unlock func(), err error) {
	if err := os.Mkdir(r.folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	// Its name can be guessed and its place is open to all.
	info, err := os.Lstat(r.folder)
	if err != nil {
		return nil, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(st.Uid) != os.Getuid() {
		return nil, fmt.Errorf("%s is not a folder of ours", r.folder)
	}
	lock, err := os.OpenFile(r.file("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return func() { lock.Close() }, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
}

// watch starts the script that cleans up after the run, once per folder. It comes before the server, and in a session of
// its own, so that there is no moment and no signal in which a test could die and leave a server behind.
func (r run) watch() error {
	if r.has("watched") {
		return nil
	}
	script := exec.Command("/bin/sh", "-c", watch, "usher-test-watch", strconv.Itoa(r.lives), r.folder)
	script.Dir = "/"
	script.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := script.Start(); err != nil {
		return fmt.Errorf("start the script that ends Postgres after the tests: %w", err)
	}
	go func() { _ = script.Wait() }() // it says nothing, and mostly it outlives us
	return r.write("watched", "")
}

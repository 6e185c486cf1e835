package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	soon = 20 * time.Second      // bounds what should take a moment
	tick = 10 * time.Millisecond // between two looks
)

// process is a running usher.
type process struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, err output
	over     chan struct{}
}

// start runs usher in a process of its own, which sees nothing but the given environment. It is killed when t ends.
func start(t *testing.T, environment variables, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...), over: make(chan struct{})}
	for name, value := range environment.with(variables{asUsher: "yes", "PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME")}) {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // the state tells
		close(p.over)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("usher %v\n%s%s", args, p.out.String(), p.err.String())
		}
	})
	return p
}

// says waits for output that matches the pattern and returns its first group.
func (p *process) says(pattern string) string {
	p.t.Helper()
	expression := regexp.MustCompile(pattern)
	var found []string
	require.Eventually(p.t, func() bool {
		found = expression.FindStringSubmatch(p.out.String())
		return found != nil || p.dead()
	}, soon, tick, pattern)
	require.NotNil(p.t, found, "usher ended and did not say %s", pattern)
	return found[len(found)-1]
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.over
}

// ends waits for the end of the process.
func (p *process) ends(within time.Duration) ended {
	p.t.Helper()
	require.Eventually(p.t, p.dead, within, tick)
	return ended{p.out.String(), p.err.String(), p.cmd.ProcessState.ExitCode()}
}

// stops wants SIGTERM to be a success, within the ten seconds that whoever sends it allows.
func (p *process) stops() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	p.ends(10 * time.Second).succeeds(p.t)
}

func (p *process) dead() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// describe says what was measured on what.
func (l *lab) describe(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "%s users. %d connections to each server, %d from each to Postgres. Rounds, of which the median counts: %d of %s.\n\n",
		count(l.users), l.connections, poolSize, l.rounds, l.duration)
	return l.describeMachine(ctx, out)
}

// describeMachine says what the programs ran on.
func (l *lab) describeMachine(ctx context.Context, out io.Writer) error {
	var postgres string
	if err := l.db.QueryRow(ctx, "SHOW server_version").Scan(&postgres); err != nil {
		return err
	}
	postgres, _, _ = strings.Cut(postgres, " ")
	fmt.Fprintf(out, "%d cores (%s), %s/%s, %s, Postgres %s, all on one machine, the load generator too.\n",
		runtime.NumCPU(), processor(), runtime.GOOS, runtime.GOARCH, runtime.Version(), postgres)
	return nil
}

// processor is the name of the first core's model.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // only Linux has it
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown model"
}

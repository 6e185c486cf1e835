package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// tune sets up the runtime for what the service does, unless the environment says otherwise (GOMAXPROCS, GOGC). While
// every core hashes a password, Go looks at the network only every 10 ms; one thread more than cores keeps requests that
// need no hash fast. The heap is small beside the hashes, so collecting it half as often costs little memory.
func tune() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) // the default knows a container's limit
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

//go:build unix

package dbtest

import (
	"context"
	"fmt"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

const image = "postgres:17-alpine"

// container returns the URL of a Postgres in the container of that name, which it starts unless it runs already.
// Testcontainers' own watcher removes it a few seconds after the last process that called this has ended.
func container(ctx context.Context, name string) (url string, err error) {
	defer func() {
		if p := recover(); p != nil { // that is how the library says that it finds no Docker
			err = fmt.Errorf("not installed, and no Docker: %v", p)
		}
	}()
	c, err := testcontainers.Run(ctx, image,
		testcontainers.WithReuseByName(name),
		testcontainers.WithEnv(map[string]string{"POSTGRES_USER": "usher", "POSTGRES_PASSWORD": "usher"}),
		testcontainers.WithExposedPorts("5432/tcp"),
		testcontainers.WithTmpfs(map[string]string{"/var/lib/postgresql/data": "rw"}),
		testcontainers.WithCmd("postgres", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
			"-c", "autovacuum=off", "-c", "max_connections=300"),
		// The image starts a server to set itself up and stops it again; the second is the one.
		testcontainers.WithWaitStrategy(
			wait.ForLog("database system is ready to accept connections").WithOccurrence(2),
			wait.ForListeningPort("5432/tcp")))
	if err != nil {
		return "", fmt.Errorf("not installed, and no container: %w", err)
	}
	address, err := c.PortEndpoint(ctx, "5432/tcp", "")
	if err != nil {
		return "", fmt.Errorf("not installed, and no container: %w", err)
	}
	return fmt.Sprintf("postgres://usher:usher@%s/usher?sslmode=disable", address), nil
}

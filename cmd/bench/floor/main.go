// Floor is what the service is measured against: the least program that answers the same questions from the same tables.
// It checks one signature, reads or writes by primary key and answers JSON; there is no validation, no link, no log, no
// metric. It is written the plain way, neither slowed down nor tuned.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "address to listen on")
	connections := flag.Int("connections", 8, "connections to Postgres, whose address is in DATABASE_URL")
	flag.Parse()
	if err := run(context.Background(), os.Getenv("DATABASE_URL"), *listen, int32(*connections)); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

type server struct {
	db   *pgxpool.Pool
	keys keys
}

func run(ctx context.Context, database, listen string, connections int32) error {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return err
	}
	config.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	k, err := newKeys()
	if err != nil {
		return err
	}
	s := &server{pool, k}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/readyz", s.ready)
	e.GET("/api/v1/me", s.me, k.check)
	e.GET("/api/v1/users", s.list, k.check)
	e.POST("/api/v1/auth/token", s.refresh)
	return e.Start(listen)
}

func (s *server) ready(c echo.Context) error {
	if err := s.db.Ping(c.Request().Context()); err != nil {
		return err
	}
	return c.NoContent(http.StatusOK)
}

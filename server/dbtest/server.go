//go:build unix

package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"
)

// server is a connection to a Postgres on which tests may create databases. It is made through some database there that
// nobody's data is in.
type server struct {
	conn *pgx.Conn
	at   *url.URL
}

func connect(ctx context.Context) (*server, error) {
	if at := os.Getenv("TEST_DATABASE_URL"); at != "" {
		return connectGiven(ctx, at)
	}
	return connectShared(ctx)
}

func dial(ctx context.Context, at string) (*server, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, errors.New("not a URL") // the parser's error quotes it, password and all
	}
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return nil, err
	}
	return &server{conn, u}, nil
}

func (s *server) close() { s.conn.Close(context.Background()) }

func (s *server) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.conn.Exec(ctx, sql, args...)
	return err
}

// url is that of another database on the server.
func (s *server) url(database string) string {
	u := *s.at
	u.Path = "/" + database
	return u.String()
}

// connectGiven uses a server that is not ours to dispose of: a careless URL must not end in somebody's data.
func connectGiven(ctx context.Context, at string) (*server, error) {
	s, err := dial(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("TEST_DATABASE_URL does not lead to a Postgres: %w", err)
	}
	if err := s.check(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) check(ctx context.Context) error {
	var database, user string
	var tables int
	var may bool
	err := s.conn.QueryRow(ctx, `
		SELECT current_database(), rolname, rolcreatedb OR rolsuper, (
			SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
			WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'))
		FROM pg_roles WHERE rolname = current_user`).Scan(&database, &user, &may, &tables)
	switch {
	case err != nil:
		return fmt.Errorf("TEST_DATABASE_URL: %w", err)
	case tables > 0 && !ours(database):
		return fmt.Errorf("TEST_DATABASE_URL names the database %q, where somebody keeps %d tables: "+
			"name one on a server for tests that is empty, such as postgres", database, tables)
	case !may:
		return fmt.Errorf("TEST_DATABASE_URL: user %q may not create databases: ALTER ROLE %[1]q CREATEDB", user)
	}
	return nil
}

package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
)

// Grant gives a role of the database what serving and working take, and takes the rest away: it reads and writes rows, of
// tables that later migrations make too, but it changes no table, neither the log of migrations nor, once they are
// there, entries of the audit log. The role has to exist; one that has other ways to change the audit log is refused, and
// then nothing changes.
func Grant(ctx context.Context, pool *pgxpool.Pool, role string) error {
	return migrate(ctx, pool, func(_ *goose.Provider, conn *sql.Conn) error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // it is called after Commit too
		if err := grant(ctx, tx, role); err != nil {
			return err
		}
		return tx.Commit()
	})
}

func grant(ctx context.Context, tx *sql.Tx, role string) error {
	var exists bool
	var place string
	err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1), current_schema()", role).Scan(&exists, &place)
	if err != nil {
		return err
	}
	name := pgx.Identifier{role}.Sanitize()
	if !exists {
		return fmt.Errorf("there is no role %s: make it first, with CREATE ROLE %[1]s LOGIN PASSWORD '...'", name)
	}
	for _, statement := range rights {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(statement, pgx.Identifier{place}.Sanitize(), name)); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, protect); err != nil {
		return err
	}
	var otherwise bool
	if err := tx.QueryRowContext(ctx, mayChangeLog, role).Scan(&otherwise); err != nil {
		return err
	}
	if otherwise {
		return errors.New("role " + name + " could change the audit log all the same: it is a superuser, may make roles, owns " +
			"the tables, or belongs to a role that may")
	}
	return nil
}

// rights are what the service's role gets: %[1]s is the schema, %[2]s the role. Default privileges are for what the role
// that migrates makes from now on.
var rights = []string{
	"REVOKE ALL ON SCHEMA %s FROM %s",
	"REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %s",
	"GRANT USAGE ON SCHEMA %s TO %s",
	"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s",
	"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %s TO %s",
	"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %s TO %s",
	"ALTER DEFAULT PRIVILEGES IN SCHEMA %s GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %s",
	"ALTER DEFAULT PRIVILEGES IN SCHEMA %s GRANT USAGE, SELECT ON SEQUENCES TO %s",
	"ALTER DEFAULT PRIVILEGES IN SCHEMA %s GRANT EXECUTE ON FUNCTIONS TO %s",
}

// protect takes from everybody but the owner what nobody else may do to two tables. It comes after Grant, and after every
// migration: a table that is made anew gets the default privileges.
const protect = `
DO $$ DECLARE revocation text; BEGIN
	FOR revocation IN
		SELECT DISTINCT format('REVOKE %s ON %s FROM %s', rights, oid::regclass,
			CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
		FROM (VALUES
			('audit_entries', 'UPDATE, DELETE, TRUNCATE, TRIGGER'),
			('` + goose.DefaultTablename + `', 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')) protected (name, rights)
		JOIN pg_class ON oid = to_regclass(name), aclexplode(relacl)
		WHERE grantee <> relowner
	LOOP EXECUTE revocation; END LOOP;
END $$`

// mayChangeLog says whether a role may do more to the audit log than to read and to add, by itself or as another.
const mayChangeLog = `
SELECT bool_or(rolcreaterole OR has_table_privilege(oid, 'audit_entries', 'UPDATE, DELETE, TRUNCATE, TRIGGER'))
FROM pg_roles WHERE pg_has_role($1, oid, 'MEMBER')`

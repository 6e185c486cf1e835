package transfers_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/transfers"
)

// acting is somebody with the scopes of their token.
func acting(u db.User, scopes spec.Scopes) actor.Actor {
	return actor.Actor{Caller: spec.Caller{ID: u.ID, Scopes: scopes}, User: u}
}

// TestImporterLosesRightsWhileStoring: who loses their role after the first portion was stored stores no second one, though the
// transaction of it has begun; where all is stored at once, nothing is.
func TestImporterLosesRightsWhileStoring(t *testing.T) {
	t.Parallel()
	file := many(4100) // of which a portion is 2000
	for _, skip := range []bool{false, true} {
		srv := apitest.New(t)
		by := srv.User(spec.RoleADMIN)
		im, i := begun(t, srv.DB, acting(by, spec.RoleScopes(by.Role)), transfers.Upload{SkipBad: skip}, file)
		demote := func(conn db.DBTX) {
			_, err := conn.Exec(t.Context(), "UPDATE users SET role = 'MANAGER' WHERE id = $1", by.ID)
			assert.NoError(t, err) // not always in the goroutine of the test
		}
		demoted := make(chan struct{})
		i.Told = func(now db.Import) {
			switch {
			case !skip && now.RowsWritten == 4100 && now.FinishedAt == nil:
				demote(srv.DB)
			case skip && now.RowsStored == 2000 && now.FinishedAt == nil:
				tx := held(t, srv, im)
				go func() {
					defer close(demoted)
					assert.Eventually(t, func() bool { return waits(t, srv) }, soon, tick)
					demote(tx)
					assert.NoError(t, tx.Commit(t.Context()))
				}()
			}
		}
		im = work(t, i, im.ID, file)
		require.Equal(t, spec.ImportStateFailed, im.State)
		require.Equal(t, "Whoever began this import may not do so any more.", *im.Detail)
		kept := int64(0)
		if skip {
			<-demoted
			kept = 2000
		}
		require.Equal(t, []int64{kept, kept + 1}, []int64{im.RowsStored, total(t, srv.DB)}, "with who imports")
	}
}

// held keeps the row of an import, so that whoever stores waits for it.
func held(t *testing.T, srv *apitest.Server, im db.Import) pgx.Tx {
	t.Helper()
	tx, err := srv.DB.Begin(t.Context())
	require.NoError(t, err)
	_, err = db.New().LockImport(t.Context(), tx, im.ID)
	require.NoError(t, err)
	return tx
}

// waits reports whether somebody waits for what another holds.
func waits(t *testing.T, srv *apitest.Server) bool {
	t.Helper()
	var n int
	err := srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0").Scan(&n)
	return err == nil && n > 0
}

// TestImportKeepsScopes: an ADMIN's token that can no more than import makes nobody an ADMIN, however high its owner is.
func TestImportKeepsScopes(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	by := srv.User(spec.RoleADMIN)
	narrow, ok := spec.ParseScopes("users:import")
	require.True(t, ok)
	const file = "email,role\nboss@example.com,ADMIN\n"
	for scopes, want := range map[spec.Scopes]spec.ImportState{narrow: spec.ImportStateRefused, spec.RoleScopes(by.Role): spec.ImportStateDone} {
		im, i := begun(t, srv.DB, acting(by, scopes), transfers.Upload{}, file)
		im = work(t, i, im.ID, file)
		require.Equal(t, want, im.State)
		if want == spec.ImportStateRefused {
			require.Equal(t, []string{"2:2 You cannot give this role."}, told(t, srv.DB, im))
		}
	}
}

// TestImportBySomebody: an import is an operator's or somebody's, and never an operator's for want of somebody.
func TestImportBySomebody(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for _, by := range []actor.Actor{{}, actor.System(), {Client: "shop"}} {
		_, err := store.InTx(t.Context(), pool, func(tx pgx.Tx) (db.Import, error) {
			return transfers.Begin(t.Context(), tx, by, transfers.Upload{Digest: []byte("x")})
		})
		require.Error(t, err)
	}
	im, _ := begun(t, pool, actor.Operator(), transfers.Upload{}, "email\n")
	require.True(t, im.ByOperator)
	for _, change := range []string{"by_operator = false", "created_by = id"} {
		_, err := pool.Exec(t.Context(), "UPDATE imports SET "+change)
		require.ErrorContains(t, err, "violates check constraint")
	}
}

// TestImportOfSwappedChunks: a file whose parts were exchanged in the database is not imported.
func TestImportOfSwappedChunks(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	file := append([]byte("email\n"), bytes.Repeat([]byte("x\n"), 600<<10)...)
	im := apitest.Do[spec.Import](admin.With("Content-Type", "text/csv"), "POST", "/imports?skip_bad=true", string(file), http.StatusAccepted)
	_, err := srv.DB.Exec(t.Context(), `UPDATE file_chunks c SET sealed = o.sealed FROM file_chunks o
		WHERE c.file_id = $1 AND o.file_id = $1 AND c.start + o.start = 512 << 10`, im.ID)
	require.NoError(t, err)
	srv.Work()
	im = over(t, admin, im)
	require.Equal(t, spec.ImportStateFailed, im.State)
	require.Equal(t, "The file cannot be read any more, or has changed.", *im.Detail)
}

package transfers_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/transfers"
	"github.com/usherhq/usher/server/users"
)

// begun begins an import on behalf of somebody and returns what works it off.
func begun(t *testing.T, pool *pgxpool.Pool, by actor.Actor, u transfers.Upload, file string) (db.Import, *transfers.Importer) {
	t.Helper()
	digest := sha256.Sum256([]byte(file))
	u.ID, u.Size, u.Digest = uuid.Must(uuid.NewV7()), int64(len(file)), digest[:]
	im, err := store.InTx(t.Context(), pool, func(tx pgx.Tx) (db.Import, error) { return transfers.Begin(t.Context(), tx, by, u) })
	require.NoError(t, err)
	return im, importer(t, pool)
}

func importer(t *testing.T, pool *pgxpool.Pool) *transfers.Importer {
	t.Helper()
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 64, Iterations: 1, Parallelism: 1}, 2, 1)
	require.NoError(t, err)
	return &transfers.Importer{DB: pool, Hasher: hasher}
}

// work works an import off.
func work(t *testing.T, i *transfers.Importer, id uuid.UUID, file string) db.Import {
	t.Helper()
	im, err := i.Work(t.Context(), id, strings.NewReader(file), time.Now().Add(time.Minute))
	require.NoError(t, err)
	return im
}

// once has act happen when an import comes to a state.
func once(state spec.ImportState, act func()) func(db.Import) {
	done := false
	return func(im db.Import) {
		if im.State == state && !done {
			done = true
			act()
		}
	}
}

// many is a file of so many people who say no more than their address.
func many(n int) string {
	var b bytes.Buffer
	b.WriteString("email,nickname\n")
	for i := range n {
		fmt.Fprintf(&b, "p%d@example.com,\n", i)
	}
	return b.String()
}

// total is how many accounts there are.
func total(t *testing.T, pool *pgxpool.Pool) (n int64) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM users").Scan(&n))
	return n
}

// newcomer takes an address.
func newcomer(t *testing.T, pool *pgxpool.Pool, email string) {
	t.Helper()
	_, err := store.InTx(t.Context(), pool, func(tx pgx.Tx) (db.User, error) {
		return users.Add(t.Context(), tx, users.Draft{Email: email, Role: spec.RoleAUTHENTICATED, RegisteredAs: spec.RegistrationKindReader})
	})
	require.NoError(t, err)
}

// TestImportRaces: a row that somebody's registration made bad after it was checked is left out, or keeps everything out; what
// was written until then is not there.
func TestImportRaces(t *testing.T) {
	t.Parallel()
	const rows = 2500 // more than one portion
	file := many(rows)
	for _, skip := range []bool{false, true} {
		pool := dbtest.New(t)
		im, i := begun(t, pool, actor.Operator(), transfers.Upload{SkipBad: skip}, file)
		i.Told = once(spec.ImportStateStoring, func() { newcomer(t, pool, "P2400@example.com") })
		im = work(t, i, im.ID, file)
		n := total(t, pool)
		var facts, names int
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM outbox), (SELECT count(DISTINCT nickname_skeleton) FROM users)").Scan(&facts, &names))
		require.EqualValues(t, n, names)
		require.EqualValues(t, 1, im.RowsBad)
		problems, err := db.New().ListImportProblems(t.Context(), pool, db.ListImportProblemsParams{ImportID: im.ID, Size: 9})
		require.NoError(t, err)
		require.Len(t, problems, 1)
		require.EqualValues(t, 2402, problems[0].Line)
		require.Equal(t, string(spec.FieldProblemTaken), problems[0].Code)
		if skip {
			require.Equal(t, []any{spec.ImportStateDone, int64(rows - 1), int64(rows), rows - 1}, []any{im.State, im.RowsStored, n, facts})
		} else {
			require.Equal(t, []any{spec.ImportStateRefused, int64(0), int64(1), 0}, []any{im.State, im.RowsStored, n, facts})
		}
	}
}

// TestTwoImporters: however many work on one import, each row is stored once and announced once.
func TestTwoImporters(t *testing.T) {
	t.Parallel()
	const rows, workers = 5000, 4
	file := many(rows)
	for _, skip := range []bool{false, true} {
		pool := dbtest.New(t)
		im, _ := begun(t, pool, actor.Operator(), transfers.Upload{SkipBad: skip, Mail: true}, file)
		failed := make(chan error, workers)
		for range workers {
			i := importer(t, pool)
			go func() {
				for {
					_, err := i.Work(t.Context(), im.ID, strings.NewReader(file), time.Now().Add(time.Minute))
					if !errors.Is(err, transfers.ErrBusy) {
						failed <- err
						return
					}
				}
			}()
		}
		for range workers {
			require.NoError(t, <-failed)
		}
		im, err := db.New().GetImport(t.Context(), pool, im.ID)
		require.NoError(t, err)
		require.Equal(t, []any{spec.ImportStateDone, int64(rows), int64(0), int64(rows)}, []any{im.State, im.RowsRead, im.RowsBad, im.RowsStored})
		var all, facts, logged, mails int
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM users), (SELECT count(DISTINCT user_id) FROM outbox),
			(SELECT count(*) FROM audit_entries WHERE action = 'user.created'), (SELECT count(*) FROM river_job WHERE kind = 'password-mail')`).
			Scan(&all, &facts, &logged, &mails))
		require.Equal(t, []int{rows, rows, rows, rows}, []int{all, facts, logged, mails})
	}
}

// TestImporterLosesRights: an import stops when whoever began it is suspended, demoted, locked out or gone, even at the last moment.
func TestImporterLosesRights(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	for name, change := range map[string]string{
		"suspended": "UPDATE users SET status = 'suspended' WHERE id = $1",
		"demoted":   "UPDATE users SET role = 'MANAGER' WHERE id = $1",
		"gone":      "DELETE FROM users WHERE id = $1",
		"locked":    "UPDATE users SET staff_lock_until = now() + interval '1 hour' WHERE id = $1",
		"unproven":  "UPDATE users SET email_verified_at = NULL WHERE id = $1",
	} {
		for _, at := range []spec.ImportState{spec.ImportStateQueued, spec.ImportStateStoring} {
			by := srv.User(spec.RoleADMIN)
			file := "email\n" + uuid.NewString() + "@example.com\n"
			im, i := begun(t, srv.DB, actor.Actor{Caller: spec.Caller{ID: by.ID, Scopes: spec.RoleScopes(by.Role)}, User: by}, transfers.Upload{}, file)
			i.Told = once(at, func() {
				_, err := srv.DB.Exec(t.Context(), change, by.ID)
				require.NoError(t, err)
			})
			im = work(t, i, im.ID, file)
			require.Equal(t, spec.ImportStateFailed, im.State, name)
			require.Equal(t, "Whoever began this import may not do so any more.", *im.Detail)
		}
	}
	require.Empty(t, srv.Facts())
}

// TestImportCancelledWhileStoring: a transaction that stores everything is given up when somebody cancels.
func TestImportCancelledWhileStoring(t *testing.T) {
	t.Parallel()
	pool, file := dbtest.New(t), many(2500)
	im, i := begun(t, pool, actor.Operator(), transfers.Upload{}, file)
	i.Told = func(now db.Import) {
		if now.RowsWritten > 0 && now.FinishedAt == nil {
			_, err := store.InTx(t.Context(), pool, func(tx pgx.Tx) (any, error) { return nil, transfers.Cancel(t.Context(), tx, actor.Operator(), im.ID) })
			require.NoError(t, err)
		}
	}
	im = work(t, i, im.ID, file)
	require.Equal(t, spec.ImportStateCancelled, im.State)
	require.Zero(t, im.RowsStored)
	require.Zero(t, total(t, pool))
}

// TestImportOfAnotherFile: whoever goes on with a file that has changed is told so.
func TestImportOfAnotherFile(t *testing.T) {
	t.Parallel()
	pool, file := dbtest.New(t), many(10)
	im, i := begun(t, pool, actor.Operator(), transfers.Upload{}, file)
	require.Equal(t, spec.ImportStateFailed, work(t, i, im.ID, file[:100]).State)
}

// TestImportedPasswords (SIGN15): people sign in with the password that came, or with the one whose hash did.
func TestImportedPasswords(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	srv.Work()
	admin := srv.Role(spec.RoleADMIN)
	im := over(t, admin, send(admin, "", "email,password,password_hash,email_verified_at\n"+
		"new@example.com,"+apitest.Password+",,2020-01-01T00:00:00Z\nold@example.com,,$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq,2020-01-01T00:00:00Z\n"+
		strings.Repeat("x", 10)+"@example.com,"+apitest.Password+",,\n"))
	require.Equal(t, spec.ImportStateDone, im.State)
	for email, secret := range map[string]string{"new@example.com": apitest.Password, "old@example.com": "rasmuslerdorf"} {
		apitest.Do[spec.Token](srv.Nobody(), "POST", "/auth/token", map[string]string{"grant_type": "password", "username": email, "password": secret}, http.StatusOK)
	}
	require.Equal(t, 1, count(t, srv, "SELECT count(*) FROM river_job WHERE kind = 'verification-mail'"), "who has a password confirms the address")
	require.Zero(t, count(t, srv, "SELECT count(*) FROM river_job WHERE kind = 'password-mail'"))
}

// TestImportedFields (F9.4): values of profile fields are held to their definitions, and once more when they are stored.
func TestImportedFields(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	for name, schema := range map[string]any{"age": map[string]any{"type": "integer", "minimum": 18}, "team": map[string]any{"type": "string"}} {
		field := map[string]any{"name": name, "title": name, "schema": schema}
		require.Equal(t, http.StatusCreated, admin.Send("POST", "/profile-fields", field).Status)
	}
	const file = "email,fields.age,fields.team\na@example.com,20,7\nb@example.com,7,red\nc@example.com,x,\nd@example.com,90,\ne@example.com,,\n"
	im, i := begun(t, srv.DB, actor.Operator(), transfers.Upload{SkipBad: true}, file)
	i.Told = once(spec.ImportStateStoring, func() {
		_, err := srv.DB.Exec(t.Context(), `UPDATE profile_fields SET schema = '{"type": "integer", "maximum": 80}' WHERE name = 'age'`)
		require.NoError(t, err)
	})
	im = work(t, i, im.ID, file)
	require.Equal(t, []any{spec.ImportStateDone, int64(3), int64(2)}, []any{im.State, im.RowsBad, im.RowsStored})
	problems := apitest.Do[spec.ImportProblemPage](admin, "GET", "/imports/"+im.ID.String()+"/problems", nil, http.StatusOK)
	require.Len(t, problems.Items, 3)
	for n, code := range []spec.FieldProblem{spec.FieldProblemTooSmall, spec.FieldProblemType, spec.FieldProblemTooLarge} {
		require.Equal(t, []any{int64(3 + n), "fields.age", code}, []any{problems.Items[n].Line, *problems.Items[n].Field, problems.Items[n].Code})
	}
	u, err := db.New().GetUserByEmail(t.Context(), srv.DB, "a@example.com")
	require.NoError(t, err)
	require.JSONEq(t, `{"age": 20, "team": "7"}`, string(u.Fields))
}

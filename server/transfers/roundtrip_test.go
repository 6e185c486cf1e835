package transfers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/password"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/transfers"
	"github.com/usherhq/usher/server/users"
)

// hostile is what files get wrong when whoever writes or reads them is careless.
var hostile = []string{
	"=1+1", "+1", "-1", "@sum(a1)", "'=1", "''=1", "'", "''", "O'Brien", "＝1", "'＠", `"`, `""`, `a "b" c`, `\`, `\.`, `\N`, ",", ";=1", "a,b;c|d",
	"NULL", "null", "true", "007", "1e3", "12", "{}", "[1]", `{"a": 1}`, "#", "é", "日本語", "🙂", "عربى", "%00", "$1", "<b>", "a  b", " =1", "a ", "\ufeff=1",
}

// manyLines are more of them, for texts of several lines.
var manyLines = append([]string{"a\nb", "a\n\nb,\"c\"\n=1", "a\tb", "\"\n\"", "a\n\"\n,"}, hostile...)

// shapes are the profile fields of the test, with values that they may hold.
var shapes = []struct {
	name, schema string
	values       []any
}{
	{"zodiac", `{"type": "string"}`, anything(hostile)},
	{"age", `{"type": "integer"}`, []any{json.Number("-5"), json.Number("0"), json.Number("7")}},
	{"score", `{"type": "number"}`, []any{json.Number("-0.5"), json.Number("1.25")}},
	{"vegan", `{"type": "boolean"}`, []any{true, false}},
	{"tags", `{"type": "array", "items": {"type": "string"}}`, []any{[]any{}, anything(hostile)}},
	{"pet", `{"type": "object"}`, []any{map[string]any{"name": "=Rex, \"the\" dog", "legs": json.Number("4")}}},
	{"either", `{"type": ["string", "number", "boolean"]}`, append(anything(hostile), json.Number("12"), true)},
}

func anything(texts []string) (out []any) {
	for _, s := range texts {
		out = append(out, s)
	}
	return out
}

func pick[T any](r *rand.Rand, from []T) *T {
	if r.IntN(4) == 0 {
		return nil
	}
	return &from[r.IntN(len(from))]
}

// somebody is an account with something hostile in it. Its id shows as number.
func somebody(r *rand.Rand, number int) users.Draft {
	addresses := []string{"+%d@example.com", "-%d@example.com", "=%d@example.com", "o'brien%d@example.com", "Ada%d@Example.com", "josé%d@exämple.com"}
	d := users.Draft{
		Email: fmt.Sprintf(addresses[number%len(addresses)], number), Role: spec.Roles()[number%len(spec.Roles())], Verified: number%3 > 0,
		PasswordHash: new("none"), RegisteredAs: spec.RegistrationKindReader, Nickname: new(fmt.Sprintf("%d-Kim", 1000+number)),
		FirstName: pick(r, hostile), LastName: pick(r, hostile), Bio: pick(r, manyLines), Location: pick(r, hostile),
		Locale: pick(r, []string{"de-AT", "en"}), TimeZone: pick(r, []string{"Europe/Berlin", "UTC"}),
		WebsiteURL: pick(r, []string{`https://example.com/?q=a,b&c='=1'`}), GithubURL: pick(r, []string{"https://github.com/=1"}),
		LinkedinURL: pick(r, []string{"https://linkedin.com/in/a,b"}), Fields: map[string]any{},
	}
	for _, shape := range shapes {
		if v := pick(r, shape.values); v != nil {
			d.Fields[shape.name] = *v
		}
	}
	return d
}

// shaped returns a database with the profile fields of the test.
func shaped(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := dbtest.New(t)
	for _, shape := range shapes {
		_, err := pool.Exec(t.Context(), "INSERT INTO profile_fields (id, name, title, schema, filterable, public) VALUES ($1, $2, $2, $3, false, false)",
			uuid.Must(uuid.NewV7()), shape.name, shape.schema)
		require.NoError(t, err)
	}
	return pool
}

func written(t *testing.T, pool *pgxpool.Pool) []byte {
	t.Helper()
	var file bytes.Buffer
	_, err := transfers.Write(t.Context(), pool, users.Filter{}, &file, func(int64) {})
	require.NoError(t, err)
	return file.Bytes()
}

// TestRoundTrip: what one service exports another imports, and exports again to the byte, whatever people wrote.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	from, to := shaped(t), shaped(t)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 150 {
		u, err := store.InTx(t.Context(), from, func(tx pgx.Tx) (db.User, error) { return users.Add(t.Context(), tx, somebody(r, i)) })
		require.NoError(t, err)
		_, err = from.Exec(t.Context(), `
			UPDATE users SET created_at = created_at - $2::int * interval '1 day 1 microsecond', professional = $2 % 5 = 0,
				email_verified_at = email_verified_at - $2::int * interval '1 hour', status = CASE WHEN $2 % 7 = 0 THEN 'suspended' ELSE 'active' END::user_status,
				last_login_at = CASE WHEN $2 % 2 = 0 THEN now() - $2::int * interval '1 minute' END
			WHERE id = $1`, u.ID, i)
		require.NoError(t, err)
	}
	file := written(t, from)

	ctx, digest := actor.With(t.Context(), actor.Operator()), sha256.Sum256(file)
	im, err := store.InTx(ctx, to, func(tx pgx.Tx) (db.Import, error) {
		return transfers.Begin(ctx, tx, actor.Operator(), transfers.Upload{ID: uuid.Must(uuid.NewV7()), Size: int64(len(file)), Digest: digest[:]})
	})
	require.NoError(t, err)
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 64, Iterations: 1, Parallelism: 1}, 1, 1)
	require.NoError(t, err)
	importer := transfers.Importer{DB: to, Hasher: hasher, Sealer: sealer(t)}
	im, err = importer.Work(ctx, im.ID, bytes.NewReader(file), time.Now().Add(time.Minute))
	require.NoError(t, err)
	if im.State != spec.ImportStateDone {
		problems, err := db.New().ListImportProblems(ctx, to, db.ListImportProblemsParams{ImportID: im.ID, Size: 20})
		require.NoError(t, err)
		require.Failf(t, "refused", "%+v", problems)
	}
	again := parse(t, written(t, to))
	for i, line := range parse(t, file) {
		require.Equal(t, line, again[i])
	}
	require.True(t, bytes.Equal(file, written(t, to)))
}

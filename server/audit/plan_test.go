package audit_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/server/audit"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/store"
)

// TestPlans: no combination of filters walks through the log, however rare or long ago what it looks for is.
func TestPlans(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	// An hour between two entries. The first fifth is an import by somebody who has not been seen since; of the rest each
	// is by and about one of a thousand, and three are of an action of their own.
	importer, somebody := uuid.New(), uuid.New()
	rare, long, often := "user.recovery-code-used", "user.created", "session.started"
	_, err := pool.Exec(t.Context(), `
		INSERT INTO audit_entries (id, action, actor_kind, actor_id, user_id)
		SELECT (lpad(to_hex($1::bigint + i * 3600000::bigint), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
			CASE WHEN i % 33000 = 500 THEN $2 WHEN i <= 20000 THEN $3
				ELSE (ARRAY['session.started', 'session.ended', 'sign-in.failed', 'user.updated'])[1 + i % 4] END,
			'user', CASE WHEN i <= 20000 THEN $4 WHEN i % 1000 = 500 THEN $5 ELSE md5((i % 1000)::text) END,
			CASE WHEN i % 1000 = 500 THEN $5 ELSE md5((i % 1000)::text) END::uuid
		FROM generate_series(1, 100000) i`, epoch.UnixMilli(), rare, long, importer.String(), somebody.String())
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "ANALYZE audit_entries")
	require.NoError(t, err)

	choices := func(values ...string) []*string {
		out := []*string{nil}
		for _, v := range values {
			out = append(out, &v)
		}
		return out
	}
	late := epoch.Add(50_000 * time.Hour)
	for _, about := range []*uuid.UUID{nil, &somebody, new(uuid.New())} {
		for _, by := range choices(importer.String(), somebody.String(), uuid.NewString()) {
			for _, action := range choices(rare, long, often, "no.such") {
				for _, from := range []*time.Time{nil, &late} {
					for _, to := range []*time.Time{nil, new(late.Add(1000 * time.Hour))} {
						f := audit.Filter{About: about, By: by, Action: action, From: from, To: to}
						if by != nil && *by == importer.String() && action != nil && *action == often && about == nil {
							continue // both frequent, never together: a fifth of the log has to be read
						}
						look(t, store.Planned(pool), f)
					}
				}
			}
		}
	}
}

// look holds both ways through a list to what its page may cost.
func look(t *testing.T, conn db.DBTX, f audit.Filter) {
	t.Helper()
	said, err := json.Marshal(f)
	require.NoError(t, err)
	e := dbtest.Explain(t, conn)
	for way, read := range map[string]func() ([]db.AuditEntry, error){
		"older": func() ([]db.AuditEntry, error) { return f.Older(t.Context(), e, uuid.Max, 21) },
		"newer": func() ([]db.AuditEntry, error) { return f.Newer(t.Context(), e, uuid.Nil, 21) },
		"deep older": func() ([]db.AuditEntry, error) {
			return f.Older(t.Context(), e, keyOf(epoch.Add(30_000*time.Hour)), 21)
		},
	} {
		_, err := read()
		require.NoError(t, err)
		told := fmt.Sprintf("%s %s\n%s", way, said, e.Text)
		require.True(t, e.Plan.ByIndex(), told)
		require.LessOrEqual(t, e.Plan.Wasted(), 200, told)
		require.LessOrEqual(t, e.Plan.Buffers(), 300, told)
	}
}

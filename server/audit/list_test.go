package audit_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/outbox"
)

const (
	log    = "/audit"
	ownLog = "/me/audit"
)

// epoch is when the entries start that tests make.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// enter stores an entry as if it had been made at some time.
func enter(t *testing.T, pool *pgxpool.Pool, at time.Time, e db.AppendAuditEntryParams) uuid.UUID {
	t.Helper()
	e.ID = keyOf(at)
	if e.Details == nil {
		e.Details = []byte("{}")
	}
	require.NoError(t, db.New().AppendAuditEntry(t.Context(), pool, e))
	return e.ID
}

// keyOf is a key that is made at some time.
func keyOf(at time.Time) uuid.UUID {
	key := uuid.Must(uuid.NewV7())
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli())<<16)
	copy(key[:6], ms[:6])
	return key
}

// walk reads a list by its links, from the first page to the last and back again, and returns the ids.
func walk(t *testing.T, c *apitest.Client, path string) []uuid.UUID {
	t.Helper()
	forth, pages := []uuid.UUID{}, []string{}
	for path != "" {
		pages = append(pages, path)
		p := apitest.Do[spec.AuditPage](c, "GET", path, nil, 200)
		path = ""
		for _, e := range p.Items {
			forth = append(forth, e.ID)
		}
		if p.Links.Next != nil {
			path = p.Links.Next.Href
			continue
		}
		back := []uuid.UUID{}
		for prev := p.Links.Prev; prev != nil; prev = p.Links.Prev {
			p = apitest.Do[spec.AuditPage](c, "GET", prev.Href, nil, 200)
			for _, e := range slices.Backward(p.Items) {
				back = append(back, e.ID)
			}
		}
		slices.Reverse(back)
		require.Equal(t, back, forth[:len(back)], "the way back is the same")
		require.Len(t, pages, 1+(len(forth)-1)/2)
	}
	return forth
}

// TestFilters (F4.3): every combination of filters finds the entries that match all of them, newest first, page by page.
func TestFilters(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	users := []uuid.UUID{uuid.New(), uuid.New()}
	actions := []string{"user.updated", "session.started"}
	type entry struct {
		db.AppendAuditEntryParams
		id uuid.UUID
		at time.Time
	}
	var all []entry
	for i := range 24 {
		e := entry{at: epoch.Add(time.Duration(i/2) * time.Second)}
		e.Action, e.ActorKind = actions[rand.IntN(2)], spec.AuditActorKindNobody
		if i%3 > 0 {
			e.UserID = &users[rand.IntN(2)]
		}
		if i%4 > 0 {
			e.ActorKind, e.ActorID = spec.AuditActorKindUser, new(users[rand.IntN(2)].String())
		}
		e.id = enter(t, srv.DB, e.at, e.AppendAuditEntryParams)
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return slices.Compare(b.id[:], a.id[:]) })

	from, to := epoch.Add(3*time.Second), epoch.Add(9*time.Second)
	for set := range 1 << 5 {
		query := url.Values{"limit": {"2"}}
		on := func(bit int, name, value string) bool {
			if set&(1<<bit) != 0 {
				query.Set(name, value)
			}
			return set&(1<<bit) != 0
		}
		about, by, of := on(0, "user_id", users[0].String()), on(1, "actor_id", users[1].String()), on(2, "action", actions[0])
		since, until := on(3, "from", from.Format(time.RFC3339)), on(4, "to", to.Format(time.RFC3339))
		want := []uuid.UUID{}
		for _, e := range all {
			if (!about || e.UserID != nil && *e.UserID == users[0]) && (!by || e.ActorID != nil && *e.ActorID == users[1].String()) &&
				(!of || e.Action == actions[0]) && (!since || !e.at.Before(from)) && (!until || e.at.Before(to)) {
				want = append(want, e.id)
			}
		}
		t.Run(query.Encode(), func(t *testing.T) { require.Equal(t, want, walk(t, admin, log+"?"+query.Encode())) })
	}
}

// TestTimesAgree: an entry is found by the time that it shows, to the millisecond.
func TestTimesAgree(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	at := epoch.Add(123 * time.Millisecond)
	id := enter(t, srv.DB, at, db.AppendAuditEntryParams{Action: outbox.SignInFailed, ActorKind: spec.AuditActorKindNobody})
	shown := apitest.Do[spec.AuditPage](admin, "GET", log, nil, 200).Items
	require.Len(t, shown, 1)
	require.Equal(t, id, shown[0].ID)
	require.True(t, at.Equal(shown[0].RecordedAt), shown[0].RecordedAt)

	elsewhere := time.FixedZone("", 5*60*60+1800)
	for _, tt := range []struct {
		name, time string
		found      bool
	}{
		{"from", at.Format(time.RFC3339Nano), true},
		{"from", at.In(elsewhere).Format(time.RFC3339Nano), true},
		{"from", at.Add(-time.Microsecond).Format(time.RFC3339Nano), true},
		{"from", at.Add(time.Nanosecond).Format(time.RFC3339Nano), false},
		{"from", "0001-01-01T00:00:00Z", true},
		{"from", "9999-12-31T23:59:59.999999999-23:59", false},
		{"to", at.Format(time.RFC3339Nano), false},
		{"to", at.Add(time.Nanosecond).Format(time.RFC3339Nano), true},
		{"to", at.Add(-time.Nanosecond).Format(time.RFC3339Nano), false},
		{"to", "1969-12-31T23:59:59.999Z", false},
		{"to", "9999-12-31T23:59:59.999999999-23:59", true},
	} {
		got := apitest.Do[spec.AuditPage](admin, "GET", log+"?"+url.Values{tt.name: {tt.time}}.Encode(), nil, 200).Items
		require.Equal(t, tt.found, len(got) == 1, "%s %s", tt.name, tt.time)
	}
	both := url.Values{"from": {at.Format(time.RFC3339Nano)}, "to": {at.Format(time.RFC3339Nano)}}
	require.Empty(t, apitest.Do[spec.AuditPage](admin, "GET", log+"?"+both.Encode(), nil, 200).Items, "no time at all")
}

func TestWrongFilters(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	for query, want := range map[string][]string{
		"from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z":           {"query/from invalid"},
		"from=2026-01-01T00:00:00.000000001Z&to=2026-01-01T00:00:00Z": {"query/from invalid"},
		"from=yesterday":  {"query/from format"},
		"user_id=ann":     {"query/user_id format"},
		"actor_id=ann":    {"query/actor_id format"},
		"action=sessions": {"query/action pattern"},
		"limit=0":         {"query/limit too-small"},
	} {
		require.Equal(t, want, apitest.Pointers(apitest.Refused(admin, "GET", log+"?"+query, nil, spec.ProblemInvalidRequest)), query)
	}
	for range 3 {
		enter(t, srv.DB, epoch, db.AppendAuditEntryParams{Action: outbox.SignInFailed, ActorKind: spec.AuditActorKindNobody})
	}
	next := apitest.Do[spec.AuditPage](admin, "GET", log+"?limit=2", nil, 200).Links.Next
	require.NotNil(t, next)
	apitest.Refused(admin, "GET", next.Href+"&action=user.created", nil, spec.ProblemInvalidCursor)
}

// TestOwnEntries: owners see what happened to their account; of others who acted they learn no more than that they did.
func TestOwnEntries(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u, staff := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleMANAGER)
	owner, id := srv.As(u).With("User-Agent", "the owner's"), staff.ID.String()
	at := func(i int) time.Time { return epoch.Add(time.Duration(i) * time.Hour) }
	enter(t, srv.DB, at(0), db.AppendAuditEntryParams{
		Action: outbox.SignInFailed, UserID: &u.ID, ActorKind: spec.AuditActorKindNobody, Address: new("192.0.2.0/24"), Device: new("a stranger's"),
	})
	enter(t, srv.DB, at(1), db.AppendAuditEntryParams{
		Action: spec.SessionStarted{}.Kind(), UserID: &u.ID, ActorKind: spec.AuditActorKindUser, ActorID: new(u.ID.String()),
		Address: new("198.51.100.0/24"), Device: new("the owner's"), RequestID: new("request-1"),
	})
	enter(t, srv.DB, at(2), db.AppendAuditEntryParams{
		Action: spec.UserUnlocked{}.Kind(), UserID: &u.ID, ActorKind: spec.AuditActorKindUser, ActorID: &id,
		Address: new("203.0.113.0/24"), Device: new("the staff's"), RequestID: new("request-2"),
		Details: fmt.Appendf(nil, `{"user_id": %q, "by": %q, "reason": "staff"}`, u.ID, id),
	})
	enter(t, srv.DB, at(3), db.AppendAuditEntryParams{Action: spec.UserCreated{}.Kind(), UserID: &u.ID, ActorKind: spec.AuditActorKindOperator})
	enter(t, srv.DB, at(4), db.AppendAuditEntryParams{
		Action: spec.UserUpdated{}.Kind(), UserID: &staff.ID, ActorKind: spec.AuditActorKindUser, ActorID: new(u.ID.String()),
	})

	answer := owner.Send("GET", ownLog, nil)
	for _, secret := range []string{id, "203.0.113", "the staff's", "request-2"} {
		require.NotContains(t, string(answer.Body), secret)
	}
	got := apitest.Do[spec.AuditPage](owner, "GET", ownLog, nil, 200).Items
	require.Len(t, got, 4, "what they did to others is not about them")
	require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindOperator}, got[0].Actor)
	require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindUser}, got[1].Actor)
	require.Equal(t, map[string]any{"user_id": u.ID.String(), "reason": "staff"}, got[1].Details)
	require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindUser, ID: new(u.ID.String())}, got[2].Actor)
	require.Equal(t, "the owner's", *got[2].Device)
	require.Equal(t, "request-1", *got[2].RequestID)
	require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindNobody}, got[3].Actor)
	require.Equal(t, "192.0.2.0/24", *got[3].Address)
	require.Equal(t, "a stranger's", *got[3].Device)
	require.Len(t, walk(t, owner, ownLog+"?limit=2"), 4)

	shown := apitest.Do[spec.AuditPage](srv.Role(spec.RoleADMIN), "GET", log+"?user_id="+u.ID.String()+"&actor_id="+id, nil, 200).Items
	require.Len(t, shown, 1)
	require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindUser, ID: &id}, shown[0].Actor)
	require.Equal(t, "203.0.113.0/24", *shown[0].Address)
	require.Equal(t, id, shown[0].Details["by"])
}

package users_test

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

var orders = []spec.UserOrder{
	spec.UserOrderCreatedAt, spec.UserOrderUpdatedAt, spec.UserOrderLastLoginAt, spec.UserOrderEmail, spec.UserOrderNickname,
	spec.UserOrderLastName, spec.UserOrderRole, spec.UserOrderMinusCreatedAt, spec.UserOrderMinusUpdatedAt,
	spec.UserOrderMinusLastLoginAt, spec.UserOrderMinusEmail, spec.UserOrderMinusNickname, spec.UserOrderMinusLastName, spec.UserOrderMinusRole,
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// anybody stores accounts made of a few values, so that many are the same in what they are ordered by.
func anybody(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	pick := func(values ...any) any { return values[rand.IntN(len(values))] }
	at := func() time.Time { return epoch.Add(time.Duration(rand.IntN(40)) * time.Microsecond) }
	for range n {
		name := uuid.NewString()
		_, err := pool.Exec(t.Context(), `
			INSERT INTO users (id, email, email_key, email_verified_at, nickname, nickname_key, first_name, last_name, bio, professional, role,
				status, last_login_at, locked_until, staff_lock_until, created_at, updated_at)
			VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
			uuid.Must(uuid.NewV7()), pick("a%", "b_", "C.", "d").(string)+name+"@example.com", pick(nil, at()), "Nick-"+name, "nick-"+name,
			pick(nil, "Ada", "José", "zoë"), pick(nil, "", "Lovelace", "LOVELACE", "García", "Ångström", "张", "Zhang"), pick(nil, "Likes ships", "and sails"),
			rand.IntN(5) == 0, pick("ANONYMOUS", "AUTHENTICATED", "AUTHENTICATED", "AUTHOR", "ADMIN"), pick("active", "active", "suspended"),
			pick(nil, at(), at()), pick(nil, nil, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)), pick(nil, nil, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)),
			at(), at())
		require.NoError(t, err)
	}
}

// everyone reads all accounts.
func everyone(t *testing.T, pool *pgxpool.Pool) []db.User {
	t.Helper()
	var ids []uuid.UUID
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT array_agg(id) FROM users").Scan(&ids))
	var all []db.User
	for _, id := range ids {
		u, err := db.New().GetUser(t.Context(), pool, id)
		require.NoError(t, err)
		all = append(all, u)
	}
	return all
}

// form is what text is searched and sorted by.
func form(parts ...*string) string {
	var b strings.Builder
	for _, p := range parts {
		if p != nil {
			for _, r := range norm.NFKD.String(*p) {
				if r < 0x300 || r > 0x36f {
					b.WriteRune(r)
				}
			}
		}
	}
	return strings.ToLower(b.String())
}

// compare says how accounts are ordered.
func compare(order spec.UserOrder) func(a, b db.User) int {
	login := func(u db.User) time.Time {
		if u.LastLoginAt == nil {
			return time.Time{}
		}
		return *u.LastLoginAt
	}
	by := map[spec.UserOrder]func(a, b db.User) int{
		spec.UserOrderCreatedAt:   func(a, b db.User) int { return a.CreatedAt.Compare(b.CreatedAt) },
		spec.UserOrderUpdatedAt:   func(a, b db.User) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		spec.UserOrderLastLoginAt: func(a, b db.User) int { return login(a).Compare(login(b)) },
		spec.UserOrderEmail:       func(a, b db.User) int { return cmp.Compare(a.EmailKey, b.EmailKey) },
		spec.UserOrderNickname:    func(a, b db.User) int { return cmp.Compare(a.NicknameKey, b.NicknameKey) },
		spec.UserOrderLastName:    func(a, b db.User) int { return cmp.Compare(form(a.LastName), form(b.LastName)) },
		spec.UserOrderRole: func(a, b db.User) int {
			return cmp.Compare(slices.Index(spec.Roles(), a.Role), slices.Index(spec.Roles(), b.Role))
		},
	}
	column, back := strings.CutPrefix(string(order), "-")
	return func(a, b db.User) int {
		c := cmp.Or(by[spec.UserOrder(column)](a, b), bytes.Compare(a.ID[:], b.ID[:]))
		if back {
			return -c
		}
		return c
	}
}

// condition is a filter as a client sends it, and what it means.
type condition struct {
	name  string
	value func() string
	holds func(u db.User, value string) bool
}

func oneOf(values ...string) func() string {
	return func() string { return values[rand.IntN(len(values))] }
}

var yesNo = oneOf("true", "false")

func someMoment() string {
	return epoch.Add(time.Duration(rand.IntN(40)) * time.Microsecond).Format(time.RFC3339Nano)
}

func instant(s string) time.Time { at, _ := time.Parse(time.RFC3339Nano, s); return at }

var conditions = []condition{
	{"q", oneOf("a", "z", "_", "%", "ada", "lov", "love", "jose gar", "example.", "ox", "伟", "zoe l", "d", "Nick-1"), func(u db.User, v string) bool {
		for _, s := range []string{form(&u.Nickname), form(&u.Email), strings.TrimPrefix(form(u.FirstName, new(" "), u.LastName), " ")} {
			if strings.Contains(s, form(&v)) {
				return true
			}
		}
		return false
	}},
	{"text", oneOf("ships", "ada likes", "zhang", "lovelace sails"), func(u db.User, v string) bool {
		words := strings.Fields(form(u.FirstName, new(" "), u.LastName, new(" "), u.Bio))
		return !slices.ContainsFunc(strings.Fields(v), func(w string) bool { return !slices.Contains(words, w) })
	}},
	{"role", oneOf("ANONYMOUS", "AUTHENTICATED", "AUTHOR", "ADMIN", "MANAGER"), func(u db.User, v string) bool { return string(u.Role) == v }},
	{"status", oneOf("active", "suspended"), func(u db.User, v string) bool { return string(u.Status) == v }},
	{"verified", yesNo, func(u db.User, v string) bool { return strconv.FormatBool(u.EmailVerifiedAt != nil) == v }},
	{"professional", yesNo, func(u db.User, v string) bool { return strconv.FormatBool(u.Professional) == v }},
	{"locked", yesNo, func(u db.User, v string) bool {
		now := time.Now()
		return strconv.FormatBool(u.LockedUntil != nil && u.LockedUntil.After(now) || u.StaffLockUntil != nil && u.StaffLockUntil.After(now)) == v
	}},
	{"registered_from", someMoment, func(u db.User, v string) bool { return !u.CreatedAt.Before(instant(v)) }},
	{"registered_to", someMoment, func(u db.User, v string) bool { return !u.CreatedAt.After(instant(v)) }},
	{"last_login_after", someMoment, func(u db.User, v string) bool { return u.LastLoginAt != nil && u.LastLoginAt.After(instant(v)) }},
	{"last_login_before", someMoment, func(u db.User, v string) bool { return u.LastLoginAt != nil && u.LastLoginAt.Before(instant(v)) }},
}

// TestLists (F3.1-F3.5): whatever is asked for, in whatever order, the pages forth and back hold all accounts that match and
// no others, once each and in order, and the total says how many.
func TestLists(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	anybody(t, srv.DB, 200)
	all := everyone(t, srv.DB)
	for i := range 5 * len(orders) {
		query, want := url.Values{"limit": {"7"}, "count": {"true"}, "sort": {string(orders[i%len(orders)])}}, slices.Clone(all)
		for _, j := range rand.Perm(len(conditions))[:i/len(orders)%3] {
			c := conditions[j]
			value := c.value()
			query.Set(c.name, value)
			want = slices.DeleteFunc(want, func(u db.User) bool { return !c.holds(u, value) })
		}
		if from, to := query.Get("registered_from"), query.Get("registered_to"); from != "" && to != "" && instant(from).After(instant(to)) {
			apitest.Refused(admin, "GET", "/users?"+query.Encode(), nil, spec.ProblemInvalidRequest)
			continue
		}
		slices.SortFunc(want, compare(orders[i%len(orders)]))
		ids := make([]uuid.UUID, len(want))
		for i, u := range want {
			ids[i] = u.ID
		}
		t.Run(query.Encode(), func(t *testing.T) { require.Equal(t, ids, walkUsers(t, admin, query, nil)) })
	}
}

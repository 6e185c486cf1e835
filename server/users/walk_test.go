package users_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

// walkUsers reads a list by its links, from the first page to the last and back again, and returns the ids. meanwhile is
// called between pages.
func walkUsers(t *testing.T, c *apitest.Client, query url.Values, meanwhile func()) []uuid.UUID {
	t.Helper()
	forth, back := []uuid.UUID{}, []uuid.UUID{}
	path, last := "/users?"+query.Encode(), spec.UserPage{}
	for path != "" {
		require.Equal(t, 1, strings.Count(path, "?"), "NEVER5")
		last = apitest.Do[spec.UserPage](c, "GET", path, nil, 200)
		path = ""
		for _, u := range last.Items {
			forth = append(forth, u.ID)
		}
		if last.Links.Next != nil {
			path = last.Links.Next.Href
		}
		if meanwhile != nil {
			meanwhile()
		}
	}
	if meanwhile != nil {
		return forth
	}
	require.EqualValues(t, len(forth), *last.Total)
	for prev := last.Links.Prev; prev != nil; prev = last.Links.Prev {
		last = apitest.Do[spec.UserPage](c, "GET", prev.Href, nil, 200)
		for _, u := range slices.Backward(last.Items) {
			back = append(back, u.ID)
		}
	}
	slices.Reverse(back)
	require.Equal(t, forth[:len(back)], back, "the way back is the same")
	require.Less(t, len(forth)-len(back), 8)
	return forth
}

// TestListsWhileRowsComeAndGo (F3.4): nobody is shown twice, and nobody who stays is missed.
func TestListsWhileRowsComeAndGo(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	for _, order := range orders {
		anybody(t, srv.DB, 60)
		stayed := map[uuid.UUID]bool{}
		for _, u := range everyone(t, srv.DB) {
			stayed[u.ID] = true
		}
		shown := walkUsers(t, admin, url.Values{"limit": {"7"}, "sort": {string(order)}}, func() {
			anybody(t, srv.DB, 2)
			rows, err := srv.DB.Query(t.Context(), `
				DELETE FROM users WHERE id = ANY (ARRAY(SELECT id FROM users WHERE password_hash IS NULL ORDER BY random() LIMIT 3)) RETURNING id`)
			require.NoError(t, err)
			defer rows.Close()
			for rows.Next() {
				var id uuid.UUID
				require.NoError(t, rows.Scan(&id))
				delete(stayed, id)
			}
		})
		times := map[uuid.UUID]int{}
		for _, id := range shown {
			times[id]++
			require.Equal(t, 1, times[id], "%s shows somebody twice", order)
		}
		for id := range stayed {
			require.Equal(t, 1, times[id], "%s misses somebody", order)
		}
		require.Greater(t, len(stayed), 10, order)
	}
}

package server_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

func draft(email string) string {
	return fmt.Sprintf(`{"email":%q,"password":"tall ships sail at noon"}`, email)
}

func invited(email string) string { return fmt.Sprintf(`{"email":%q}`, email) }

func TestRetries(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	key := uuid.NewString()
	admin := srv.Role(spec.RoleADMIN)
	keyed := admin.With("Idempotency-Key", key)

	first := keyed.Send("POST", "/users", invited("ann@example.com"))
	require.Equal(t, 201, first.Status)
	again := keyed.Send("POST", "/users", invited("ann@example.com"))
	require.Equal(t, 201, again.Status)
	require.Equal(t, string(first.Body), string(again.Body))
	require.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"))
	require.Equal(t, first.Header.Get("ETag"), again.Header.Get("ETag"))
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))

	apitest.Refused(keyed, "POST", "/users", invited("bob@example.com"), spec.ProblemIdempotencyKeyReused)
	apitest.Refused(admin.With("Idempotency-Key", uuid.NewString()), "POST", "/users", invited("ann@example.com"), spec.ProblemEmailTaken)
	apitest.Do[spec.User](srv.Nobody().With("Idempotency-Key", key), "POST", "/auth/register", draft("dan@example.com"), 201)
	apitest.Do[spec.User](srv.Nobody().With("Idempotency-Key", key), "POST", "/auth/register", draft("eve@example.com"), 201)
	other := srv.Role(spec.RoleADMIN).With("Idempotency-Key", key)
	apitest.Do[spec.User](other, "POST", "/users", invited("cat@example.com"), 201)
}

// TestRetriesAtOnce: of many identical requests at the same time, one works; the rest get its answer or are told to wait.
func TestRetriesAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	client := srv.Nobody().With("Idempotency-Key", uuid.NewString())
	var mu sync.Mutex
	ids, statuses := map[uuid.UUID]int{}, map[int]int{}
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			a := client.Send("POST", "/auth/register", draft("ann@example.com"))
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Status]++
			if a.Status == 201 {
				ids[decode[spec.User](t, a.Body).ID]++
			}
		})
	}
	wg.Wait()
	require.Len(t, ids, 1)
	require.Equal(t, 32, statuses[201]+statuses[409], "%v", statuses)
	require.Equal(t, 201, client.Send("POST", "/auth/register", draft("ann@example.com")).Status)
	require.Equal(t, []string{"user.registered"}, srv.Facts())
}

// TestAnswersGoWithTheAccount: what is kept for retries holds personal data, so deleting the account deletes it.
func TestAnswersGoWithTheAccount(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	keyed := srv.Nobody().With("Idempotency-Key", uuid.NewString())
	ann := apitest.Do[spec.User](keyed, "POST", "/auth/register", draft("ann@example.com"), 201)
	require.Equal(t, 204, admin.Send("DELETE", spec.DeleteUserPath(ann.ID), nil).Status)
	var kept int
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM idempotent_answers").Scan(&kept))
	require.Zero(t, kept)
	again := apitest.Do[spec.User](keyed, "POST", "/auth/register", draft("ann@example.com"), 201)
	require.NotEqual(t, ann.ID, again.ID)
}

// A failure is not kept: the same key may try again.
func TestRetryAfterFailure(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin := srv.Role(spec.RoleADMIN)
	ann := apitest.Do[spec.User](admin, "POST", "/users", invited("ann@example.com"), 201)
	keyed := admin.With("Idempotency-Key", uuid.NewString())
	apitest.Refused(keyed, "POST", "/users", invited("ann@example.com"), spec.ProblemEmailTaken)
	require.Equal(t, 204, admin.Send("DELETE", spec.DeleteUserPath(ann.ID), nil).Status)
	apitest.Do[spec.User](keyed, "POST", "/users", invited("ann@example.com"), 201)
}

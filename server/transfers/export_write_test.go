package transfers_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/transfers"
)

// TestExportGoesOn: an export that dies at any moment, and that several go on with at once, holds everybody once, in order.
func TestExportGoesOn(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	c := srv.Role(spec.RoleADMIN)
	crowd(t, srv, 4321)
	e := apitest.Do[spec.Export](c, http.MethodPost, exports, nil, http.StatusAccepted)
	more, err := transfers.WriteExport(t.Context(), srv.DB, sealer(t), e.ID) // by somebody who is killed then
	require.NoError(t, err)
	require.True(t, more)
	e = apitest.Do[spec.Export](c, http.MethodGet, e.Links.Self.Href, nil, http.StatusOK)
	require.Equal(t, []any{spec.ExportStateWriting, int64(1000)}, []any{e.State, e.Rows})

	failed := make(chan error)
	const workers = 4
	for range workers {
		go func() {
			var err error
			for more := true; more && err == nil; {
				more, err = transfers.WriteExport(t.Context(), srv.DB, sealer(t), e.ID)
			}
			failed <- err
		}()
	}
	for range workers {
		require.NoError(t, <-failed)
	}
	e = finish(t, c, e)
	got := ids(parse(t, c.Send(http.MethodGet, e.Links.File.Href, nil).Body)[1:])
	var want []string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT array_agg(id::text ORDER BY created_at, id) FROM users").Scan(&want))
	require.Equal(t, want, got)
}

// TestExportWhileAccountsChange: accounts that come, go and change while an export is written cost nobody else their place.
func TestExportWhileAccountsChange(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	c := srv.Role(spec.RoleADMIN)
	crowd(t, srv, 3500)
	e := apitest.Do[spec.Export](c, http.MethodPost, exports, nil, http.StatusAccepted)
	var gone int
	for i, more := 0, true; more; i++ {
		var err error
		more, err = transfers.WriteExport(t.Context(), srv.DB, sealer(t), e.ID)
		require.NoError(t, err)
		tag, err := srv.DB.Exec(t.Context(), "DELETE FROM users WHERE nickname_key LIKE 'p-%' AND right(nickname_key, 1) = $1", fmt.Sprint(i))
		require.NoError(t, err)
		gone += int(tag.RowsAffected())
		srv.User(spec.RoleAUTHENTICATED)
		_, err = srv.DB.Exec(t.Context(), "UPDATE users SET bio = 'x', updated_at = now()")
		require.NoError(t, err)
	}
	require.NotZero(t, gone)
	written := map[string]int{}
	for _, id := range ids(parse(t, c.Send(http.MethodGet, e.Links.Self.Href+"/file", nil).Body)[1:]) {
		written[id]++
		require.Equal(t, 1, written[id])
	}
	var stayed []string
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT array_agg(id::text) FROM users WHERE nickname_key LIKE 'p-%'").Scan(&stayed))
	require.NotEmpty(t, stayed)
	for _, id := range stayed {
		require.Contains(t, written, id)
	}
}

package worker_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/transfers"
)

// TestExportFails: an export that cannot be written is not tried for ever: in the end it says that it has failed.
func TestExportFails(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	c := srv.Role(spec.RoleADMIN)
	e := apitest.Do[spec.Export](c, http.MethodPost, "/exports", nil, http.StatusAccepted)
	_, err := srv.DB.Exec(t.Context(), "UPDATE exports SET filter = '[]'")
	require.NoError(t, err)
	_, err = srv.DB.Exec(t.Context(), "UPDATE river_job SET attempt = 4 WHERE kind = $1", transfers.Exporting{}.Kind())
	require.NoError(t, err)
	srv.Work()
	require.Equal(t, 1, ended(t, srv, transfers.Exporting{}.Kind(), "cancelled"))
	e = apitest.Do[spec.Export](c, http.MethodGet, e.Links.Self.Href, nil, http.StatusOK)
	require.Equal(t, spec.ExportStateFailed, e.State)
	require.Equal(t, spec.ProblemInternal.Title(), *e.Detail)
	require.NotNil(t, e.FinishedAt)
	require.Equal(t, []string{"self"}, apitest.Rels(e.Links))
	apitest.Refused(c, http.MethodGet, e.Links.Self.Href+"/file", nil, spec.ProblemNotFinished)
}

package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

func TestListSessions(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	ended := signIn(t, srv, u.Email)
	require.Equal(t, 204, srv.Bearer(ended.AccessToken).Send("POST", "/auth/logout", nil).Status)
	phone := srv.Nobody().With("User-Agent", "Phone/1.0").Send("POST", tokenPath,
		map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password})
	require.Equal(t, 200, phone.Status)
	me := srv.Bearer(signIn(t, srv, u.Email).AccessToken)

	got := apitest.Do[spec.SessionPage](me, "GET", "/me/sessions", nil, 200)
	require.Len(t, got.Items, 2, "one's own, and only those that can be used")
	require.Equal(t, []bool{true, false}, []bool{got.Items[0].Current, got.Items[1].Current}, "the latest first")
	require.Equal(t, "Phone/1.0", got.Items[1].Device[:9])
	require.Equal(t, "127.0.0.0/24", got.Items[0].Address)
	require.Equal(t, []string{"sign-out"}, apitest.Rels(got.Items[0].Links))
	require.Empty(t, apitest.Rels(got.Items[1].Links))

	first := apitest.Do[spec.SessionPage](me, "GET", "/me/sessions?limit=1", nil, 200)
	next := first.Links.Next
	require.NotNil(t, next)
	second := apitest.Do[spec.SessionPage](me, "GET", next.Href, nil, 200)
	require.Equal(t, got.Items[1].ID, second.Items[0].ID)
	prev := second.Links.Prev
	require.NotNil(t, prev)
	require.Equal(t, first.Items, apitest.Do[spec.SessionPage](me, "GET", prev.Href, nil, 200).Items)
}

package server_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
)

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	admin, reader := srv.Role(spec.RoleADMIN), srv.User(spec.RoleAUTHENTICATED)
	at := spec.GetUserPath(reader.ID)
	tag := admin.Send("GET", at, nil).Header.Get("ETag")

	t.Run("what the client has is not sent again", func(t *testing.T) {
		a := admin.With("If-None-Match", `"other", `+tag).Send("GET", at, nil)
		require.Equal(t, 304, a.Status)
		require.Empty(t, a.Body)
		require.Equal(t, tag, a.Header.Get("ETag"))
	})
	t.Run("another caller sees other links, so another tag", func(t *testing.T) {
		require.NotEqual(t, tag, srv.Role(spec.RoleMANAGER).Send("GET", at, nil).Header.Get("ETag"))
	})
	t.Run("of two edits on one version the second is refused", func(t *testing.T) {
		first := admin.With("If-Match", tag).Send("PATCH", at, `{"bio":"first"}`)
		require.Equal(t, 200, first.Status)
		apitest.Refused(admin.With("If-Match", tag), "PATCH", at, `{"bio":"second"}`, spec.ProblemPreconditionFailed)
		require.Equal(t, "first", *apitest.Do[spec.User](admin, "GET", at, nil, 200).Bio)
		require.Equal(t, first.Header.Get("ETag"), admin.Send("GET", at, nil).Header.Get("ETag"))
		require.Equal(t, 200, admin.With("If-Match", first.Header.Get("ETag")).Send("PATCH", at, `{"bio":"second"}`).Status)
	})
}

// TestStaleVersions: every operation that takes If-Match refuses a stale one, and changes nothing.
func TestStaleVersions(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	me := srv.User(spec.RoleADMIN)
	other := srv.User(spec.RoleAUTHENTICATED)
	bodies := map[string]string{
		"updateUser": `{"bio":"x"}`, "updateMe": `{"bio":"x"}`, "replaceProfileField": `{"title":"T","schema":{}}`,
		"changeRole": `{"role":"AUTHOR","reason":"x"}`, "suspendUser": `{"reason":"x"}`,
	}
	field := apitest.Do[spec.ProfileField](srv.As(me), "POST", "/profile-fields", `{"name":"a","title":"T","schema":{}}`, 201)
	for _, op := range spec.Operations() {
		if !op.Takes("If-Match") {
			continue
		}
		at := strings.NewReplacer("{field_id}", field.ID.String(), "{user_id}", other.ID.String()).Replace(op.Path)
		var body any
		if len(op.Bodies) > 0 {
			require.Contains(t, bodies, op.ID, "give this test a body for %s", op.ID)
			body = bodies[op.ID]
		}
		apitest.Refused(srv.As(me).With("If-Match", `"0.x"`), op.Method, at, body, spec.ProblemPreconditionFailed)
	}
	apitest.Do[spec.User](srv.As(me), "GET", spec.GetUserPath(other.ID), nil, 200)
	require.Equal(t, field.UpdatedAt, apitest.Do[spec.ProfileField](srv.As(me), "GET", spec.GetProfileFieldPath(field.ID), nil, 200).UpdatedAt)
}

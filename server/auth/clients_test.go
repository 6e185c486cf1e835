package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/dbtest"
	"github.com/usherhq/usher/server/fault"
	"github.com/usherhq/usher/server/store"
)

// credentials are the id and the secret of a service client.
type credentials struct{ id, secret string }

func newClient(t testing.TB, srv *apitest.Server, name string) credentials {
	t.Helper()
	ctx := actor.With(t.Context(), actor.Operator())
	made, err := store.InTx(ctx, srv.DB, func(tx pgx.Tx) (credentials, error) {
		id, secret, err := auth.CreateClient(ctx, tx, name)
		return credentials{id, secret}, err
	})
	require.NoError(t, err)
	return made
}

// header is what a client of OAuth 2.0 sends (RFC 6749 section 2.3.1).
func (c credentials) header() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.id)+":"+url.QueryEscape(c.secret)))
}

// introspect asks about a token.
func (c credentials) introspect(srv *apitest.Server, token string, more ...string) apitest.Answer {
	form := url.Values{"token": {token}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return srv.Nobody().With("Authorization", c.header()).With("Content-Type", "application/x-www-form-urlencoded").
		Send("POST", strings.TrimPrefix(spec.IntrospectTokenPath(), spec.BasePath), form.Encode())
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	basic := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for header, want := range map[string]credentials{
		"Basic " + basic("blog:secret"):            {"blog", "secret"},
		"bAsIc " + basic("blog:secret"):            {"blog", "secret"},
		"Basic " + basic("a%3Ab+c:p%25+%C3%BC"):    {"a:b c", "p% ü"},
		"Basic " + basic("blog:colons:in:secrets"): {"blog", "colons:in:secrets"},
		"Basic " + basic(":"):                      {},
	} {
		id, secret, ok := auth.ClientCredentials(header)
		require.True(t, ok, header)
		require.Equal(t, want, credentials{id, secret})
	}
	for _, header := range []string{
		"", "Basic", "Basic ", "Bearer " + basic("blog:secret"), "Basic blog:secret", "Basic " + basic("blog"), basic("blog:secret"),
		"Basic " + basic("blog:%"), "Basic " + basic("%zz:secret"), "Basic\t" + basic("blog:secret"),
	} {
		_, _, ok := auth.ClientCredentials(header)
		require.False(t, ok, header)
	}
}

// TestServiceClients (SIGN14): a client is who it says only with its own secret, and no longer once it is deleted.
func TestServiceClients(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	blog, shop := newClient(t, srv, "blog"), newClient(t, srv, "shop")
	require.NotEqual(t, blog.secret, shop.secret)
	raw, err := base64.RawURLEncoding.DecodeString(blog.secret)
	require.NoError(t, err)
	require.Len(t, raw, 32)

	by, err := srv.Auth.ResolveClient(t.Context(), blog.id, blog.secret)
	require.NoError(t, err)
	require.Equal(t, actor.Actor{Client: blog.id}, by)
	require.Equal(t, spec.AuditActorKindClient, by.Kind())

	for name, c := range map[string]credentials{
		"the secret of another": {blog.id, shop.secret},
		"the id of another":     {shop.id, blog.secret},
		"no secret":             {blog.id, ""},
		"no id":                 {"", blog.secret},
		"nothing":               {},
		"nobody's id":           {uuid.NewString(), blog.secret},
		"no id at all":          {"blog", blog.secret},
		"NUL":                   {"a\x00b", blog.secret},
		"no UTF-8":              {"a\xff", "\xff"},
		"a longer secret":       {blog.id, blog.secret + "A"},
		"a huge id":             {strings.Repeat("x", 5000), blog.secret},
		"the zero id":           {uuid.Nil.String(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := srv.Auth.ResolveClient(t.Context(), c.id, c.secret)
			require.True(t, fault.Is(err, spec.ProblemInvalidClient), "%v", err)
			a := c.introspect(srv, "anything")
			require.Equal(t, 401, a.Status)
			require.Equal(t, "invalid_client", decode[spec.OAuthError](t, a.Body).Error)
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Basic ")
		})
	}

	require.Equal(t, 200, blog.introspect(srv, "anything").Status)
	ctx := actor.With(t.Context(), actor.Operator())
	remove := func(id string) error {
		_, err := store.InTx(ctx, srv.DB, func(tx pgx.Tx) (any, error) { return nil, auth.DeleteClient(ctx, tx, id) })
		return err
	}
	require.NoError(t, remove(blog.id))
	require.Equal(t, 401, blog.introspect(srv, "anything").Status)
	require.Equal(t, 200, shop.introspect(srv, "anything").Status)
	require.ErrorIs(t, remove(blog.id), auth.ErrNoClient)
	require.ErrorIs(t, remove("blog"), auth.ErrNoClient)

	require.Equal(t, []string{
		`operator client.created {"name": "blog", "client": "` + blog.id + `"}`,
		`operator client.created {"name": "shop", "client": "` + shop.id + `"}`,
		`operator client.deleted {"name": "blog", "client": "` + blog.id + `"}`,
	}, audited(t, srv))
}

// audited lists what was logged: who, what, details.
func audited(t testing.TB, srv *apitest.Server) []string {
	t.Helper()
	rows, err := srv.DB.Query(t.Context(), "SELECT actor_kind || ' ' || action || ' ' || details::text FROM audit_entries ORDER BY id")
	require.NoError(t, err)
	entries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return entries
}

func TestClientNames(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	for _, name := range []string{"", "  ", "two\nlines", "NUL\x00", "\xff", strings.Repeat("x", 101)} {
		_, _, err := auth.CreateClient(t.Context(), tx, name)
		require.ErrorIs(t, err, auth.ErrClientName)
	}
	for _, name := range []string{"b", "Ärzteblatt: the blog", strings.Repeat("ü", 100)} {
		id, secret, err := auth.CreateClient(t.Context(), tx, name)
		require.NoError(t, err)
		by, err := auth.AuthenticateClient(t.Context(), tx, strings.ToUpper(id), secret)
		require.NoError(t, err)
		require.Equal(t, id, by.Client, "however it is spelt")
		var kept string
		require.NoError(t, tx.QueryRow(t.Context(), "SELECT to_jsonb(c)::text FROM service_clients c WHERE id = $1", id).Scan(&kept))
		require.True(t, json.Valid([]byte(kept)))
		require.NotContains(t, kept, secret, "of which only the hash is stored")
	}
}

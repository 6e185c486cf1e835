package auth_test

import (
	"encoding/base64"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
)

// said is what these tests read in an access token.
type said struct {
	Session         uuid.UUID `json:"sid"`
	AuthenticatedAt int64     `json:"auth_time"`
	IssuedAt        int64     `json:"iat"`
	Amr             []string  `json:"amr"`
}

func read(t testing.TB, access string) said {
	t.Helper()
	parts := strings.Split(access, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	return decode[said](t, payload)
}

// pass makes all sessions older.
func pass(t testing.TB, srv *apitest.Server, d time.Duration) {
	t.Helper()
	_, err := srv.DB.Exec(t.Context(), `UPDATE sessions SET created_at = created_at - $1::interval, refreshed_at = refreshed_at - $1::interval,
		authenticated_at = authenticated_at - $1::interval, last_used_at = last_used_at - $1::interval,
		expires_at = expires_at - $1::interval, ends_at = ends_at - $1::interval`, d)
	require.NoError(t, err)
}

// endings lists why sessions ended, in order.
func endings(t testing.TB, srv *apitest.Server) []string {
	t.Helper()
	var why []string
	require.NoError(t, srv.DB.QueryRow(t.Context(),
		"SELECT coalesce(array_agg(payload->>'reason' ORDER BY id), '{}') FROM outbox WHERE kind = 'session.ended'").Scan(&why))
	return why
}

// TestListSessions (SIGN8): people see where they are signed in, page by page.
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
	require.Equal(t, "Phone/1.0", got.Items[1].Device)
	require.Equal(t, "127.0.0.0/24", got.Items[0].Address)
	require.Equal(t, []string{"pwd"}, got.Items[0].Amr)
	require.WithinDuration(t, time.Now(), got.Items[0].LastUsedAt, time.Minute)
	require.Equal(t, []string{"sign-out"}, apitest.Rels(got.Items[0].Links))
	require.Equal(t, []string{"end"}, apitest.Rels(got.Items[1].Links))

	first := apitest.Do[spec.SessionPage](me, "GET", "/me/sessions?limit=1", nil, 200)
	next := first.Links.Next
	require.NotNil(t, next)
	second := apitest.Do[spec.SessionPage](me, "GET", next.Href, nil, 200)
	require.Equal(t, got.Items[1].ID, second.Items[0].ID)
	prev := second.Links.Prev
	require.NotNil(t, prev)
	require.Equal(t, first.Items, apitest.Do[spec.SessionPage](me, "GET", prev.Href, nil, 200).Items)
}

// TestSessionLinks: the links of an account lead to its sessions, and are there only for those who may follow them.
func TestSessionLinks(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	other := signIn(t, srv, u.Email)
	narrow := decode[spec.Token](t, grant(srv, "grant_type", "password", "username", u.Email, "password", apitest.Password,
		"scope", "users:read:own").Body)
	me, timid := srv.Bearer(signIn(t, srv, u.Email).AccessToken), srv.Bearer(narrow.AccessToken)

	l := apitest.Do[spec.User](timid, "GET", "/me", nil, 200).Links
	require.Nil(t, l.Sessions)
	require.Nil(t, l.EndOtherSessions)
	apitest.Refused(timid, "GET", spec.ListSessionsPath(), nil, spec.ProblemForbidden)
	apitest.Refused(timid, "DELETE", spec.EndOtherSessionsPath(), nil, spec.ProblemForbidden)

	l = apitest.Do[spec.User](me, "GET", "/me", nil, 200).Links
	require.Len(t, apitest.Do[spec.SessionPage](me, l.Sessions.Method, l.Sessions.Href, nil, 200).Items, 3)
	require.Equal(t, 204, me.Send(l.EndOtherSessions.Method, l.EndOtherSessions.Href, nil).Status)
	require.Equal(t, 400, refresh(srv, other.RefreshToken).Status)
	left := apitest.Do[spec.SessionPage](me, l.Sessions.Method, l.Sessions.Href, nil, 200).Items
	require.Len(t, left, 1)
	out := left[0].Links.SignOut
	require.Equal(t, 204, me.Send(out.Method, out.Href, nil).Status)
	apitest.Refused(me, "GET", "/me", nil, spec.ProblemUnauthenticated)
}

// TestLastUse: that a session is in use is written at most once a minute, however many requests there are at once.
func TestLastUse(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	me := srv.Bearer(signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email).AccessToken)
	_, err := srv.DB.Exec(t.Context(), `CREATE TABLE touches (n int);
		CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO touches VALUES (1); RETURN NULL; END';
		CREATE TRIGGER touched AFTER UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION touched()`)
	require.NoError(t, err)
	use := func(times int) (written int) {
		require.Equal(t, map[int]int{200: times}, race(times, func(int) int { return me.Send("GET", "/me", nil).Status }))
		require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM touches").Scan(&written))
		return written
	}
	require.Zero(t, use(5), "it was used within the minute")
	pass(t, srv, 2*time.Minute)
	_, err = srv.DB.Exec(t.Context(), "TRUNCATE touches")
	require.NoError(t, err)
	require.Equal(t, 1, use(50))
	require.Equal(t, 1, use(5))
	got := apitest.Do[spec.SessionPage](me, "GET", "/me/sessions", nil, 200).Items[0]
	require.WithinDuration(t, time.Now(), got.LastUsedAt, time.Minute)
}

// TestProofStays: access tokens tell when and how the user proved who they are. Refreshing proves nothing new.
func TestProofStays(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	tok := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
	got := read(t, tok.AccessToken)
	require.InDelta(t, got.IssuedAt, got.AuthenticatedAt, 5)
	require.Equal(t, []string{"pwd"}, got.Amr)

	pass(t, srv, 10*time.Minute)
	_, err := srv.DB.Exec(t.Context(), "UPDATE sessions SET amr = '{pwd,otp,mfa}'")
	require.NoError(t, err)
	for _, used := range []string{"first", "again"} {
		a := refresh(srv, tok.RefreshToken)
		require.Equal(t, 200, a.Status, used)
		now := read(t, decode[spec.Token](t, a.Body).AccessToken)
		require.Equal(t, got.AuthenticatedAt-600, now.AuthenticatedAt, used)
		require.Equal(t, []string{"pwd", "otp", "mfa"}, now.Amr, used)
		require.Equal(t, got.Session, now.Session, used)
	}
}

// TestSessionLifetimes: a session ends when it is not refreshed for a while, and in the end even if it is.
func TestSessionLifetimes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		idle, lifetime time.Duration
		refreshed      int // times, 50 minutes apart
		then           time.Duration
		want           bool
	}{
		"idle for almost an hour":           {time.Hour, 24 * time.Hour, 0, 59 * time.Minute, true},
		"idle for more":                     {time.Hour, 24 * time.Hour, 0, 61 * time.Minute, false},
		"idle for more, after refreshes":    {time.Hour, 24 * time.Hour, 2, 61 * time.Minute, false},
		"active":                            {time.Hour, 3 * time.Hour, 3, 29 * time.Minute, true},
		"active for longer than it may be":  {time.Hour, 3 * time.Hour, 3, 31 * time.Minute, false},
		"a lifetime below that of the idle": {2 * time.Hour, time.Hour, 0, 61 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.IdleLifetime, s.Lifetime = tt.idle, tt.lifetime }))
			tok := signIn(t, srv, srv.User(spec.RoleAUTHENTICATED).Email)
			for range tt.refreshed {
				pass(t, srv, 50*time.Minute)
				a := refresh(srv, tok.RefreshToken)
				require.Equal(t, 200, a.Status, string(a.Body))
				tok = decode[spec.Token](t, a.Body)
			}
			pass(t, srv, tt.then)
			me, next := srv.Bearer(tok.AccessToken).Send("GET", "/me", nil).Status, refresh(srv, tok.RefreshToken).Status
			if tt.want {
				require.Equal(t, []int{200, 200}, []int{me, next})
			} else {
				require.Equal(t, []int{401, 400}, []int{me, next})
			}
		})
	}
}

// TestWhereFrom: a session tells the network that it came from, not the address, and the device in a form that can be
// stored and shown, whatever the client calls itself.
func TestWhereFrom(t *testing.T) {
	t.Parallel()
	_, proxy, err := net.ParseCIDR("127.0.0.0/8")
	require.NoError(t, err)
	srv := apitest.New(t, apitest.Wire(func(o *server.Options) { o.TrustedProxies = []*net.IPNet{proxy} }))
	for name, tt := range map[string]struct{ from, agent, network, device string }{
		"IPv6":                {"2001:db8:1:2:3:4:5:6", "Phone/1.0", "2001:db8:1::/48", "Phone/1.0"},
		"IPv6 behind another": {"198.51.100.7, 2001:DB8:ffff:2::1", "Phone/1.0", "2001:db8:ffff::/48", "Phone/1.0"},
		"IPv4 as IPv6":        {"::ffff:203.0.113.9", "Phone/1.0", "203.0.113.0/24", "Phone/1.0"},
		"another direction":   {"203.0.113.9", "exe.\u202egpj\u200b", "203.0.113.0/24", "exe.gpj"},
		"no UTF-8":            {"203.0.113.9", "a\xff\xc3(b\u0085", "203.0.113.0/24", "a(b"},
		"tabs":                {"203.0.113.9", "a\tb", "203.0.113.0/24", "ab"},
		"markup":              {"203.0.113.9", `<script>"';--`, "203.0.113.0/24", `<script>"';--`},
		"a novel":             {"203.0.113.9", strings.Repeat("ü", 5000), "203.0.113.0/24", strings.Repeat("ü", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			u := srv.User(spec.RoleAUTHENTICATED)
			client := srv.Nobody().With("X-Forwarded-For", tt.from).With("User-Agent", tt.agent)
			tok := apitest.Do[spec.Token](client, "POST", tokenPath,
				map[string]string{"grant_type": "password", "username": u.Email, "password": apitest.Password}, 200)
			got := apitest.Do[spec.SessionPage](srv.Bearer(tok.AccessToken), "GET", "/me/sessions", nil, 200).Items[0]
			require.Equal(t, []string{tt.network, tt.device}, []string{got.Address, got.Device})
			require.True(t, utf8.ValidString(got.Device))
		})
	}
}

// TestReuseIsAudited (SIGN7): the log tells whose token was used again, and from where.
func TestReuseIsAudited(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	stolen := signIn(t, srv, u.Email)
	second := decode[spec.Token](t, refresh(srv, stolen.RefreshToken).Body)
	require.Equal(t, 200, refresh(srv, second.RefreshToken).Status)
	a := srv.Nobody().With("User-Agent", "Thief/1.0").Send("POST", tokenPath,
		map[string]string{"grant_type": "refresh_token", "refresh_token": stolen.RefreshToken})
	require.Equal(t, 400, a.Status)

	var about uuid.UUID
	var kind, address, device, request string
	var details spec.SessionEnded
	require.NoError(t, srv.DB.QueryRow(t.Context(), `SELECT user_id, actor_kind, address, device, request_id, details FROM audit_entries
		WHERE action = 'session.ended'`).Scan(&about, &kind, &address, &device, &request, &details))
	require.Equal(t, u.ID, about)
	require.Equal(t, spec.SessionEnded{UserID: u.ID, SessionID: read(t, stolen.AccessToken).Session, Reason: spec.SessionEndTokenReused}, details)
	require.Equal(t, []string{string(spec.AuditActorKindNobody), "127.0.0.0/24", "Thief/1.0"}, []string{kind, address, device})
	require.Equal(t, decode[spec.OAuthError](t, a.Body).Instance, request)
}

// TestSessionsAreBounded: the oldest session ends for the hundred and first.
func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED)
	oldest := srv.As(u)
	for range 99 {
		srv.As(u)
	}
	require.Equal(t, 200, oldest.Send("GET", "/me", nil).Status)
	signIn(t, srv, u.Email)
	apitest.Refused(oldest, "GET", "/me", nil, spec.ProblemUnauthenticated)
	require.Equal(t, []string{"replaced"}, list(t, srv, "SELECT payload->>'reason' FROM outbox WHERE kind = 'session.ended'"))
}

package audit_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/audit"
	"github.com/usherhq/usher/server/mail/smtptest"
	"github.com/usherhq/usher/server/outbox"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

const (
	loopback = "127.0.0.0/24"
	browser  = "Mozilla/5.0 (X11; Linux x86_64)"
)

// logged returns the whole log, newest first.
func logged(t *testing.T, srv *apitest.Server) []spec.AuditEntry {
	t.Helper()
	rows, err := audit.Filter{}.Older(t.Context(), srv.DB, uuid.Max, 1000)
	require.NoError(t, err)
	out := []spec.AuditEntry{}
	for _, row := range rows {
		e, err := audit.Show(row)
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

// mailed waits for a mail with a token in a link, and returns what the link holds.
func mailed(t *testing.T, smtp *smtptest.Server, to string) (user uuid.UUID, token string) {
	t.Helper()
	for {
		for _, link := range smtp.Wait(t, to).Links() {
			_, fragment, _ := strings.Cut(link, "#")
			if values, err := url.ParseQuery(fragment); err == nil && values.Has("token") {
				return uuid.MustParse(values.Get("user_id")), values.Get("token")
			}
		}
	}
}

func password(email, secret string) map[string]string {
	return map[string]string{"grant_type": "password", "username": email, "password": secret}
}

// TestWho (F4.3): an entry says who acted, on whom, from where, with what and in which request.
func TestWho(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	smtp := srv.Work()
	manager, admin := srv.User(spec.RoleMANAGER), srv.User(spec.RoleADMIN)
	from := func(c *apitest.Client, request string) *apitest.Client {
		return c.With("User-Agent", browser).With("X-Request-Id", request)
	}
	left := func(request, action string, kind spec.AuditActorKind, by, about uuid.UUID) spec.AuditEntry {
		t.Helper()
		e := logged(t, srv)[0]
		require.Equal(t, action, e.Action)
		who := spec.AuditActor{Kind: kind}
		if by != uuid.Nil {
			who.ID = new(by.String())
		}
		require.Equal(t, who, e.Actor)
		if about == uuid.Nil {
			require.Nil(t, e.UserID)
		} else {
			require.Equal(t, about, *e.UserID)
		}
		require.Equal(t, []*string{new(request), new(loopback), new(browser)}, []*string{e.RequestID, e.Address, e.Device})
		return e
	}
	const email = "ann@example.com"

	u := apitest.Do[spec.User](from(srv.Nobody(), "registers"), "POST", spec.RegisterUserPath(), map[string]string{"email": email, "password": apitest.Password}, 201)
	left("registers", spec.UserRegistered{}.Kind(), spec.AuditActorKindNobody, uuid.Nil, u.ID)

	id, token := mailed(t, smtp, email)
	apitest.Do[spec.Verified](from(srv.Nobody(), "confirms"), "POST", spec.ConfirmVerificationPath(), spec.VerificationConfirmation{UserID: id, Token: token}, 200)
	left("confirms", spec.UserVerified{}.Kind(), spec.AuditActorKindUser, u.ID, u.ID)

	from(srv.Nobody(), "mistypes").Send("POST", spec.IssueTokenPath(), password(email, "wrong"))
	e := left("mistypes", outbox.SignInFailed, spec.AuditActorKindNobody, uuid.Nil, u.ID)
	require.Equal(t, map[string]any{"reason": string(spec.ProblemInvalidCredentials), "locked": false}, e.Details)
	from(srv.Nobody(), "guesses-").Send("POST", spec.IssueTokenPath(), password("nobody@example.com", "wrong"))
	left("guesses-", outbox.SignInFailed, spec.AuditActorKindNobody, uuid.Nil, uuid.Nil)

	tok := apitest.Do[spec.Token](from(srv.Nobody(), "signs-in"), "POST", spec.IssueTokenPath(), password(email, apitest.Password), 200)
	left("signs-in", spec.SessionStarted{}.Kind(), spec.AuditActorKindUser, u.ID, u.ID)
	own := srv.Bearer(tok.AccessToken)

	apitest.Do[spec.User](from(own, "edits-own"), "PATCH", spec.UpdateMePath(), `{"bio":"Likes ships."}`, 200)
	left("edits-own", spec.UserUpdated{}.Kind(), spec.AuditActorKindUser, u.ID, u.ID)
	apitest.Do[spec.User](from(srv.As(manager), "edits-other"), "PATCH", spec.UpdateUserPath(u.ID), `{"bio":null}`, 200)
	e = left("edits-other", spec.UserUpdated{}.Kind(), spec.AuditActorKindUser, manager.ID, u.ID)
	require.Equal(t, []any{"bio"}, e.Details["fields"])

	require.Equal(t, 204, from(srv.As(admin), "deletes-").Send("DELETE", spec.DeleteUserPath(u.ID), nil).Status)
	left("deletes-", spec.UserDeleted{}.Kind(), spec.AuditActorKindUser, admin.ID, u.ID)
}

// TestOperatorAndSystem: what nobody asked for over HTTP has no network, device or request.
func TestOperatorAndSystem(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	for _, by := range []actor.Actor{actor.Operator(), actor.System()} {
		ctx := actor.With(t.Context(), by)
		made, err := store.InTx(ctx, srv.DB, func(tx pgx.Tx) (db.User, error) {
			return users.Create(ctx, tx, actor.Operator(), users.Draft{
				Email: uuid.NewString() + "@example.com", Role: spec.RoleADMIN, RegisteredAs: spec.RegistrationKindReader,
			})
		})
		require.NoError(t, err)
		e := logged(t, srv)[0]
		require.Equal(t, made.ID, *e.UserID)
		require.Equal(t, spec.AuditActor{Kind: by.Kind()}, e.Actor)
		require.Equal(t, []*string{nil, nil, nil}, []*string{e.Address, e.Device, e.RequestID})
	}
}

// TestRefused (F4.5): who tries what only others may do is on record; what one's own token was narrowed to is not.
func TestRefused(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u, other := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleADMIN)
	reader := srv.As(u).With("X-Request-Id", "tries-it")
	for _, tt := range []struct {
		method, path, operation string
		about                   *uuid.UUID
	}{
		{"GET", spec.ListUsersPath(), "listUsers", nil},
		{"GET", spec.ListAuditEntriesPath(), "listAuditEntries", nil},
		{"DELETE", spec.DeleteUserPath(other.ID), "deleteUser", &other.ID},
		{"GET", spec.GetUserPath(u.ID), "getUser", &u.ID},
		{"DELETE", "/users/no-id", "deleteUser", nil},
	} {
		apitest.Refused(reader, tt.method, tt.path, nil, spec.ProblemForbidden)
		e := logged(t, srv)[0]
		require.Equal(t, outbox.OperationRefused, e.Action)
		require.Equal(t, map[string]any{"operation": tt.operation, "reason": "forbidden"}, e.Details)
		require.Equal(t, spec.AuditActor{Kind: spec.AuditActorKindUser, ID: new(u.ID.String())}, e.Actor)
		require.Equal(t, tt.about, e.UserID)
		require.Equal(t, "tries-it", *e.RequestID)
	}
	apitest.Refused(srv.Role(spec.RoleMANAGER), "POST", spec.CreateUserPath(), `{"email":"x@example.com","role":"ADMIN"}`, spec.ProblemRoleNotGrantable)
	require.Equal(t, map[string]any{"operation": "createUser", "reason": "role-not-grantable", "asked": map[string]any{"role": "ADMIN"}},
		logged(t, srv)[0].Details, "by a rule, too")
	apitest.Refused(srv.As(other), "PATCH", spec.UpdateUserPath(other.ID), `{"email":"y@example.com"}`, spec.ProblemSelfEmailChange)
	require.Equal(t, map[string]any{"operation": "updateUser", "reason": "self-email-change"}, logged(t, srv)[0].Details)
	for _, body := range []string{
		`{"role":"what they like to write"}`, `{"role":["ADMIN"]}`, `{"role":"ADMIN"`, `"ADMIN"`, `{"role":"ADMIN","reason":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		apitest.Refused(reader, "PUT", spec.ChangeRolePath(other.ID), body, spec.ProblemForbidden)
		require.Equal(t, map[string]any{"operation": "changeRole", "reason": "forbidden"}, logged(t, srv)[0].Details, "free text stays out: %.40s", body)
	}
	request := password(u.Email, apitest.Password)
	request["scope"] = "users:read:own"
	narrowed := apitest.Do[spec.Token](srv.Nobody(), "POST", spec.IssueTokenPath(), request, 200)
	before := len(logged(t, srv))
	apitest.Refused(srv.Bearer(narrowed.AccessToken), "PATCH", spec.UpdateMePath(), `{"bio":null}`, spec.ProblemForbidden)
	apitest.Refused(srv.Nobody(), "GET", spec.ListUsersPath(), nil, spec.ProblemUnauthenticated)
	require.Len(t, logged(t, srv), before)
}

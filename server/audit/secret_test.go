package audit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/mail/smtptest"
	"github.com/usherhq/usher/server/users"
)

// busy is a run of the service whose secrets are remembered.
type busy struct {
	*apitest.Server
	t       *testing.T
	smtp    *smtptest.Server
	secrets []string
}

func (b *busy) secret(s string) string {
	b.secrets = append(b.secrets, s)
	return s
}

func (b *busy) signIn(email, secret string, more ...string) *apitest.Client {
	b.t.Helper()
	request := password(email, secret)
	for i := 0; i < len(more); i += 2 {
		request[more[i]] = more[i+1]
	}
	tok := apitest.Do[spec.Token](b.Nobody(), "POST", spec.IssueTokenPath(), request, 200)
	b.secret(tok.RefreshToken)
	return b.Bearer(b.secret(tok.AccessToken))
}

func (b *busy) do(c *apitest.Client, method, path string, body any) []byte {
	b.t.Helper()
	a := c.Send(method, path, body)
	require.Less(b.t, a.Status, 300, "%s %s: %s", method, path, a.Body)
	return a.Body
}

// newcomer registers, confirms and signs in, with some mistakes; then changes the profile, the password and the address.
func (b *busy) newcomer(email, secret string) {
	b.t.Helper()
	b.do(b.Nobody(), "POST", spec.RegisterUserPath(), map[string]string{"email": email, "password": b.secret(secret), "nickname": "secretive"})
	id, token := mailed(b.t, b.smtp, email)
	b.do(b.Nobody(), "POST", spec.ConfirmVerificationPath(), spec.VerificationConfirmation{UserID: id, Token: b.secret(token)})
	b.Nobody().Send("POST", spec.IssueTokenPath(), password(email, b.secret("a password of somebody else")))
	b.Nobody().Send("POST", spec.IssueTokenPath(), password("unknown-"+email, "a password of somebody else"))
	own := b.signIn(email, secret)
	b.do(own, "PATCH", spec.UpdateMePath(), `{"first_name":"Secretive"}`)
	b.do(own, "POST", spec.ChangePasswordPath(), spec.PasswordChange{CurrentPassword: secret, Password: b.secret("small boats drift at dawn")})
	b.do(own, "POST", spec.ChangeEmailPath(), spec.EmailChange{Password: "small boats drift at dawn", Email: "new-" + email})
	id, token = mailed(b.t, b.smtp, "new-"+email)
	b.do(b.Nobody(), "POST", spec.ConfirmEmailChangePath(), spec.EmailChangeConfirmation{UserID: id, Token: b.secret(token)})
	b.do(b.Nobody(), "POST", spec.RequestPasswordResetPath(), map[string]string{"email": "new-" + email})
	id, token = mailed(b.t, b.smtp, "new-"+email)
	b.do(b.Nobody(), "POST", spec.ResetPasswordPath(), spec.PasswordReset{UserID: id, Token: b.secret(token), Password: b.secret("white gulls follow the plough")})
}

// careful turns the second factor on and signs in with it.
func (b *busy) careful(email string) {
	b.t.Helper()
	own := b.signIn(email, apitest.Password)
	var enrolment spec.SecondFactorEnrolment
	require.NoError(b.t, json.Unmarshal(b.do(own, "POST", spec.EnrolSecondFactorPath(), map[string]string{}), &enrolment))
	code, err := totp.GenerateCode(b.secret(enrolment.Secret), time.Now())
	require.NoError(b.t, err)
	var codes spec.RecoveryCodes
	require.NoError(b.t, json.Unmarshal(b.do(own, "POST", spec.ConfirmSecondFactorPath(), map[string]string{"otp": code}), &codes))
	b.secrets = append(b.secrets, codes.RecoveryCodes...)
	refused := apitest.Do[spec.OAuthError](b.Nobody(), "POST", spec.IssueTokenPath(), password(email, apitest.Password), 403)
	b.do(b.Nobody(), "POST", spec.IssueTokenPath(), map[string]string{
		"grant_type": "urn:usher:grant-type:mfa", "mfa_token": b.secret(*refused.MfaToken), "recovery_code": codes.RecoveryCodes[0],
	})
	b.do(own, "DELETE", spec.EndOtherSessionsPath(), nil)
	b.do(own, "POST", spec.SignOutPath(), nil)
}

// TestNothingSecret: no entry holds a password, a token, a code or an address of anybody, whatever happened.
func TestNothingSecret(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	b := &busy{Server: srv, t: t, smtp: srv.Work(), secrets: []string{"secretive", apitest.Password, "@"}}
	b.newcomer("ann@example.com", "quiet rivers run down to the sea")
	u := b.User(spec.RoleAUTHOR)
	b.careful(u.Email)
	admin := b.signIn(b.User(spec.RoleADMIN, func(d *users.Draft) { d.Email = "root@example.com" }).Email, apitest.Password)
	b.do(admin, "POST", spec.CreateUserPath(), `{"email":"bob@example.com","first_name":"Secretive"}`)
	b.do(admin, "PATCH", spec.UpdateUserPath(u.ID), `{"email":"eve@example.com"}`)
	b.do(admin, "POST", spec.StartPasswordResetPath(u.ID), nil)
	b.do(admin, "DELETE", spec.ResetSecondFactorPath(u.ID), nil)
	b.do(admin, "DELETE", spec.DeleteUserPath(u.ID), nil)

	rows, err := srv.DB.Query(t.Context(), "SELECT lower(audit_entries::text) FROM audit_entries")
	require.NoError(t, err)
	entries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(entries), 20)
	for _, e := range entries {
		for _, secret := range b.secrets {
			require.NotContains(t, e, strings.ToLower(secret))
		}
	}
}

// TestFactsHoldNoAddress: facts are logged whole, so none may hold what the log must not.
func TestFactsHoldNoAddress(t *testing.T) {
	var contract struct {
		Webhooks map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct {
							Ref string `json:"$ref"`
						}
					}
				}
			}
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Format string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(api.JSON, &contract))
	require.Len(t, contract.Webhooks, len(spec.FactKinds()))
	for kind, hook := range contract.Webhooks {
		for _, body := range hook.Post.RequestBody.Content {
			fields := contract.Components.Schemas[strings.TrimPrefix(body.Schema.Ref, "#/components/schemas/")].Properties
			require.NotEmpty(t, fields, kind)
			for name, field := range fields {
				require.NotContains(t, []string{"email", "password"}, field.Format, "%s %s", kind, name)
				for _, word := range []string{"email", "password", "token", "secret", "code", "name"} {
					require.NotContains(t, name, word, kind)
				}
			}
		}
	}
}

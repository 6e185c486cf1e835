package server_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/store"
	"github.com/usherhq/usher/server/users"
)

// cell is one request of the matrix, with everything it is about made for it alone.
type cell struct {
	t      *testing.T
	srv    *apitest.Server
	admin  *apitest.Client // who prepares
	op     *spec.Operation
	target db.User // an AUTHOR, for operations that are about somebody else
	me     db.User // who asks; zero for nobody
	by     *apitest.Client
}

func (c *cell) signedIn(role spec.Role, changes ...func(*users.Draft)) (db.User, *apitest.Client) {
	u := c.srv.User(role, changes...)
	return u, c.srv.As(u)
}

func (c *cell) alter(sql string, args ...any) {
	c.t.Helper()
	_, err := c.srv.DB.Exec(c.t.Context(), sql, args...)
	require.NoError(c.t, err)
}

// found is the id that a query finds, or one of nobody.
func (c *cell) found(sql string, args ...any) string {
	c.t.Helper()
	id := uuid.New()
	if err := c.srv.DB.QueryRow(c.t.Context(), sql, args...).Scan(&id); err != nil {
		require.ErrorIs(c.t, err, pgx.ErrNoRows)
	}
	return id.String()
}

// begun is what POST makes at a path: for who asks, or, if they may not, for an admin.
func (c *cell) begun(path string, body any) string {
	c.t.Helper()
	for _, by := range []*apitest.Client{c.by, c.admin} {
		if body != nil {
			by = by.With("Content-Type", "text/csv")
		}
		a := by.Send("POST", path, body)
		if a.Status < 300 {
			at := a.Header.Get("Location")
			return at[strings.LastIndexByte(at, '/')+1:]
		}
	}
	require.Fail(c.t, "nobody may POST to "+path)
	return ""
}

// inPath is what the parameters of paths stand for.
var inPath = map[string]func(c *cell) string{
	"user_id":  func(c *cell) string { return c.target.ID.String() },
	"nickname": func(c *cell) string { return c.target.Nickname },
	"session_id": func(c *cell) string {
		owner := c.target
		if strings.HasPrefix(c.op.Path, "/me/") {
			owner = c.me
		}
		if owner.Email != "" && c.found("SELECT id FROM users WHERE id = $1", owner.ID) == owner.ID.String() {
			c.srv.As(owner)
		}
		return c.found("SELECT id FROM sessions WHERE user_id = $1 ORDER BY id DESC LIMIT 1", owner.ID)
	},
	"field_id": func(c *cell) string {
		return c.found("INSERT INTO profile_fields (id, name, title, schema, filterable, public) VALUES (uuid_v7(), $1, 'Team', '{}', true, true) RETURNING id", word())
	},
	"import_id": func(c *cell) string { return c.begun(spec.ImportUsersPath(), "email\n"+word()+"@example.com\n") },
	"export_id": func(c *cell) string {
		id := c.begun(spec.ExportUsersPath(), nil)
		c.alter("UPDATE exports SET state = 'done', finished_at = now() WHERE id = $1", id)
		return id
	},
}

// word is one that nobody has used, and that can be in names of all kinds.
func word() string { return "x" + strings.ReplaceAll(uuid.NewString(), "-", "")[:20] }

// inBody are members that the examples of the contract cannot know, by operation.
var inBody = map[string]func(c *cell) map[string]any{
	"registerUser":       newcomer,
	"createUser":         newcomer,
	"updateUser":         func(*cell) map[string]any { return map[string]any{"nickname": word()} },
	"changeEmail":        func(*cell) map[string]any { return map[string]any{"email": word() + "@example.com"} },
	"createProfileField": func(*cell) map[string]any { return map[string]any{"name": word()} },
	"lockUser":           func(*cell) map[string]any { return map[string]any{"until": time.Now().Add(time.Hour)} },
	"issueToken":         func(c *cell) map[string]any { return map[string]any{"username": c.target.Email} },
	"confirmVerification": func(c *cell) map[string]any {
		c.alter("UPDATE users SET email_verified_at = NULL WHERE id = $1", c.target.ID)
		return c.mailed(func(tx pgx.Tx) (db.User, string, bool, error) {
			return auth.MakeVerification(c.t.Context(), tx, c.target.ID, time.Hour)
		})
	},
	"confirmEmailChange": func(c *cell) map[string]any {
		c.alter("UPDATE users SET pending_email = $2 WHERE id = $1", c.target.ID, word()+"@example.com")
		return c.mailed(func(tx pgx.Tx) (db.User, string, bool, error) {
			return auth.MakeEmailChange(c.t.Context(), tx, c.target.ID, time.Hour)
		})
	},
	"resetPassword": func(c *cell) map[string]any {
		return c.mailed(func(tx pgx.Tx) (db.User, string, bool, error) {
			return auth.MakeReset(c.t.Context(), tx, users.PasswordMail{UserID: c.target.ID}, time.Hour)
		})
	},
	"confirmSecondFactor": func(c *cell) map[string]any {
		var begun spec.SecondFactorEnrolment
		a := c.by.Send("POST", spec.EnrolSecondFactorPath(), nil)
		if a.Status != 200 {
			return nil // who may not confirm either
		}
		require.NoError(c.t, json.Unmarshal(a.Body, &begun))
		code, err := totp.GenerateCode(begun.Secret, time.Now())
		require.NoError(c.t, err)
		return map[string]any{"otp": code}
	},
}

func newcomer(*cell) map[string]any {
	return map[string]any{"email": word() + "@example.com", "nickname": word()}
}

// mailed is what a link holds that is mailed to the target.
func (c *cell) mailed(prepare func(pgx.Tx) (db.User, string, bool, error)) map[string]any {
	c.t.Helper()
	token, err := store.InTx(c.t.Context(), c.srv.DB, func(tx pgx.Tx) (string, error) {
		_, token, _, err := prepare(tx)
		return token, err
	})
	require.NoError(c.t, err)
	return map[string]any{"user_id": c.target.ID, "token": token}
}

// before puts accounts into the state that an operation ends, by operation.
var before = map[string]func(c *cell){
	"removeSecondFactor":  enabled,
	"renewRecoveryCodes":  enabled,
	"reinstateUser":       func(c *cell) { c.alter("UPDATE users SET status = 'suspended' WHERE id = $1", c.target.ID) },
	"requestVerification": func(c *cell) { c.alter("UPDATE users SET email_verified_at = NULL WHERE id = $1", c.target.ID) },
}

func enabled(c *cell) {
	c.alter("UPDATE users SET second_factor_at = now() WHERE id = $1", c.me.ID)
	c.alter("UPDATE sessions SET amr = '{pwd,otp,mfa}' WHERE user_id = $1", c.me.ID)
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// ask sends the request, and returns the status of the answer.
func (c *cell) ask() int {
	c.t.Helper()
	if prepare := before[c.op.ID]; prepare != nil {
		prepare(c)
	}
	at := parameter.ReplaceAllStringFunc(c.op.Path, func(name string) string {
		fill := inPath[strings.Trim(name, "{}")]
		require.NotNil(c.t, fill, "say in inPath what %s of %s stands for", name, c.op.ID)
		return fill(c)
	})
	if len(c.op.Bodies) == 0 {
		return c.by.Send(c.op.Method, at, nil).Status
	}
	kind := c.op.Bodies[0]
	return c.by.With("Content-Type", kind.MediaType).Send(c.op.Method, at, c.body(kind)).Status
}

// body is the first example that the contract has, with the members that it cannot know.
func (c *cell) body(kind spec.Body) string {
	c.t.Helper()
	example := first(c.t, kind.Schema)
	known, isObject := example.(map[string]any)
	if !isObject {
		return example.(string)
	}
	members := maps.Clone(known)
	if fill := inBody[c.op.ID]; fill != nil {
		maps.Copy(members, fill(c))
	}
	if kind.MediaType == "application/x-www-form-urlencoded" {
		form := url.Values{}
		for name, value := range members {
			form.Set(name, value.(string))
		}
		return form.Encode()
	}
	b, err := json.Marshal(members)
	require.NoError(c.t, err)
	return string(b)
}

// schemas are those of the contract.
var schemas = sync.OnceValues(func() (map[string]struct{ Examples []any }, error) {
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Examples []any }
		}
	}
	err := json.Unmarshal(api.JSON, &doc)
	return doc.Components.Schemas, err
})

// first is the first example of a schema of the contract.
func first(t *testing.T, pointer string) any {
	t.Helper()
	all, err := schemas()
	require.NoError(t, err)
	examples := all[pointer[strings.LastIndexByte(pointer, '/')+1:]].Examples
	require.NotEmpty(t, examples, "%s has no example", pointer)
	return examples[0]
}

package auth_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/auth"
	"github.com/usherhq/usher/server/users"
)

const register = "/auth/register"

func registration(email string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, apitest.Password)
}

func TestRegister(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	a := srv.Nobody().Send("POST", register, `{"email":"Ann@Example.com","password":"tall ships sail at noon","nickname":"Ann-1",
		"first_name":"Ann","last_name":"Lee","bio":"Two\nlines","location":"Oslo","locale":"nb-NO","time_zone":"Europe/Oslo","kind":"author"}`)
	require.Equal(t, 201, a.Status, string(a.Body))
	require.NotContains(t, string(a.Body), "password")
	u := apitest.Do[spec.User](srv.Role(spec.RoleADMIN), "GET", a.Header.Get("Location"), nil, 200)
	require.Equal(t, spec.RoleANONYMOUS, u.Role)
	require.Nil(t, u.EmailVerifiedAt)
	require.Nil(t, u.LastLoginAt)
	require.Equal(t, []string{"Ann@Example.com", "Ann-1", "Ann", "Lee", "Two\nlines", "Oslo", "nb-NO", "Europe/Oslo"},
		[]string{u.Email, u.Nickname, *u.FirstName, *u.LastName, *u.Bio, *u.Location, *u.Locale, *u.TimeZone})
	require.Equal(t, []string{"user.registered"}, srv.Facts())

	stored, err := db.New().GetUser(t.Context(), srv.DB, u.ID)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(*stored.PasswordHash, "$argon2id$"), "REG12")
}

// TestDuplicateEmails: letter case and Unicode form do not make an address another one.
func TestDuplicateEmails(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("jürgen@example.com"), 201)
	for _, same := range []string{"jürgen@example.com", "JÜRGEN@Example.COM", "ju\u0308rgen@example.com", "jürgen@ｅxample.com"} {
		p := apitest.Refused(srv.Nobody(), "POST", register, registration(same), spec.ProblemEmailTaken)
		require.Equal(t, "Email already exists", p.Title, same)
	}
	require.Equal(t, []string{"user.registered"}, srv.Facts(), "a refusal announces nothing")
	for first, second := range map[string]string{"ΝΙΚΟΣ@example.com": "νικος@example.com", "a@bücher.example": "a@xn--bcher-kva.example"} {
		apitest.Do[spec.User](srv.Nobody(), "POST", register, registration(first), 201)
		apitest.Refused(srv.Nobody(), "POST", register, registration(second), spec.ProblemEmailTaken)
	}
}

func TestDuplicateEmailsAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	counts := race(32, func(i int) int {
		return srv.Nobody().Send("POST", register, registration("ann@example.com")).Status
	})
	require.Equal(t, map[int]int{201: 1, 409: 31}, counts)
}

// race calls fn n times at once and counts what it returns.
func race[K comparable](n int, fn func(i int) K) map[K]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[K]int{}
	for i := range n {
		wg.Go(func() {
			k := fn(i)
			mu.Lock()
			defer mu.Unlock()
			out[k]++
		})
	}
	wg.Wait()
	return out
}

func TestWeakRegistrations(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	for name, tt := range map[string]struct{ body, field string }{
		"not an address":    {`{"email":"ann","password":"tall ships sail at noon"}`, "/email format"},
		"no domain":         {`{"email":"ann@localhost","password":"tall ships sail at noon"}`, "/email format"},
		"header injection":  {`{"email":"ann@example.com\nBcc: x@example.com","password":"tall ships sail at noon"}`, "/email format"},
		"display name":      {`{"email":"Ann <ann@example.com>","password":"tall ships sail at noon"}`, "/email format"},
		"255 octets":        {`{"email":"` + strings.Repeat("ü", 124) + `@example.com","password":"tall ships sail at noon"}`, "/email format"},
		"nothing to see":    {`{"email":"a\u200bnn@example.com","password":"tall ships sail at noon"}`, "/email format"},
		"written backwards": {`{"email":"a\u202enn@example.com","password":"tall ships sail at noon"}`, "/email format"},
		"no such domain":    {`{"email":"ann@exam!ple.com","password":"tall ships sail at noon"}`, "/email format"},
		"a domain with _":   {`{"email":"ann@a_ü.com","password":"tall ships sail at noon"}`, "/email format"},
		"a bell":            {`{"email":"ann@example.com","password":"tall ships sail at noon\u0007"}`, "/password format"},
		"a long locale":     {`{"email":"ann@example.com","password":"tall ships sail at noon","locale":"en` + strings.Repeat("-abcde", 50_000) + `"}`, "/locale format"},
		"a file, no zone":   {`{"email":"ann@example.com","password":"tall ships sail at noon","time_zone":"posix/Europe/Paris"}`, "/time_zone format"},
		"14 characters":     {`{"email":"ann@example.com","password":"fourteen chars"}`, "/password too-short"},
		"129 characters":    {`{"email":"ann@example.com","password":"` + strings.Repeat("long ", 25) + `12345"}`, "/password too-long"},
		"own address":       {`{"email":"annabella.lee@example.com","password":"annabella.lee@example.com"}`, "/password own-data"},
		"one character":     {`{"email":"ann@example.com","password":"aaaaaaaaaaaaaaaaaaaa"}`, "/password repetitive"},
		"an admin's role":   {`{"email":"ann@example.com","password":"tall ships sail at noon","role":"ADMIN"}`, "/role unknown"},
		"an unheard kind":   {`{"email":"ann@example.com","password":"tall ships sail at noon","kind":"admin"}`, "/kind enum"},
		"verified already":  {`{"email":"ann@example.com","password":"tall ships sail at noon","email_verified_at":"2026-01-01T00:00:00Z"}`, "/email_verified_at unknown"},
		"a long first name": {`{"email":"ann@example.com","password":"tall ships sail at noon","first_name":"` + strings.Repeat("x", 101) + `"}`, "/first_name too-long"},
	} {
		t.Run(name, func(t *testing.T) {
			p := apitest.Refused(srv.Nobody(), "POST", register, tt.body, spec.ProblemInvalidRequest)
			require.Contains(t, apitest.Pointers(p), tt.field)
		})
	}
	require.Empty(t, srv.Facts())
}

func TestNicknames(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	t.Run("taken in any letter case", func(t *testing.T) {
		body := func(email, nickname string) string {
			return fmt.Sprintf(`{"email":%q,"password":"tall ships sail at noon","nickname":%q}`, email, nickname)
		}
		apitest.Do[spec.User](srv.Nobody(), "POST", register, body("a@example.com", "Nick"), 201)
		apitest.Refused(srv.Nobody(), "POST", register, body("b@example.com", "nICK"), spec.ProblemNicknameTaken)
	})
	t.Run("made up, and unique also when many come at once", func(t *testing.T) {
		names := race(32, func(i int) string {
			u := apitest.Do[spec.User](srv.Nobody(), "POST", register, registration(fmt.Sprintf("r%d@example.com", i)), 201)
			return u.Nickname
		})
		require.Len(t, names, 32)
		for n := range names {
			require.Regexp(t, `^[a-z]+-[a-z]+-[0-9]+$`, n)
		}
	})
}

// TestFirstUserAdmin: of many that race for it, exactly one becomes ADMIN.
func TestFirstUserAdmin(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.FirstUserAdmin)
	roles := race(32, func(i int) spec.Role {
		return apitest.Do[spec.User](srv.Nobody(), "POST", register, registration(fmt.Sprintf("r%d@example.com", i)), 201).Role
	})
	require.Equal(t, map[spec.Role]int{spec.RoleADMIN: 1, spec.RoleANONYMOUS: 31}, roles)
}

func TestNoAdminByDefault(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := apitest.Do[spec.User](srv.Nobody(), "POST", register, registration("ann@example.com"), 201)
	require.Equal(t, spec.RoleANONYMOUS, u.Role)
	require.NotEqual(t, uuid.Nil, u.ID)
}

// TestConcealedRegistration (REG2): new and known addresses get the same answer, and the owner of a known one a mail.
func TestConcealedRegistration(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.Conceal = true }))
	smtp := srv.Work()
	known, waiting := srv.User(spec.RoleAUTHENTICATED), srv.User(spec.RoleANONYMOUS, func(d *users.Draft) { d.Verified = false })
	smtp.Wait(t, waiting.Email)
	send := func(email, more string) apitest.Answer {
		return srv.Nobody().Send("POST", register, fmt.Sprintf(`{"email":%q,"password":%q%s}`, email, apitest.Password, more))
	}
	fresh := send("ann@example.com", "")
	require.Equal(t, 202, fresh.Status, string(fresh.Body))
	for _, email := range []string{known.Email, strings.ToUpper(known.Email), waiting.Email} {
		a := send(email, "")
		require.Equal(t, 202, a.Status)
		require.Equal(t, string(fresh.Body), string(a.Body))
	}
	require.Contains(t, smtp.Wait(t, "ann@example.com").Text, "/verify#")
	require.Contains(t, smtp.Wait(t, known.Email).Text, "/forgot-password")
	require.Contains(t, smtp.Wait(t, waiting.Email).Text, "/forgot-password", "who registered before may be somebody else")
	require.Equal(t, 200, try(srv, known.Email, apitest.Password).Status, "nothing changed")

	t.Run("nor does a nickname tell", func(t *testing.T) {
		for _, email := range []string{"bob@example.com", known.Email, "cat@example.com"} {
			require.Equal(t, 202, send(email, `,"nickname":"the-same-for-all"`).Status)
			require.Equal(t, 202, send(email, fmt.Sprintf(`,"nickname":%q`, known.Nickname)).Status)
		}
	})
	t.Run("nor does signing in", func(t *testing.T) {
		other := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.PasswordHash = nil })
		for _, email := range []string{"dan@example.com", other.Email} {
			require.Equal(t, 202, send(email, "").Status)
			require.Equal(t, spec.ProblemInvalidCredentials, code(t, try(srv, email, apitest.Password)))
		}
	})
}

// TestRegistrationModes (REG15).
func TestRegistrationModes(t *testing.T) {
	t.Parallel()
	for mode, want := range map[auth.Registration]spec.Problem{
		auth.RegistrationClosed: spec.ProblemRegistrationClosed, auth.RegistrationInvitation: spec.ProblemInvitationRequired,
	} {
		srv := apitest.New(t, apitest.Settings(func(s *auth.Settings) { s.Registration = mode }))
		apitest.Refused(srv.Nobody(), "POST", register, registration("ann@example.com"), want)
		apitest.Do[spec.User](srv.Role(spec.RoleMANAGER), "POST", "/users", `{"email":"ann@example.com"}`, 201)
	}
}

package users_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/actor"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

// TestLooks: nicknames that cannot be told apart have one look; those that can have not.
func TestLooks(t *testing.T) {
	t.Parallel()
	look := func(nickname string) string {
		_, look := users.NicknameKeys(nickname)
		return look
	}
	for a, b := range map[string]string{
		"paul": "pau1", "PAUL": "paui", "ian": "lan", "bob": "b0b", "B0B": "bob", "tim": "tirn", "Max": "rnax", "ann_lee": "ann-lee", "wanda": "vvanda",
	} {
		require.Equal(t, look(a), look(b), "%s and %s", a, b)
	}
	for a, b := range map[string]string{"ann": "anna", "ann-lee": "annlee", "bob": "bab", "tim": "tin", "rena": "mena", "ava": "awa", "max5": "maxs"} {
		require.NotEqual(t, look(a), look(b), "%s and %s", a, b)
	}
}

// TestMadeUpNicknames: no two that can be made up look alike, and none reads like a reserved word.
func TestMadeUpNicknames(t *testing.T) {
	t.Parallel()
	looks := map[string]string{}
	for a := range strings.FieldsSeq(users.Adjectives) {
		for b := range strings.FieldsSeq(users.Animals) {
			name := a + "-" + b
			_, look := users.NicknameKeys(name)
			require.Empty(t, looks[look], name)
			looks[look] = name
			require.NoError(t, users.CheckNicknameFor(actor.Actor{}, name+"-1337"))
			require.NoError(t, users.CheckNickname(name+"-1234567890"))
		}
	}
}

// TestReservedNicknames: what speaks for the service, or means something to programs, is kept, however it is spelled.
func TestReservedNicknames(t *testing.T) {
	t.Parallel()
	nobody := actor.Actor{}
	for name := range strings.FieldsSeq("admin Admin ADMIN a-d-m-i-n 4dm1n adm1n ADMlN adrnin admin1 admin_2026 the-admin admin-team Usher_Support support support24 " +
		"ann-official 0fficial offlcial 5taff StAfF r00t me-too-moderator m0d security sys-tem SYSTEM_1 u-sher UsHeR null NuLL und3fined ap1 API " +
		"w-w-w he1p heIp emai1 postmaster no-reply everyone 3v3ryone here m-e usher2 u5her_24 2-usher usher-team Usher-Billing the-usher root1 help-desk-1 me2 billing_2026") {
		require.Error(t, users.CheckNicknameFor(nobody, name), name)
		require.NoError(t, users.CheckNicknameFor(actor.Operator(), name), name)
		require.NoError(t, users.CheckNicknameFor(actor.Actor{User: db.User{Role: spec.RoleADMIN}}, name), name)
		require.Error(t, users.CheckNicknameFor(actor.Actor{User: db.User{Role: spec.RoleMANAGER}}, name), name)
	}
	for name := range strings.FieldsSeq("ann ada-lovelace Ali Nan badminton administer modesty supportive Rooted ushers-fan systematic meme apiary hereford 1234 rooty2 ushering 2teams l33t mallory") {
		require.NoError(t, users.CheckNicknameFor(nobody, name), name)
	}
}

// TestReservedForWhom: reserved nicknames are refused at every door, and given by admins only. Who has one keeps it.
func TestReservedForWhom(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	refused := func(c *apitest.Client, method, path, body string) {
		t.Helper()
		p := apitest.Refused(c, method, path, body, spec.ProblemInvalidRequest)
		require.Equal(t, []string{"/nickname reserved"}, apitest.Pointers(p))
	}
	u := srv.User(spec.RoleAUTHENTICATED)
	at := spec.UpdateUserPath(u.ID)
	manager, admin := srv.Role(spec.RoleMANAGER), srv.Role(spec.RoleADMIN)
	refused(srv.Nobody(), "POST", "/auth/register", draft("a@example.com", fmt.Sprintf(`"password":%q`, apitest.Password), `"nickname":"Usher-Support"`))
	refused(srv.As(u), "PATCH", "/me", `{"nickname":"4dmin"}`)
	refused(manager, "PATCH", at, `{"nickname":"staff"}`)
	refused(manager, "POST", "/users", draft("b@example.com", `"nickname":"moderator"`))

	apitest.Do[spec.User](admin, "POST", "/users", draft("c@example.com", `"nickname":"moderator"`), 201)
	apitest.Do[spec.User](admin, "PATCH", "/me", `{"nickname":"admin"}`, 200)
	apitest.Do[spec.User](admin, "PATCH", at, `{"nickname":"Security-Team"}`, 200)
	got := apitest.Do[spec.User](srv.As(u), "PATCH", "/me", `{"nickname":"security-team","bio":"On watch."}`, 200)
	require.Equal(t, "security-team", got.Nickname, "another spelling of what is theirs")
	apitest.Do[spec.User](manager, "PATCH", at, `{"nickname":"security-team","bio":"Off."}`, 200)
	refused(srv.As(u), "PATCH", "/me", `{"nickname":"security-1"}`)
}

// TestConfusableNicknames: what looks like a nickname that is taken is refused with a problem of its own, to everybody but
// its owner.
func TestConfusableNicknames(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.Nickname = new("Paul_Moon") })
	other := srv.User(spec.RoleAUTHENTICATED)
	admin := srv.Role(spec.RoleADMIN)
	register := draft("a@example.com", fmt.Sprintf(`"password":%q`, apitest.Password), `"nickname":"paul-m00n"`)
	apitest.Refused(srv.Nobody(), "POST", "/auth/register", register, spec.ProblemNicknameConfusable)
	apitest.Refused(admin, "POST", "/users", draft("b@example.com", `"nickname":"Pau1-moon"`), spec.ProblemNicknameConfusable)
	apitest.Refused(admin, "PATCH", spec.UpdateUserPath(other.ID), `{"nickname":"paul-rnoon"}`, spec.ProblemNicknameConfusable)
	apitest.Refused(srv.As(other), "PATCH", "/me", `{"nickname":"PAUL_MOON"}`, spec.ProblemNicknameTaken)
	require.Equal(t, other.Nickname, apitest.Do[spec.User](srv.As(other), "GET", "/me", nil, 200).Nickname)

	for _, form := range []string{"paul_moon", "PAUI-M00N", "Paul_Moon"} {
		require.Equal(t, form, apitest.Do[spec.User](srv.As(u), "PATCH", "/me", fmt.Sprintf(`{"nickname":%q}`, form), 200).Nickname)
	}
	t.Run("what was taken before looks counted stays", func(t *testing.T) {
		_, err := srv.DB.Exec(t.Context(), "UPDATE users SET nickname = 'pau1-moon', nickname_key = 'pau1-moon', nickname_skeleton = NULL WHERE id = $1", other.ID)
		require.NoError(t, err)
		got := apitest.Do[spec.User](srv.As(other), "PATCH", "/me", `{"nickname":"pau1-moon","bio":"Still here."}`, 200)
		require.Equal(t, "Still here.", *got.Bio)
	})
	t.Run("a nickname that was given up is free", func(t *testing.T) {
		apitest.Do[spec.User](srv.As(u), "PATCH", "/me", `{"nickname":"someone-new"}`, 200)
		apitest.Do[spec.User](admin, "POST", "/users", draft("d@example.com", `"nickname":"paul-moon"`), 201)
	})
}

// together calls f so many times at once.
func together(times int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range times {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// TestSameNicknameAtOnce: of many who want what is one nickname, in letter case or in looks, one gets it.
func TestSameNicknameAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	forms := []string{"merlin-1", "MERLIN-1", "merlin-l", "mer1in_1", "rnerlin-1", "Merlin_I", "merIin-1"}
	for way, want := range map[string]func(i int, nickname string) apitest.Answer{
		"register": func(i int, nickname string) apitest.Answer {
			body := draft(fmt.Sprintf("merlin-%d@example.com", i), fmt.Sprintf(`"password":%q`, apitest.Password), fmt.Sprintf(`"nickname":%q`, nickname))
			return srv.Nobody().Send("POST", "/auth/register", body)
		},
		"edit": func(i int, nickname string) apitest.Answer {
			return srv.Role(spec.RoleAUTHENTICATED).Send("PATCH", "/me", fmt.Sprintf(`{"nickname":"%s-too"}`, nickname))
		},
	} {
		var mu sync.Mutex
		lost, won := 0, 0
		together(32, func(i int) {
			a := want(i, forms[i%len(forms)])
			mu.Lock()
			defer mu.Unlock()
			switch {
			case a.Status == 409:
				lost++
			case a.Status < 300:
				won++
			}
		})
		require.Equal(t, []int{1, 31}, []int{won, lost}, way)
	}
}

// TestMadeUpAtOnce: all who register at once without a nickname have one of their own, which fits into a URL (USER4).
func TestMadeUpAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	together(32, func(i int) {
		u := apitest.Do[spec.User](srv.Nobody(), "POST", "/auth/register", draft(fmt.Sprintf("new-%d@example.com", i), fmt.Sprintf(`"password":%q`, apitest.Password)), 201)
		mu.Lock()
		defer mu.Unlock()
		seen[u.Nickname] = true
	})
	require.Len(t, seen, 32)
	for nickname := range seen {
		require.Regexp(t, `^[a-z]+-[a-z]+-[0-9]+$`, nickname)
	}
}

// TestRetriedAtOnce: one account comes of a request that is sent many times at once with one key (USER15).
func TestRetriedAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	boss := srv.User(spec.RoleADMIN)
	admin := srv.As(boss).With("Idempotency-Key", "one-and-the-same")
	var mu sync.Mutex
	ids, inUse := map[uuid.UUID]bool{}, 0
	together(32, func(int) {
		a := admin.Send("POST", "/users", draft("once@example.com"))
		mu.Lock()
		defer mu.Unlock()
		if a.Status == 409 {
			inUse++
			return
		}
		ids[decode(t, a).ID] = true
	})
	require.Len(t, ids, 1, "%d were told to wait", inUse)
	again := apitest.Do[spec.User](admin, "POST", "/users", draft("once@example.com"), 201)
	require.True(t, ids[again.ID])
	var made int
	require.NoError(t, srv.DB.QueryRow(t.Context(), "SELECT count(*) FROM users WHERE id <> $1", boss.ID).Scan(&made))
	require.Equal(t, 1, made)
	require.Equal(t, []string{"user.created"}, srv.Facts())
}

func decode(t *testing.T, a apitest.Answer) (u spec.User) {
	t.Helper()
	require.Equal(t, 201, a.Status, string(a.Body))
	require.NoError(t, json.Unmarshal(a.Body, &u))
	return u
}

package auth_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/db"
	"github.com/usherhq/usher/gen/spec"
	"github.com/usherhq/usher/server/apitest"
	"github.com/usherhq/usher/server/users"
)

// TestForeignHashes (SIGN15): users who come from elsewhere sign in with their old hash, which that sign-in replaces.
func TestForeignHashes(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	const horse = "corr\u00e9ct horse"
	for name, tt := range map[string]struct{ password, hash string }{
		"bcrypt":   {"rasmuslerdorf", "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"},
		"argon2":   {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
		"scrypt":   {horse, "scrypt:64:4:2$0OS8KEgn$9d94b8c13ef4951b2d6d7e30960113097654fd1a55c928fa0495139ba3881b80997eb2b6daf8d1f09d7d7acc19e1e76eb55eb88f619a3cfb0ab26a751785d1fd"},
		"Werkzeug": {horse, "pbkdf2:sha256:1000$4m7aETyjYhp8SCEi$1a3998075cfd04c9e96ece74a220909fd7ca44b6aeb776122f68b57e63fd9497"},
		"Django":   {horse, "pbkdf2_sha256$1200$Jk0sGd7pJ7w0dA5m4y1Vqz$T+tDsSf14zPDrj75S5DQ35USY/tg+c9UDw1BWOoI+OI="},
		"Firebase": {"user1password", "$firebase-scrypt$ln=14,r=8$Bw==$" +
			"jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$" +
			"lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="},
	} {
		t.Run(name, func(t *testing.T) {
			u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.PasswordHash = &tt.hash })
			require.Equal(t, 401, try(srv, u.Email, wrong).Status)
			stored := func() string {
				kept, err := db.New().GetUser(t.Context(), srv.DB, u.ID)
				require.NoError(t, err)
				return *kept.PasswordHash
			}
			require.Equal(t, tt.hash, stored(), "only the right password replaces it")
			require.Equal(t, 200, try(srv, u.Email, tt.password).Status)
			ours := stored()
			require.True(t, strings.HasPrefix(ours, "$argon2id$"), ours)
			require.Equal(t, 200, try(srv, u.Email, tt.password).Status)
			require.Equal(t, ours, stored(), "and once")
		})
	}
}

// TestForeignHashAtOnce: the right password is right, though a sign-in beside this one has just replaced the hash.
func TestForeignHashAtOnce(t *testing.T) {
	t.Parallel()
	srv := apitest.New(t)
	old := "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"
	u := srv.User(spec.RoleAUTHENTICATED, func(d *users.Draft) { d.PasswordHash = &old })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.Equal(t, 200, try(srv, u.Email, "rasmuslerdorf").Status) })
	}
	wg.Wait()
}

package password

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const horse = "corr\u00e9ct horse"

var (
	digits72 = strings.Repeat("0123456789", 7) + "ab"
	accents  = "x" + strings.Repeat("\u00e9", 40) // octet 72 is half of a character
)

// vectors are hashes that other programs made: bcrypt 5.0, argon2-cffi 25.1, passlib 1.7, Werkzeug 3.1 and Django 5.2
// for Python, and those that the authors of argon2, of PHP and of Firebase have published.
var vectors = []struct{ name, password, hash string }{
	{"argon2's reference implementation", "password",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
	{"PHP's manual", "rasmuslerdorf",
		"$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"},
	{"Firebase's README", "user1password",
		"$firebase-scrypt$ln=14,r=8$Bw==$" +
			"jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$" +
			"lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="},
	{"Firebase, in the URL's alphabet", "user1password",
		"$firebase-scrypt$ln=14,r=8$Bw$" +
			"jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA$42xEC-ixf3L2lw$" +
			"lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ"},
	{"bcrypt 2b", horse,
		"$2b$04$fzgnO5b1.ZAMbhIrOHk2s.sCsYZWap7qJbhFn7etNF1zAW3eidRG2"},
	{"bcrypt 2a", horse,
		"$2a$04$3tjzN0fjOd5dXCu1UQ0qkuYXfxZXjrlwSsyuVDRJG7IJvbDNd3fPO"},
	{"bcrypt 2y, as PHP says", horse,
		"$2y$04$7ld.4tDiIqZk4YyqZr5bFOIyEexCB28lo3whfaDKCrdC7lljPp6te"},
	{"bcrypt, 93 octets", digits72 + "this is not looked at",
		"$2b$04$O0GcjrjCd0BFtdIhnAqNeOPJCaduaCzL/tS.aW8sEcqZyt7mW7DvC"},
	{"bcrypt, exactly 72 octets", digits72,
		"$2b$04$MbJ4i0qwGo.JF4PJkzS3H.4EpUWs9/iFM/3W/3X/4LPvGuWRi0mKa"},
	{"bcrypt, cut within a character", accents,
		"$2b$04$PwN9D.dPXu7BwtQObWMs/eglknLVKdOrQ58wHULCZndS9/EEACvDS"},
	{"argon2-cffi argon2id", horse,
		"$argon2id$v=19$m=64,t=3,p=2$YJ6/DK5QSFINXa0d$TJpA8g6rACKaZgaqF0jGeb+whqvXRxvi"},
	{"argon2-cffi argon2i", horse,
		"$argon2i$v=19$m=64,t=3,p=2$ddw2Rr13jTWpX93Z$+mKuSjT/skhbcmo7seVhLgb1Et4l5jB+"},
	{"argon2id at argon2-cffi's defaults", horse,
		"$argon2id$v=19$m=65536,t=3,p=4$+n7yTwf9CIi2AaS7dgXWaA$Gsnev1eXjRU2/taacjZMvoOIgb8KGSGTPvObj3ykTXM"},
	{"passlib scrypt", horse,
		"$scrypt$ln=4,r=8,p=1$lvJea+39vzemlLK2VsrZ+w$SEBiMDfXfMGIsD/kcVCSYbyvxn03xp4WDkrIIJ8WH68"},
	{"passlib scrypt, other costs", horse,
		"$scrypt$ln=5,r=4,p=3$3VurlZLSuheCsDbG2FvLGePcW6tVCgEA$EFZrzWXZAe/mYUraaUaRPfF5E+FJzsaLbaMBtZ96pr0"},
	{"Werkzeug's default", horse,
		"scrypt:32768:8:1$iDQQXEj1HskNKcfW$7a35f053497e36516f0fff889bd57beea223a30e462a590fe2ec0966dd018a1a582b80a0f7c3e7de859e5683cbd8e3cf66df28d7f4f00c7a8236bb1b25886663"},
	{"Werkzeug scrypt, other costs", horse,
		"scrypt:64:4:2$0OS8KEgn$9d94b8c13ef4951b2d6d7e30960113097654fd1a55c928fa0495139ba3881b80997eb2b6daf8d1f09d7d7acc19e1e76eb55eb88f619a3cfb0ab26a751785d1fd"},
	{"Werkzeug PBKDF2 sha1", horse,
		"pbkdf2:sha1:1000$yarNcDhz9dX7dfVW$0287ad4365f19adf620f6a03559b01cf3e3c8fcd"},
	{"Werkzeug PBKDF2 sha256", horse,
		"pbkdf2:sha256:1000$4m7aETyjYhp8SCEi$1a3998075cfd04c9e96ece74a220909fd7ca44b6aeb776122f68b57e63fd9497"},
	{"Werkzeug PBKDF2 sha512", horse,
		"pbkdf2:sha512:1000$Ecn9PHTP4ICdxOMS$0f6f0a1645d417b2d8c80a89816cfd35420b925ce3ba66228bf3d3f8f5fc12cbeb17413e887040e0d9b05eb2ee1ad2a62485a6b67e64531d51cf22f6a3605f22"},
	{"Django scrypt", horse,
		"scrypt$16384$Wq2BTRHqTJ4nZ0Y5cSQ3Lx$8$5$KBf3sC0IG393eXmTbB6OV0NW7NQVZucl1BWGLLRcHHw5Stx/XHxJWX4EXkq1qWoTYCwPb4oTrJMBeQEFbXOfYw=="},
	{"Django scrypt, other costs", horse,
		"scrypt$64$salt$4$1$B1nZftrOjBlFlLYy3Rc3epkG1agSHNBMFzsveSNbtL39Ih9MUSDkJG3o7p8zKnE0eGNGp0/dZAXapMwbPAeU3A=="},
	{"Django PBKDF2", horse,
		"pbkdf2_sha256$1200$Jk0sGd7pJ7w0dA5m4y1Vqz$T+tDsSf14zPDrj75S5DQ35USY/tg+c9UDw1BWOoI+OI="},
	{"Django PBKDF2 sha1", horse,
		"pbkdf2_sha1$1200$Jk0sGd7pJ7w0$biRPwDqRVmNlsCan2S8TLQlLp3g="},
	{"Django argon2id", horse,
		"argon2$argon2id$v=19$m=64,t=1,p=1$Smswc0dkN3BKN3cwZEE1bTR5MVZxeg$RuusFVMgGOGGz9XX/04m/A0uS7KUtGYNy5RtUV8QOsA"},
	{"Django argon2i, up to 3.0", horse,
		"argon2$argon2i$v=19$m=512,t=2,p=2$xQ8pa1duODfWJrlLBUMCnw$46XF4tg1eNAxkkuZIpiGjw"},
	{"Django bcrypt_sha256", horse,
		"bcrypt_sha256$$2b$04$6T8RIoHpHni4ggDiUlcHb.b0XhoakdqTMPxlnPpeEoGJYwM7BE4JG"},
	{"Django bcrypt_sha256, 93 octets", digits72 + "this is not looked at",
		"bcrypt_sha256$$2b$04$/JFnuSV9ylD9og1eQkAhD.adSwr35gBG3ywQqMTMSad.Y/QjVbeNC"},
	{"Django bcrypt", horse,
		"bcrypt$$2b$04$i/xCBV.Td3Q3Bc1kBHY97.9Tnp4UEaZl9SfpoexGyK57HIg8rGVI6"},
	{"Django bcrypt, 2a", horse,
		"bcrypt$$2a$04$yDR0ujH67Y2Gzn742WApJ.n4B3dRdtUcBGNrfSZoOUjdBOKtOUOd."},
	{"Django bcrypt_sha256, 2a", horse,
		"bcrypt_sha256$$2a$04$TPAnjy7.XDfPUteyusERU.KjHAdIUIpmQHObvLH6E95hsrdWH7/zu"},
	{"made from a decomposed password", "corre\u0301ct horse",
		"$2b$04$RXuWYYK6787KXMGK.6Ucz.eOzeToC6JGDW/CgSk.Xq1.fz63AGt5C"},
	{"Werkzeug, decomposed", "corre\u0301ct horse",
		"pbkdf2:sha256:1000$dQUcBFfLG2chLP21$b3cf92a58a9ed411ffe40f7910579ddc276e35aaf083a4572d8faecb52479dfd"},
}

func TestVerifyForeign(t *testing.T) {
	h := newHasher(t, small(), 0, 8)
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			require.NoError(t, Recognise(v.hash))
			require.True(t, h.NeedsRehash(v.hash))
			for typed, want := range map[string]bool{v.password: true, "X" + v.password[1:]: false, "": false} {
				ok, err := h.Verify(t.Context(), v.hash, typed)
				require.NoError(t, err)
				require.Equal(t, want, ok, typed)
			}
		})
	}
}

func TestVerifyForeignSpellings(t *testing.T) {
	tests := map[string]struct {
		vector, typed string
		want          bool
	}{
		"composed, typed decomposed":   {"bcrypt 2b", "corre\u0301ct horse", true},
		"decomposed, typed composed":   {"made from a decomposed password", horse, false},
		"bcrypt ends at 72 octets":     {"bcrypt, 93 octets", digits72 + "other", true},
		"bcrypt does not end sooner":   {"bcrypt, 93 octets", digits72[:71], false},
		"Django's bcrypt does not end": {"Django bcrypt_sha256, 93 octets", digits72 + "other", false},
	}
	h := newHasher(t, small(), 0, 8)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ok, err := h.Verify(t.Context(), vector(t, test.vector), test.typed)
			require.NoError(t, err)
			require.Equal(t, test.want, ok)
		})
	}
}

func vector(t testing.TB, name string) string {
	t.Helper()
	for _, v := range vectors {
		if v.name == name {
			return v.hash
		}
	}
	t.Fatalf("no vector %q", name)
	return ""
}

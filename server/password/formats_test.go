package password

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecogniseRefuses(t *testing.T) {
	const (
		bcrypt   = "bcrypt 2b"
		scrypt   = "passlib scrypt"
		django   = "Django scrypt"
		werkzeug = "Werkzeug's default"
		pbkdf2   = "Django PBKDF2"
		firebase = "Firebase's README"
	)
	tests := map[string]struct{ vector, old, new string }{
		"bcrypt: cost 17":              {bcrypt, "$04$", "$17$"},
		"bcrypt: cost 3":               {bcrypt, "$04$", "$03$"},
		"bcrypt: signed cost":          {bcrypt, "$04$", "$+4$"},
		"bcrypt: one digit":            {bcrypt, "$04$", "$4$"},
		"bcrypt: no separator":         {bcrypt, "$04$", "$04."},
		"bcrypt: another alphabet":     {bcrypt, "eidRG2", "eid+G2"},
		"bcrypt: short":                {bcrypt, "eidRG2", "eidRG"},
		"bcrypt: long":                 {bcrypt, "eidRG2", "eidRG22"},
		"Django: bcrypt cut":           {"Django bcrypt", "$04$", "$"},
		"Django: bcrypt_sha256 cut":    {"Django bcrypt_sha256", "$04$", "$"},
		"Django: argon2 of 4 GiB":      {"Django argon2id", "m=64", "m=4194304"},
		"scrypt: 512 MiB":              {scrypt, "ln=4", "ln=19"},
		"scrypt: N overflows":          {scrypt, "ln=4", "ln=64"},
		"scrypt: N of 1":               {scrypt, "ln=4", "ln=0"},
		"scrypt: long blocks":          {scrypt, "r=8", "r=33"},
		"scrypt: no blocks":            {scrypt, "r=8", "r=0"},
		"scrypt: many lanes":           {scrypt, "p=1", "p=17"},
		"scrypt: 2 GiB in turn":        {scrypt, "ln=4,r=8,p=1", "ln=17,r=8,p=16"},
		"scrypt: leading zero":         {scrypt, "ln=4", "ln=04"},
		"scrypt: another order":        {scrypt, "ln=4,r=8", "r=8,ln=4"},
		"scrypt: no salt":              {scrypt, "lvJea+39vzemlLK2VsrZ+w", ""},
		"scrypt: long salt":            {scrypt, "lvJea+39vzemlLK2VsrZ+w", strings.Repeat("AAAA", 43)},
		"scrypt: padding":              {scrypt, "WH68", "WH68="},
		"scrypt: short hash":           {scrypt, "$SEBiMDfXfMGIsD/kcVCSYbyvxn03xp4WDkrIIJ8WH68", "$SEBiMDfXfMGIsD"},
		"scrypt: no hash":              {scrypt, "$SEBiMDfXfMGIsD/kcVCSYbyvxn03xp4WDkrIIJ8WH68", ""},
		"scrypt: a part more":          {scrypt, "WH68", "WH68$"},
		"Django: N is no power of two": {django, "$16384$", "$16383$"},
		"Django: N of 1":               {django, "$16384$", "$1$"},
		"Django: 512 MiB":              {django, "$16384$", "$524288$"},
		"Django: no salt":              {django, "Wq2BTRHqTJ4nZ0Y5cSQ3Lx", ""},
		"Django: long salt":            {django, "Wq2BTRHqTJ4nZ0Y5cSQ3Lx", strings.Repeat("A", 129)},
		"Django: short scrypt":         {django, "OfYw==", ""},
		"Django: line break":           {django, "OfYw==", "OfYw==\n"},
		"Werkzeug: 512 MiB":            {werkzeug, ":32768:", ":524288:"},
		"Werkzeug: negative":           {werkzeug, ":32768:", ":-32768:"},
		"Werkzeug: no costs":           {werkzeug, ":32768:8:1", ":"},
		"Werkzeug: no hexadecimal":     {werkzeug, "7a35", "7x35"},
		"Werkzeug: short":              {werkzeug, "7a35", ""},
		"PBKDF2: hours":                {pbkdf2, "$1200$", "$5000001$"},
		"PBKDF2: iterations overflow":  {pbkdf2, "$1200$", "$18446744073709552816$"},
		"PBKDF2: no iterations":        {pbkdf2, "$1200$", "$0$"},
		"PBKDF2: no salt":              {pbkdf2, "Jk0sGd7pJ7w0dA5m4y1Vqz", ""},
		"PBKDF2: another's hash":       {pbkdf2, "$T+tDsSf14zPDrj75S5DQ35USY/tg+c9UDw1BWOoI+OI=", "$biRPwDqRVmNlsCan2S8TLQlLp3g="},
		"PBKDF2: no hash":              {pbkdf2, "$T+tDsSf14zPDrj75S5DQ35USY/tg+c9UDw1BWOoI+OI=", "$"},
		"PBKDF2: no padding":           {pbkdf2, "OI=", "OI"},
		"Firebase: 512 MiB":            {firebase, "ln=14", "ln=19"},
		"Firebase: no salt":            {firebase, "42xEC+ixf3L2lw==", ""},
		"Firebase: no signer key":      {firebase, vectors[2].hash[32:120], ""},
		"Firebase: neither of both":    {firebase, vectors[2].hash[32:], "$42xEC+ixf3L2lw==$"},
		"Firebase: hash of 63 octets":  {firebase, "lQ==", ""},
		"megabytes":                    {pbkdf2, "Jk0s", strings.Repeat("A", 1<<20)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			good := vector(t, test.vector)
			require.Contains(t, good, test.old)
			err := Recognise(strings.Replace(good, test.old, test.new, 1))
			require.ErrorIs(t, err, ErrMalformed)
			require.Equal(t, ErrMalformed.Error(), err.Error(), "nothing of the hash is quoted")
		})
	}
}

func TestRecogniseKnowsNot(t *testing.T) {
	tests := map[string]string{
		"nothing":              "",
		"a password":           "secret-in-the-clear",
		"MD5":                  "5f4dcc3b5aa765d61d8327deb882cf99",
		"Django's MD5":         "md5$salt$67a1e09bb1f83f5007dc119c14d663aa",
		"SHA-512 crypt":        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
		"an old fault's mark":  "$2x$04$fzgnO5b1.ZAMbhIrOHk2s.sCsYZWap7qJbhFn7etNF1zAW3eidRG2",
		"argon2d":              "$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"argon2 1.0":           "$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"argon2 1.0, unspoken": "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"Werkzeug with MD5":    "pbkdf2:md5:1000$salt$67a1e09bb1f83f5007dc119c14d663aa",
		"space before":         " $2b$04$fzgnO5b1.ZAMbhIrOHk2s.sCsYZWap7qJbhFn7etNF1zAW3eidRG2",
	}
	for name, stored := range tests {
		t.Run(name, func(t *testing.T) {
			err := Recognise(stored)
			require.ErrorIs(t, err, ErrUnsupported)
			require.NotErrorIs(t, err, ErrMalformed)
			require.NotContains(t, err.Error(), "salt")
			for _, f := range formats {
				require.Contains(t, err.Error(), f.prefix)
			}
		})
	}
}

func TestEveryFormatHasAVector(t *testing.T) {
	for _, f := range formats {
		has := false
		for _, v := range vectors {
			has = has || strings.HasPrefix(v.hash, f.prefix)
		}
		require.True(t, has, f.prefix)
	}
}

// FuzzParse feeds parse with anything, and checks a password against what comes out where that costs little.
func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.hash)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		d, err := parse(stored)
		require.Equal(t, err == nil, d != nil)
		if err == nil && cheap(d) {
			require.False(t, d.matches("a password that nobody has"))
		}
	})
}

func cheap(d digest) bool {
	switch d := d.(type) {
	case argon2Hash:
		return d.MemoryKiB*d.Iterations < 1<<10
	case bcryptHash:
		return strings.HasPrefix(string(d), "$2b$04$")
	case bcryptSHA256Hash:
		return cheap(d.digest)
	case pbkdf2Hash:
		return d.iterations < 1<<10
	case scryptHash:
		return d.n*d.r*d.p < 1<<10
	case firebaseHash:
		return d.n*d.r < 1<<10
	}
	panic("a new type of digest")
}

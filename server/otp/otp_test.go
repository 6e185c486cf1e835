package otp_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/otp"
)

// rfcSecret is the one of RFC 6238 appendix B for SHA-1.
const rfcSecret = "12345678901234567890"

func TestMatchVectors(t *testing.T) {
	// The last six of the eight digits in RFC 6238 appendix B.
	tests := map[int64]struct {
		code string
		step int64
	}{
		59:          {"287082", 0x1},
		1111111109:  {"081804", 0x23523EC},
		1111111111:  {"050471", 0x23523ED},
		1234567890:  {"005924", 0x273EF07},
		2000000000:  {"279037", 0x3F940AA},
		20000000000: {"353130", 0x27BC86AA},
	}
	for at, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			step, ok := otp.Match([]byte(rfcSecret), test.code, time.Unix(at, 0), 0)
			require.True(t, ok)
			require.Equal(t, test.step, step)
		})
	}
}

func TestMatchWindow(t *testing.T) {
	const code, step = "050471", 0x23523ED // good in [start, start+30)
	start := time.Unix(step*30, 0)
	tests := map[string]struct {
		at    time.Time
		after int64
		ok    bool
	}{
		"its first second":          {start, 0, true},
		"its last nanosecond":       {start.Add(30*time.Second - 1), 0, true},
		"as early as may be":        {start.Add(-30 * time.Second), 0, true},
		"a nanosecond too early":    {start.Add(-30*time.Second - 1), 0, false},
		"as late as may be":         {start.Add(60*time.Second - 1), 0, true},
		"too late":                  {start.Add(60 * time.Second), 0, false},
		"another time zone":         {start.In(time.FixedZone("", 5*3600+1800)), 0, true},
		"after the step before":     {start, step - 1, true},
		"used":                      {start, step, false},
		"used, and it is late":      {start.Add(45 * time.Second), step, false},
		"a later one was used":      {start, step + 1, false},
		"used by a clock far ahead": {start, step + 1000, false},
		"a decade before it":        {start.AddDate(-10, 0, 0), 0, false},
		"the zero time":             {time.Time{}, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := otp.Match([]byte(rfcSecret), code, test.at, test.after)
			require.Equal(t, test.ok, ok)
			if test.ok {
				require.EqualValues(t, step, got)
			} else {
				require.Zero(t, got)
			}
		})
	}
}

func TestMatchTyped(t *testing.T) {
	tests := map[string]struct {
		typed string
		ok    bool
	}{
		"as it is":              {"050471", true},
		"in groups":             {"050 471", true},
		"with space around":     {" \t050471\r\n", true},
		"no-break spaces":       {"050\u00a0471\u202f", true},
		"another":               {"050472", false},
		"nothing":               {"", false},
		"spaces":                {"      ", false},
		"without leading zero":  {"50471", false},
		"a digit more":          {"0504710", false},
		"eight digits":          {"14050471", false},
		"twice":                 {"050471050471", false},
		"very long":             {strings.Repeat("050471", 1<<16), false},
		"full-width digits":     {"０５０４７１", false},
		"Arabic digits":         {"٠٥٠٤٧١", false},
		"a sign":                {"+50471", false},
		"a dash":                {"050-471", false},
		"letters for digits":    {"O5O47l", false},
		"a NUL":                 {"050471\x00", false},
		"not UTF-8":             {"050471\xff", false},
		"zero-width characters": {"050\u200b471", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, ok := otp.Match([]byte(rfcSecret), test.typed, time.Unix(1111111111, 0), 0)
			require.Equal(t, test.ok, ok)
		})
	}
}

// TestMatchTwice types a code that two neighbouring steps have in common, as one
// in a million does: once it is used, it is so for both.
func TestMatchTwice(t *testing.T) {
	const code, first = "911617", 910737
	for _, at := range []int64{first, first + 1} {
		now := time.Unix(at*30, 0)
		step, ok := otp.Match([]byte(rfcSecret), code, now, 0)
		require.True(t, ok)
		require.EqualValues(t, first+1, step)
		_, ok = otp.Match([]byte(rfcSecret), code, now, step)
		require.False(t, ok, "replayed")
	}
}

func TestMatchShortSecrets(t *testing.T) {
	tests := map[string]struct {
		secret []byte
		code   string // the one of step 1
	}{
		"none":  {nil, "812658"},
		"empty": {[]byte{}, "812658"},
		"short": {[]byte(rfcSecret[:15]), "617190"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, ok := otp.Match(test.secret, test.code, time.Unix(59, 0), 0)
			require.False(t, ok)
		})
	}
}

func TestNewSecret(t *testing.T) {
	secret := otp.NewSecret()
	require.Len(t, secret, 20)
	require.NotEqual(t, secret, otp.NewSecret())
	require.Regexp(t, "^[A-Z2-7]{32}$", otp.Text(secret))
	require.Equal(t, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", otp.Text([]byte(rfcSecret)))
	require.Equal(t, "MZXW6YTB", otp.Text([]byte("fooba")), "RFC 4648 section 10")
	require.Equal(t, "MZXW6", otp.Text([]byte("foo")), "no padding")
}

func TestURI(t *testing.T) {
	const rest = "&algorithm=SHA1&digits=6&period=30"
	tests := map[string]struct{ issuer, account, want string }{
		"plain":      {"Usher", "anna", "Usher:anna?secret=GEZDGNBV&issuer=Usher"},
		"spaces":     {"ACME Co", "Anna Smith", "ACME%20Co:Anna%20Smith?secret=GEZDGNBV&issuer=ACME%20Co"},
		"an address": {"Usher", "anna+a@example.com", "Usher:anna%2Ba%40example.com?secret=GEZDGNBV&issuer=Usher"},
		"reserved":   {"A&B=C/D?#%", "é", "A%26B%3DC%2FD%3F%23%25:%C3%A9?secret=GEZDGNBV&issuer=A%26B%3DC%2FD%3F%23%25"},
		"colons":     {"ACME: Co", "a:b", "ACME%20Co:ab?secret=GEZDGNBV&issuer=ACME%20Co"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			uri := otp.URI(test.issuer, test.account, []byte("12345"))
			require.Equal(t, "otpauth://totp/"+test.want+rest, uri)

			u, err := url.Parse(uri)
			require.NoError(t, err)
			without := strings.NewReplacer(":", "")
			require.Equal(t, "/"+without.Replace(test.issuer)+":"+without.Replace(test.account), u.Path)
			require.Equal(t, without.Replace(test.issuer), u.Query().Get("issuer"))
		})
	}
}

package password

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// small costs next to nothing, for tests that hash a lot.
func small() Params { return Params{MemoryKiB: 8, Iterations: 1, Parallelism: 1} }

func TestPHCIsWrittenAsItIsRead(t *testing.T) {
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	d, err := parse(known)
	require.NoError(t, err)
	require.Equal(t, known, d.(argon2Hash).String())
}

func TestArgon2Refuses(t *testing.T) {
	const good = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	_, err := parse(good)
	require.NoError(t, err)

	tests := map[string]string{
		"4 GiB":             strings.Replace(good, "m=19456", "m=4194304", 1),
		"no memory":         strings.Replace(good, "m=19456", "m=0", 1),
		"negative memory":   strings.Replace(good, "m=19456", "m=-1", 1),
		"memory overflows":  strings.Replace(good, "m=19456", "m=4294986752", 1),
		"many iterations":   strings.Replace(good, "t=2", "t=4294967295", 1),
		"no iterations":     strings.Replace(good, "t=2", "t=0", 1),
		"many lanes":        strings.Replace(good, "p=1", "p=255", 1),
		"lanes overflow":    strings.Replace(good, "p=1", "p=257", 1),
		"no lanes":          strings.Replace(good, "p=1", "p=0", 1),
		"leading zero":      strings.Replace(good, "t=2", "t=02", 1),
		"leading plus":      strings.Replace(good, "t=2", "t=+2", 1),
		"another order":     strings.Replace(good, "m=19456,t=2", "t=2,m=19456", 1),
		"one more option":   strings.Replace(good, "p=1", "p=1,keyid=AA", 1),
		"padding":           good + "=",
		"line break":        good + "\n",
		"line break within": strings.Replace(good, "AAA$", "AAA\n$", 1),
		"trailing bits":     good[:len(good)-1] + "B",
		"one more part":     good + "$",
		"short salt":        strings.Replace(good, strings.Repeat("A", 22)+"$", "AAAAAAAAAA$", 1),
		"short hash":        good[:len(good)-23],
		"long hash":         good + strings.Repeat("A", 64),
		"longer than sense": good + strings.Repeat("A", 1<<20),
	}
	for name, phc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(phc)
			require.ErrorIs(t, err, ErrMalformed)
		})
	}
}

func TestParamsValidate(t *testing.T) {
	require.NoError(t, DefaultParams().Validate())
	require.NoError(t, Params{MemoryKiB: 256 << 10, Iterations: 16, Parallelism: 16}.Validate())
	require.Error(t, Params{}.Validate())
	require.Error(t, Params{MemoryKiB: 31, Iterations: 1, Parallelism: 4}.Validate())
}

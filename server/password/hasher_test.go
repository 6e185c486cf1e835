package password

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newHasher(t testing.TB, p Params, slots, queue int) *Hasher {
	t.Helper()
	h, err := NewHasher(p, slots, queue)
	require.NoError(t, err)
	return h
}

func TestVerify(t *testing.T) {
	h := newHasher(t, small(), 0, 8)
	long := strings.Repeat("correct horse ", 9)
	tests := map[string]struct {
		stored, typed string
		ok            bool
	}{
		"the same":                    {"purple monkey dishwasher", "purple monkey dishwasher", true},
		"another letter case":         {"purple monkey dishwasher", "Purple monkey dishwasher", false},
		"a space more":                {"purple monkey dishwasher", "purple monkey dishwasher ", false},
		"composed, typed decomposed":  {"caf\u00e9 in the morning", "cafe\u0301 in the morning", true},
		"decomposed, typed composed":  {"cafe\u0301 in the morning", "caf\u00e9 in the morning", true},
		"compatibility forms differ":  {"\ufb01fteen characters", "fifteen characters", false},
		"differs after 72 bytes":      {long + "a", long + "b", false},
		"differs after a NUL":         {"fifteen\x00characters", "fifteen\x00character!", false},
		"nothing against a real hash": {"purple monkey dishwasher", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hash, err := h.Hash(t.Context(), test.stored)
			require.NoError(t, err)
			ok, err := h.Verify(t.Context(), hash, test.typed)
			require.NoError(t, err)
			require.Equal(t, test.ok, ok)
		})
	}
}

func TestHashIsSalted(t *testing.T) {
	h := newHasher(t, DefaultParams(), 1, 0)
	one, err := h.Hash(t.Context(), "purple monkey dishwasher")
	require.NoError(t, err)
	two, err := h.Hash(t.Context(), "purple monkey dishwasher")
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, one)
}

func TestVerifyWithoutHash(t *testing.T) {
	h := newHasher(t, small(), 1, 0)
	require.Equal(t, h.params, h.decoy.Params)
	ok, err := h.Verify(t.Context(), "", "purple monkey dishwasher")
	require.NoError(t, err)
	require.False(t, ok)

	h.decoy = newArgon2(h.params, "guessed") // not even when the decoy matches
	ok, err = h.Verify(t.Context(), "", "guessed")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestVerifyRefusesTheHash(t *testing.T) {
	for stored, want := range map[string]error{"secret-in-the-clear": ErrUnsupported, "$2b$secret-in-the-clear": ErrMalformed} {
		ok, err := newHasher(t, small(), 1, 0).Verify(t.Context(), stored, stored)
		require.ErrorIs(t, err, want)
		require.NotContains(t, err.Error(), "clear")
		require.False(t, ok)
	}
}

func TestNewHasherRefusesParams(t *testing.T) {
	_, err := NewHasher(Params{MemoryKiB: 1 << 30, Iterations: 1, Parallelism: 1}, 1, 1)
	require.ErrorContains(t, err, "memory")
}

func TestNeedsRehash(t *testing.T) {
	h := newHasher(t, small(), 1, 0)
	other := small()
	other.Iterations++
	tests := map[string]struct {
		hash string
		want bool
	}{
		"our parameters":   {newArgon2(small(), "x").String(), false},
		"other parameters": {newArgon2(other, "x").String(), true},
		"another salt length": {
			argon2Hash{Params: small(), salt: randomBytes(8), sum: randomBytes(sumLen)}.String(), true},
		"another hash length": {
			argon2Hash{Params: small(), salt: randomBytes(saltLen), sum: randomBytes(64)}.String(), true},
		"another scheme":   {"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", true},
		"the same, but i":  {strings.Replace(newArgon2(small(), "x").String(), "argon2id", "argon2i", 1), true},
		"in Django's form": {"argon2" + newArgon2(small(), "x").String(), true},
		"no hash at all":   {"x", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, h.NeedsRehash(test.hash)) })
	}
}

func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, small(), 2, 1)
		require.NoError(t, h.enter(t.Context()))
		require.NoError(t, h.enter(t.Context()))

		var waited atomic.Bool
		go func() {
			_, err := h.Hash(t.Context(), "waits for a slot")
			assert.NoError(t, err)
			waited.Store(true)
		}()
		synctest.Wait()
		require.False(t, waited.Load(), "more hashes at once than slots")

		_, err := h.Hash(t.Context(), "finds the queue full")
		require.ErrorIs(t, err, ErrBusy)
		_, err = h.Verify(t.Context(), "", "finds the queue full")
		require.ErrorIs(t, err, ErrBusy)

		h.leave()
		synctest.Wait()
		require.True(t, waited.Load())
		h.leave()
		require.Empty(t, h.slots)
		require.Empty(t, h.places)
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, small(), 1, 1)
		require.NoError(t, h.enter(t.Context()))

		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := h.Verify(ctx, "", "gives up")
			failed <- err
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-failed, context.Canceled)
		require.Len(t, h.places, 1, "the place in the queue is free again")

		h.leave()
		_, err := h.Hash(ctx, "comes too late")
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestMemoryOfAStorm looks at the heap whenever a hash has been computed. One that runs has all its memory, so what is
// seen is at most one hash's less than the most there was. The collector does nothing by itself.
func TestMemoryOfAStorm(t *testing.T) {
	const slots, callers, each = 2, 8, 3
	p := Params{MemoryKiB: 19 << 10, Iterations: 1, Parallelism: 1}
	h := newHasher(t, p, slots, callers)
	pace := debug.SetGCPercent(-1)
	defer debug.SetGCPercent(pace)
	h.giveBack()
	before := heap()
	var most atomic.Uint64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				_, err := h.Verify(t.Context(), "", "purple monkey dishwasher")
				assert.NoError(t, err) //nolint:testifylint // require may not end a goroutine of its own
				for now, seen := heap(), most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, callers*each, h.Hashes())
	one := uint64(p.MemoryKiB) << 10
	require.Less(t, most.Load(), before+2*slots*one)
	require.Greater(t, most.Load(), before+one, "the heap was looked at while there was nothing to see")
}

// heap is how much memory objects take, those that are not collected yet too.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, DefaultParams(), 1, 0)
		left := func() uint64 {
			h.collecting.Lock()
			defer h.collecting.Unlock()
			return h.Hashes() - h.collected
		}
		for range 3 {
			_, err := h.Hash(t.Context(), "purple monkey dishwasher")
			require.NoError(t, err)
			<-time.After(lull - 1)
			require.EqualValues(t, 1, left(), "the next may come soon")
		}
		<-time.After(1)
		synctest.Wait()
		require.Zero(t, left())
	})
}

func BenchmarkVerify(b *testing.B) {
	h := newHasher(b, DefaultParams(), 0, 0)
	hash, err := h.Hash(b.Context(), "purple monkey dishwasher")
	require.NoError(b, err)
	for name, hash := range map[string]string{"known": hash, "unknown": ""} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := h.Verify(b.Context(), hash, "purple monkey dishwasher")
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkStorm is a storm of sign-ins; with -benchtime=64x its peak memory can
// be read from VmHWM of the process.
func BenchmarkStorm(b *testing.B) {
	h := newHasher(b, DefaultParams(), 2, 1000)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := h.Verify(b.Context(), "", "purple monkey dishwasher")
			assert.NoError(b, err)
		}
	})
}

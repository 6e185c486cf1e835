package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/token"
)

func BenchmarkAccessToken(b *testing.B) {
	for _, alg := range []token.Algorithm{token.EdDSA, token.ES256} {
		k := key(b, alg)
		r := ring(b, k)
		raw := sign(b, r, noon())
		b.Run(string(alg)+"/sign", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sign(b, r, noon())
			}
		})
		b.Run(string(alg)+"/verify once", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				fresh := ring(b, k)
				b.StartTimer()
				_, err := fresh.Verify(raw, noon())
				require.NoError(b, err)
			}
		})
		b.Run(string(alg)+"/verify again", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := r.Verify(raw, noon())
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkRefresh(b *testing.B) {
	r := token.NewRefresher(secret(b, 'a'))
	raw := r.New(claims().Session).Token()
	b.ReportAllocs()
	for b.Loop() {
		t, err := r.Parse(raw)
		require.NoError(b, err)
		raw = t.Next().Token()
	}
}

func BenchmarkSealer(b *testing.B) {
	s := token.NewSealer(secret(b, 'a'), "cursor")
	payload, bound := []byte("2026-03-01T12:00:00.123456Z 01990000-0000-7000-8000-000000000001"), []byte("listUsers")
	sealed := s.Seal(payload, bound)
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Seal(payload, bound)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := s.Open(sealed, bound)
			require.NoError(b, err)
		}
	})
}

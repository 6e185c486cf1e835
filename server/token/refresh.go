package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"
)

// Where the parts of a refresh token lie: version, session id, seed, generation
// and tag.
const (
	refreshVersion = 1
	atSession      = 1
	atSeed         = atSession + 16
	atGeneration   = atSeed + seedLen
	atTag          = atGeneration + 4
	refreshLen     = atTag + sha256.Size

	seedLen = 16
)

// Refresher issues refresh tokens and recognises its own. A token names its
// session, the session's random seed and a generation, and carries an
// HMAC-SHA256 over all three. Therefore:
//
//   - an authentic token of an old generation is a reuse, which revokes the
//     session; garbage and guesses are told from it and revoke nothing;
//   - the next token follows from the current one, so that of two refreshes that
//     race both get the same successor, though no token is stored anywhere;
//   - nobody makes the next generation without the service's secret, not even
//     who holds the current one;
//   - the database has a hash of the seed: who reads all of it can forge nothing.
type Refresher struct {
	tag func(parts ...[]byte) []byte
}

// NewRefresher returns the refresher of a service.
func NewRefresher(s Secret) *Refresher { return &Refresher{tag: s.mac("refresh token")} }

// Refresh is one refresh token. It prints without what makes it a token.
type Refresh struct {
	Session    uuid.UUID
	Generation uint32

	seed   [seedLen]byte
	issuer *Refresher
}

// New returns the first token of a session, generation 0 of a fresh seed.
func (r *Refresher) New(session uuid.UUID) Refresh {
	t := Refresh{Session: session, issuer: r}
	rand.Read(t.seed[:]) // never fails, it ends the process instead
	return t
}

// Parse returns the token that raw encodes if this service issued it, or
// ErrInvalid. Whether session, seed and generation still count is for the
// database to say.
func (r *Refresher) Parse(raw string) (Refresh, error) {
	if len(raw) != base64url.EncodedLen(refreshLen) {
		return Refresh{}, invalid("wrong length")
	}
	b, err := decode(raw)
	if err != nil {
		return Refresh{}, err
	}
	if b[0] != refreshVersion {
		return Refresh{}, invalid("unknown version")
	}
	if !hmac.Equal(b[atTag:], r.tag(b[:atTag])) {
		return Refresh{}, invalid("not issued here")
	}
	return Refresh{
		Session:    uuid.UUID(b[atSession:atSeed]),
		Generation: binary.BigEndian.Uint32(b[atGeneration:atTag]),
		seed:       [seedLen]byte(b[atSeed:atGeneration]),
		issuer:     r,
	}, nil
}

// Next returns the successor, the same one each time.
func (t Refresh) Next() Refresh {
	t.Generation++
	return t
}

// SeedHash returns the SHA-256 of the seed, which the session's row stores.
func (t Refresh) SeedHash() []byte {
	sum := sha256.Sum256(t.seed[:])
	return sum[:]
}

// Token returns the base64url string that a client is given.
func (t Refresh) Token() string {
	b := make([]byte, 0, refreshLen)
	b = append(b, refreshVersion)
	b = append(b, t.Session[:]...)
	b = append(b, t.seed[:]...)
	b = binary.BigEndian.AppendUint32(b, t.Generation)
	return base64url.EncodeToString(append(b, t.issuer.tag(b)...))
}

package password

import (
	"context"
	"errors"
	"runtime"
)

// ErrBusy is returned at once when the queue in front of the hasher is full.
// Clients are told to come back later.
var ErrBusy = errors.New("password: too many hashes are waiting")

// Hasher hashes and verifies, only so many at once: each hash fills a core and
// takes Params.MemoryKiB, so an unbounded storm of sign-ins would take all
// memory and be slower too. Safe for concurrent use.
type Hasher struct {
	params Params
	decoy  digest
	places chan struct{} // held while hashing or waiting to
	slots  chan struct{} // held while hashing
}

// NewHasher returns a hasher that runs at most slots hashes at once, while at
// most queue callers wait. With slots of 0 it runs one per core. The error
// names a parameter out of bounds.
func NewHasher(p Params, slots, queue int) (*Hasher, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if slots <= 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	return &Hasher{
		params: p,
		decoy:  newDecoy(p),
		places: make(chan struct{}, slots+max(queue, 0)),
		slots:  make(chan struct{}, slots),
	}, nil
}

// Hash returns the PHC string of a password, with a fresh salt. It fails with
// ErrBusy, or with the context's error if that ends while the caller waits.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	return newDigest(h.params, normalise(password)).String(), nil
}

// Verify tells whether password is the one that hash was made from. For the
// empty hash, which stands for an unknown user or one without a password, the
// answer is false and takes as long as a real one. It fails as Hash does, and
// with ErrMalformed.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	stored := h.decoy
	if hash != "" {
		var err error
		if stored, err = parse(hash); err != nil {
			return false, err
		}
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	return stored.matches(normalise(password)) && hash != "", nil
}

// NeedsRehash tells whether hash, whose password was just verified, was made
// with other parameters than the hasher's and should be replaced.
func (h *Hasher) NeedsRehash(hash string) bool {
	d, err := parse(hash)
	return err != nil || d.Params != h.params || len(d.salt) != saltLen || len(d.sum) != sumLen
}

// enter waits for a slot, first come, first served. The caller must leave.
func (h *Hasher) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case h.places <- struct{}{}:
	default:
		return ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-h.places
		return ctx.Err()
	}
}

// leave frees the slot, after the memory of the hash: argon2 cannot be given a
// buffer to reuse, and left to its own pace the collector lets a storm of
// sign-ins reach three times the memory, where one collection costs a few
// percent of one hash.
func (h *Hasher) leave() {
	runtime.GC()
	<-h.slots
	<-h.places
}

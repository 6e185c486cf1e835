package password

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// ErrBusy is returned at once when the queue in front of the hasher is full.
// Clients are told to come back later.
var ErrBusy = errors.New("password: too many hashes are waiting")

// Hasher hashes and verifies, only so many at once: each hash fills a core and
// takes Params.MemoryKiB, so an unbounded storm of sign-ins would take all
// memory and be slower too. What hashes leave behind is never more than what
// runs, and nobody's for longer than the lull. Safe for concurrent use.
type Hasher struct {
	params Params
	decoy  argon2Hash
	places chan struct{} // held while hashing or waiting to
	slots  chan struct{} // held while hashing

	hashes     atomic.Uint64 // computed so far
	collecting sync.Mutex    // held while hashes must not begin
	collected  uint64        // hashes whose memory is free again
	rest       *time.Timer   // until giveBack, unless somebody hashes
}

// lull is for how long nobody must have hashed before memory goes back to the
// system. Taking it anew costs a tenth of a hash.
const lull = 2 * time.Second

// Hashes is how many hashes were computed so far.
func (h *Hasher) Hashes() uint64 { return h.hashes.Load() }

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
	h := &Hasher{
		params: p,
		decoy:  newDecoy(p),
		places: make(chan struct{}, slots+max(queue, 0)),
		slots:  make(chan struct{}, slots),
	}
	h.rest = time.AfterFunc(lull, h.giveBack)
	return h, nil
}

// Hash returns the PHC string of a password, with a fresh salt. It fails with
// ErrBusy, or with the context's error if that ends while the caller waits.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	h.makeRoom()
	return newArgon2(h.params, normalise(password)).String(), nil
}

// Verify tells whether password is the one that hash was made from. For the
// empty hash, which stands for an unknown user or one without a password, the
// answer is false and takes as long as one of ours. It fails as Hash does, and as
// Recognise does.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	var stored digest = h.decoy
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
	return h.fits(stored, password) && hash != "", nil
}

// fits tells whether stored was made from password: from its form NFC, as ours
// are, or from what was typed, as most other systems do.
func (h *Hasher) fits(stored digest, password string) bool {
	h.makeRoom()
	normal := normalise(password)
	if stored.matches(normal) {
		return true
	}
	if normal == password {
		return false
	}
	h.hashes.Add(1)
	h.makeRoom()
	return stored.matches(password)
}

// NeedsRehash tells whether hash, whose password was just verified, is not as
// Hash would make it, whether of another format or with other parameters, and
// should be replaced.
func (h *Hasher) NeedsRehash(hash string) bool {
	d, err := parse(hash)
	a, ok := d.(argon2Hash)
	return err != nil || !ok || a.Params != h.params || len(a.salt) != saltLen || len(a.sum) != sumLen || a.String() != hash
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

// makeRoom frees the memory of earlier hashes when they are as many as may run
// at once. No other hash begins meanwhile, so there is memory for fewer than twice
// as many as run. argon2 cannot be given a buffer to use again
// (https://go.dev/issue/36634). Left to its own pace, the collector lets a storm of
// sign-ins reach three times the memory; asked after every hash, it costs an eighth
// of a sign-in, most of it for sweeping what has nothing to do with hashes.
func (h *Hasher) makeRoom() {
	h.collecting.Lock()
	defer h.collecting.Unlock()
	if done := h.hashes.Load(); done-h.collected >= uint64(cap(h.slots)) {
		runtime.GC()
		h.collected = done
	}
}

// giveBack returns what the last hashes left behind to the system.
func (h *Hasher) giveBack() {
	h.collecting.Lock()
	defer h.collecting.Unlock()
	h.collected = h.hashes.Load()
	debug.FreeOSMemory()
}

// leave frees the slot.
func (h *Hasher) leave() {
	h.hashes.Add(1)
	h.rest.Reset(lull)
	<-h.slots
	<-h.places
}

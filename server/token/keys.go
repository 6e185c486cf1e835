package token

import "sync/atomic"

// Keys holds the keyring in use, for it to be swapped whole while requests run
// when keys are added or expire. Safe for concurrent use.
type Keys struct {
	ring atomic.Pointer[Keyring]
}

// NewKeys returns a holder of ring.
func NewKeys(ring *Keyring) *Keys {
	k := new(Keys)
	k.Load(ring)
	return k
}

// Load puts ring in the place of the current one.
func (k *Keys) Load(ring *Keyring) { k.ring.Store(ring) }

// Current returns the keyring in use.
func (k *Keys) Current() *Keyring { return k.ring.Load() }

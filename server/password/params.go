package password

import "fmt"

// What a stored hash may ask for. A hash is data, and data from an import or a
// tampered row must not make the service allocate gigabytes or compute for minutes.
const (
	maxMemoryKiB   = 256 << 10
	maxIterations  = 16
	maxParallelism = 16
)

// Params are the costs of one argon2id hash.
type Params struct {
	MemoryKiB   uint32 // memory for one hash, in KiB: at least 8 per lane, at most 256 MiB
	Iterations  uint32 // passes over the memory: 1 to 16
	Parallelism uint8  // lanes, each a goroutine: 1 to 16
}

// DefaultParams are those OWASP recommends: 19 MiB, two passes, one lane.
func DefaultParams() Params {
	return Params{MemoryKiB: 19 << 10, Iterations: 2, Parallelism: 1}
}

// Validate returns an error that names the first parameter out of bounds.
func (p Params) Validate() error {
	switch {
	case p.Parallelism < 1 || p.Parallelism > maxParallelism:
		return fmt.Errorf("password: parallelism %d is not within 1..%d", p.Parallelism, maxParallelism)
	case p.Iterations < 1 || p.Iterations > maxIterations:
		return fmt.Errorf("password: iterations %d are not within 1..%d", p.Iterations, maxIterations)
	case p.MemoryKiB < 8*uint32(p.Parallelism) || p.MemoryKiB > maxMemoryKiB:
		return fmt.Errorf("password: memory of %d KiB is not within %d..%d", p.MemoryKiB, 8*p.Parallelism, maxMemoryKiB)
	}
	return nil
}

package daemon

import (
	"math/rand/v2"
	"time"

	"plait/agent/daemon/config"
)

// backoff gives the waits between tries: doubling, bounded, and each different
// from that of the salon next door.
type backoff struct {
	config.Retry
	tries  int
	random func() float64 // in [0, 1)
}

func newBackoff(r config.Retry) *backoff { return &backoff{Retry: r, random: rand.Float64} }

// next is how long to wait after one more failure.
func (b *backoff) next() time.Duration {
	wait := b.present()
	b.tries++
	return wait
}

// present is how long the wait is at present, without a further failure.
func (b *backoff) present() time.Duration {
	wait := b.Longest
	if b.tries < maxDoublings {
		wait = min(b.Longest, b.First<<b.tries)
	}
	return b.vary(wait)
}

// maxDoublings keeps First, at most a day, far from overflowing.
const maxDoublings = 16

// first is how long after its start an agent waits before it calls: PCs that
// share a power switch come up together.
func (b *backoff) first() time.Duration {
	return time.Duration(float64(b.First) * float64(b.Jitter) / 100 * b.random())
}

func (b *backoff) vary(wait time.Duration) time.Duration {
	return time.Duration(float64(wait) * (1 + float64(b.Jitter)/100*(2*b.random()-1)))
}

func (b *backoff) reset() { b.tries = 0 }

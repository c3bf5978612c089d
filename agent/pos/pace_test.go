package pos

import (
	"testing"
	"time"
)

// Whoever began to wait while the lock was held, at whatever moment, looks once while
// Plait is away.
func TestAwayLetsWhoWaitsIn(t *testing.T) {
	const step = 100 * time.Microsecond
	for h := step; h <= 120*time.Millisecond; h += step {
		for waited := time.Duration(0); waited <= h; waited += step {
			if late := nextLook(waited) - waited; late > away(h) {
				t.Fatalf("the lock was held for %v: who has waited for %v looks again %v later, and Plait is away for %v", h, waited, late, away(h))
			}
		}
	}
}

// nextLook is when somebody who waits looks next, counted from when he began.
func nextLook(waited time.Duration) time.Duration {
	at := time.Duration(0)
	for i := 0; at <= waited; i++ {
		at += max(busyPauses[min(i, len(busyPauses)-1)], leastPause)
	}
	return at
}

func TestAwayIsShort(t *testing.T) {
	if leastPause > time.Millisecond {
		t.Logf("pauses take %v at least here", leastPause)
		return
	}
	for held, want := range map[time.Duration]time.Duration{2: 4, 3: 7, 7: 7, 17: 12, 18: 17, 40: 22, 500: 27} {
		if got := away(held * time.Millisecond); got != want*time.Millisecond {
			t.Errorf("after %d ms Plait is away for %v, want %d ms", held, got, want)
		}
	}
}

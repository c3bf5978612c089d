package apply

import (
	"errors"
	"sync"
)

// errBehind means that the POS changed something while what the last slice wrote was
// still being captured.
var errBehind = errors.New("capture is behind")

// behind captures what slices wrote while the next ones are planned and written:
// nothing of it is needed before the job ends, unless the POS itself changes
// something. It is waited for before anything else is captured.
type behind struct {
	mu    sync.Mutex
	done  chan struct{} // of what runs; nil if nothing does
	again bool
}

// start drains, now or once more after what runs. An error is met again by the drain
// that follows in the job itself.
func (b *behind) start(drain func() error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done != nil {
		b.again = true
		return
	}
	b.done = make(chan struct{})
	go func() {
		for b.goesOn(drain()) {
		}
	}()
}

// goesOn ends what runs, unless there is more to drain.
func (b *behind) goesOn(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && b.again {
		b.again = false
		return true
	}
	close(b.done)
	b.done, b.again = nil, false
	return false
}

func (b *behind) running() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done != nil
}

// join waits until nothing runs.
func (b *behind) join() {
	b.mu.Lock()
	done := b.done
	b.mu.Unlock()
	if done != nil {
		<-done
	}
}

package pos

import (
	"context"
	"sync"
	"time"
)

// How long one read may keep its transaction open. In a rollback journal an open
// read makes the POS's commit wait, so reads are shorter there.
const (
	readTarget  = 8 * time.Millisecond
	readShort   = 2 * time.Millisecond
	minReadRows = 4
	maxReadRows = 1024

	firstReadRows = 64
)

// busyPauses are those of SQLite's own busy handler (sqlite3_busy_timeout): what
// waits for a lock looks again after each of them in turn, then after the last.
var busyPauses = []time.Duration{
	1 * time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 15 * time.Millisecond, 20 * time.Millisecond, 25 * time.Millisecond,
}

const (
	// awayMargin is what a look may come late.
	awayMargin = 2 * time.Millisecond
	// mostAway is the longest that Plait stays away.
	mostAway = 30 * time.Millisecond
)

// away is how long Plait stays away from the lock after it held it for a time h:
// whoever began to wait meanwhile, at whatever moment, looks once while it is free.
func away(h time.Duration) time.Duration {
	longest, waited := leastPause, time.Duration(0)
	for _, p := range busyPauses {
		if waited > h {
			break
		}
		longest = max(longest, p)
		waited += p
	}
	return longest + awayMargin
}

// pace keeps Plait out of the POS's way. It chooses how many rows are read at
// once, by how long the last read took, so that a read stays far below 20 ms
// (decision 14). And it stays away from the lock after it held one (away): without
// that, slice after slice of a job kept a waiting POS out for seconds (measured).
type pace struct {
	now func() time.Time

	mu           sync.Mutex
	target       time.Duration
	readersBlock bool           // reads hold a lock too
	rows         map[string]int // by kind
	changes      int            // that the last snapshot had time for
	free         time.Time      // from when on a lock may be taken again
}

func newPace(now func() time.Time) *pace {
	return &pace{now: now, target: readTarget, rows: map[string]int{}}
}

func (p *pace) journal(j journal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target, p.readersBlock = readTarget, j.readersBlock
	if j.readersBlock {
		p.target = readShort
	}
}

// blocks reports whether reads keep the POS waiting.
func (p *pace) blocks() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.readersBlock
}

// held notes that a transaction was open from start until now.
func (p *pace) held(start time.Time, write bool) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !write && !p.readersBlock {
		return
	}
	p.free = now.Add(away(now.Sub(start)))
}

// wait returns when a lock may be taken. Reads wait where they hold one.
func (p *pace) wait(ctx context.Context, write bool) error {
	if d := p.rest(write); d > 0 {
		return pauseFor(ctx, d)
	}
	return nil
}

// rest is how long no lock may be taken.
func (p *pace) rest(write bool) time.Duration {
	p.mu.Lock()
	free, blocks := p.free, write || p.readersBlock
	p.mu.Unlock()
	if free.IsZero() || !blocks {
		return 0
	}
	return max(0, min(free.Sub(p.now()), mostAway))
}

// changeRows returns how many change rows to read at once: not many more than there
// will be time for their items.
func (p *pace) changeRows() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := maxChangeRows
	if p.readersBlock {
		most = shortChangeRows
	}
	return min(most, max(2*p.changes, firstReadRows))
}

// tookChanges notes how many there was time for; more would have been, unless cut.
func (p *pace) tookChanges(n int, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cut || n > p.changes {
		p.changes = n
	}
}

// enough returns when a read that goes on piece by piece has taken enough: the last
// piece may take as long again.
func (p *pace) enough() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now().Add(p.target / 2)
}

// size returns how many rows of the kind to read next; always a power of two.
func (p *pace) size(kind string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n, ok := p.rows[kind]; ok {
		return n
	}
	return firstReadRows
}

// took notes how long a read of n rows took.
func (p *pace) took(kind string, n int, d time.Duration) {
	size := p.size(kind)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case d > p.target && size > minReadRows:
		size /= 2
	case d < p.target/3 && n >= size && size < maxReadRows:
		size *= 2
	}
	p.rows[kind] = size
}

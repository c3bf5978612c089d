package pos

import "time"

// How long one read may keep its transaction open. In a rollback journal an open
// read makes the POS's commit wait, so reads are shorter there.
const (
	readTarget  = 8 * time.Millisecond
	readShort   = 3 * time.Millisecond
	minReadRows = 16
	maxReadRows = 512
)

// pace chooses how many rows are read at once, by how long the last read took:
// a read stays far below 20 ms (decision 14).
type pace struct {
	now    func() time.Time
	target time.Duration
	rows   map[string]int // by kind
}

func newPace(now func() time.Time) *pace {
	return &pace{now: now, target: readTarget, rows: map[string]int{}}
}

// size returns how many rows of the kind to read next; always a power of two.
func (p *pace) size(kind string) int {
	if n, ok := p.rows[kind]; ok {
		return n
	}
	return 4 * minReadRows
}

// took notes how long a read of n rows took.
func (p *pace) took(kind string, n int, d time.Duration) {
	size := p.size(kind)
	switch {
	case d > p.target && size > minReadRows:
		size /= 2
	case d < p.target/3 && n >= size && size < maxReadRows:
		size *= 2
	}
	p.rows[kind] = size
}

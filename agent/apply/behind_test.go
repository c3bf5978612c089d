package apply_test

import (
	"context"
	"sync"
	"testing"

	"plait/agent/apply"
	"plait/agent/pos"
	"plait/shared/wire"
)

// late is capture whose first drain behind a job waits at a gate.
type late struct {
	apply.Capture
	mu     sync.Mutex
	drains int
	gate   chan struct{}
	within int // drains from within a transaction while the gate was closed
}

// The first two drains are those at the job's beginning.
func (l *late) Drain(ctx context.Context) error {
	l.mu.Lock()
	l.drains++
	behind := l.drains == 3
	l.mu.Unlock()
	if behind {
		<-l.gate
	}
	return l.Capture.Drain(ctx)
}

func (l *late) DrainFrom(ctx context.Context, r pos.Reader) error {
	select {
	case <-l.gate:
	default:
		l.within++
	}
	return l.Capture.DrainFrom(ctx, r)
}

// gated writes to the POS before the second transaction begins, and opens the gate
// once that is given up.
type gated struct {
	pos.Connector
	l     *late
	n     int
	write func()
}

func (g *gated) Begin(ctx context.Context) (pos.Tx, error) {
	g.n++
	if g.n != 2 {
		return g.Connector.Begin(ctx)
	}
	g.write()
	tx, err := g.Connector.Begin(ctx)
	return &gatedTx{tx, g.l}, err
}

type gatedTx struct {
	pos.Tx
	l *late
}

func (t *gatedTx) Rollback() error {
	defer close(t.l.gate)
	return t.Tx.Rollback()
}

// What a slice wrote is captured while the next one is made ready. Where the POS
// writes meanwhile, its database is given back until that is done: what waits is not
// read while the POS waits.
func TestThePOSDoesNotWaitForWhatIsCapturedBehind(t *testing.T) {
	b := newBranch(t, "")
	b.apply(jobNumber(1), payload(manyProducts(80, 1, "1")...), wire.Own{})
	l := &late{Capture: b.applier.Capture, gate: make(chan struct{})}
	g := &gated{Connector: b.conn, l: l, write: func() { b.exec(`UPDATE Item SET Price = 9 WHERE Id = 80`) }}
	b.applier.Capture, b.applier.POS, b.applier.Slice = l, g, 1
	got := b.apply(jobNumber(2), payload(manyProducts(80, 2, "2")...), wire.Own{})
	if got.Counts.Updated != 79 || got.Counts.Kept != 1 || b.value(`SELECT Price FROM Item WHERE Id = 80`) != "9" {
		t.Errorf("%+v; the price that the branch set is %s", got.Counts, b.value(`SELECT Price FROM Item WHERE Id = 80`))
	}
	if l.within > 0 || g.n < 3 {
		t.Errorf("captured %d times within a transaction, %d were begun", l.within, g.n)
	}
}

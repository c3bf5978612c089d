package capture

import (
	"context"
	"fmt"
	"time"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/catalog"
)

// pageRows is how many change rows, or records, one step takes: one transaction
// of agent.db, and the memory that a backlog costs.
const pageRows = 1000

// Options say how a Capturer works.
type Options struct {
	// Match gives the matching rules of a kind: what tells whether an item that
	// came back is the same. Nil means that no kind has rules.
	Match func(kind string) catalog.Match
	// Now is the clock of comparison times. Nil means time.Now.
	Now func() time.Time
	// Budget is what one RunOnce may spend on comparing. Zero means 2,000 rows.
	Budget Budget
}

// Capturer captures one POS database into one record.
type Capturer struct {
	pos    pos.Connector
	box    *outbox.Box
	match  func(kind string) catalog.Match
	now    func() time.Time
	budget Budget
	rows   int // pageRows, or what a test says
	// turn holds a token while a step runs: capture alone writes the record, one
	// step at a time.
	turn chan struct{}
	// unpruned counts change rows captured since the last pruning; in turn only.
	unpruned int
	// place is where the round of comparison stands, nil before it was looked for;
	// unkept counts the steps since it was made durable. In turn only.
	place  *place
	unkept int
}

// New returns a Capturer.
func New(conn pos.Connector, box *outbox.Box, o Options) *Capturer {
	c := &Capturer{pos: conn, box: box, match: o.Match, now: o.Now, budget: o.Budget, rows: pageRows, turn: make(chan struct{}, 1)}
	if c.match == nil {
		c.match = func(string) catalog.Match { return catalog.Match{} }
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.budget == (Budget{}) {
		c.budget.Rows = 2 * pageRows
	}
	return c
}

// Hold keeps capture from writing to the record until release is called, which
// may be called twice. While it is held, every other method waits.
func (c *Capturer) Hold(ctx context.Context) (release func(), err error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("cannot wait for capture: %w", ctx.Err())
	}
	released := false
	return func() {
		if !released {
			released = true
			<-c.turn
		}
	}, nil
}

// locked runs fn in capture's turn.
func (c *Capturer) locked(ctx context.Context, fn func() error) error {
	release, err := c.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	return fn()
}

package capture

import (
	"context"
	"encoding/json"
	"fmt"
)

// notePlace is where the place of a round is kept in agent.db.
const notePlace = "compare"

// keepEvery is after how many steps the place is kept. A round that was killed
// reads again what came after it, which costs less than a commit for each step.
const keepEvery = 32

// place is where a round of comparison stands. The zero value is before one.
type place struct {
	Began   int64             // Unix seconds; 0 if no round is under way
	Kind    int               // index in the mapping's kinds
	After   string            // the last key read, in the pass's own order
	Vanish  bool              // second pass: the record's live keys against the POS
	Since   int64             // the record's revision when the kind was begun
	Matched int64             // rows of the POS that the record held alive
	Skipped map[string]string `json:",omitempty"`
}

// keepPlace makes the place durable.
func (c *Capturer) keepPlace(ctx context.Context, p place) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("cannot keep the place of the comparison: %w", err)
	}
	c.place, c.unkept = &p, 0
	return c.box.SetNote(ctx, notePlace, b)
}

// movePlace notes the place, and keeps it now and then.
func (c *Capturer) movePlace(ctx context.Context, p place) error {
	if c.unkept++; c.unkept >= keepEvery {
		return c.keepPlace(ctx, p)
	}
	c.place = &p
	return nil
}

// keepLast keeps the place where a call of Compare leaves off.
func (c *Capturer) keepLast(ctx context.Context) error {
	if c.place == nil || c.unkept == 0 {
		return nil
	}
	return c.keepPlace(ctx, *c.place)
}

// lastPlace is where the round stands. A place that cannot be read is before a
// round: it costs reading again.
func (c *Capturer) lastPlace(ctx context.Context) (p place, err error) {
	if c.place != nil {
		return *c.place, nil
	}
	b, err := c.box.Note(ctx, notePlace)
	if err != nil || len(b) == 0 {
		return place{}, err
	}
	if json.Unmarshal(b, &p) != nil {
		return place{}, nil
	}
	return p, nil
}

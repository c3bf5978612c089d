package capture

import (
	"context"

	"plait/agent/outbox"
	"plait/agent/pos"
)

// readAgain reads the keys that were marked dirty, kind by kind, each once: those
// whose kind could not be read, whose row was damaged in the record, or that it was
// too early to decide. A kind that still cannot be read keeps its keys for the next
// time, and so does a key that changed again.
func (c *Capturer) readAgain(ctx context.Context, src source) error {
	n, err := c.box.DirtyCount(ctx)
	if err != nil || n == 0 {
		return err
	}
	for _, k := range c.pos.Kinds() {
		if k.Paused != "" {
			continue
		}
		if err := c.readKindAgain(ctx, src, k.Kind); err != nil {
			return err
		}
	}
	return nil
}

func (c *Capturer) readKindAgain(ctx context.Context, src source, kind string) error {
	for after := ""; ; {
		dirty, err := c.box.Dirty(ctx, kind, after, c.rows)
		if err != nil || len(dirty) == 0 {
			return err
		}
		after = dirty[len(dirty)-1].Key.Key
		readable, err := c.again(ctx, src, kind, dirty)
		if err != nil || !readable {
			return err
		}
	}
}

func (c *Capturer) again(ctx context.Context, src source, kind string, dirty []outbox.Dirty) (readable bool, err error) {
	keys := make([]string, len(dirty))
	gone := make(map[string]bool, len(dirty))
	for i, d := range dirty {
		keys[i] = d.Key.Key
		gone[keys[i]] = d.Gone
	}
	records, err := src.Read(ctx, kind, keys)
	if err != nil {
		if pos.Stops(err) {
			return false, err
		}
		return false, nil
	}
	for i := range records {
		records[i].Item.Key = keys[i]
	}
	_, err = c.settled(ctx, src, kind, records, gone)
	return true, err
}

// settled puts those records that no change row speaks of, and returns how many
// of them the record held alive before. What changed is drained after the records
// were read: a deletion that came before the reading stands there, and Drain knows
// of it. The mark is then no older than the reading.
func (c *Capturer) settled(ctx context.Context, src source, kind string, records []pos.Record, gone map[string]bool) (alive int64, err error) {
	changed, err := c.changedKeys(ctx, src, kind)
	if err != nil {
		return 0, err
	}
	still := make([]pos.Record, 0, len(records))
	for _, r := range records {
		if !changed[r.Item.Key] {
			still = append(still, r)
		}
	}
	p, err := c.newPage(ctx)
	if err != nil {
		return 0, err
	}
	p.whole = true
	err = p.fill(ctx, func() error { return p.sightings(kind, still, gone) })
	return p.alive, err
}

// changedKeys drains what changed, and returns the keys of a kind that it named.
func (c *Capturer) changedKeys(ctx context.Context, src source, kind string) (map[string]bool, error) {
	keys := map[string]bool{}
	err := c.pages(ctx, src, func(f pos.Found) {
		if f.Kind != kind {
			return
		}
		for _, key := range f.Keys {
			keys[key] = true
		}
	})
	return keys, err
}

package capture

import (
	"context"
	"fmt"

	"plait/agent/outbox"
	"plait/agent/pos"
)

// maxPages bounds one drain: at pageRows each, ten million changes. What comes
// after them is for the next one.
const maxPages = 10_000

// Drain brings the record up to every change that the POS has committed. It may
// be called again after any failure, and at any time.
func (c *Capturer) Drain(ctx context.Context) error {
	err := c.locked(ctx, func() error {
		if err := c.recognise(ctx); err != nil {
			return err
		}
		return c.level(ctx, source{c.pos, c.pos.Done})
	})
	if err != nil {
		return fmt.Errorf("cannot capture the POS's changes: %w", err)
	}
	return nil
}

// DrainFrom is Drain through another reader, such as the transaction in which a
// job is applied. A pos.Tx takes the change rows away with its commit; if it is
// rolled back they come again and are known.
func (c *Capturer) DrainFrom(ctx context.Context, r pos.Reader) error {
	src := source{r, c.pos.Done}
	if tx, ok := r.(pos.Tx); ok {
		src.done = func(ctx context.Context, changes []pos.Change) error { return c.doneIn(ctx, tx, changes) }
	}
	err := c.locked(ctx, func() error { return c.level(ctx, src) })
	if err != nil {
		return fmt.Errorf("cannot capture the POS's changes: %w", err)
	}
	return nil
}

// doneIn takes change rows away in a transaction, and settles what their items
// need in plait_links with it (decision 14).
func (c *Capturer) doneIn(ctx context.Context, tx pos.Tx, changes []pos.Change) error {
	kinds, byKind := coalesce(changes)
	var settle []pos.LinkRow
	for _, kind := range kinds {
		known, err := c.box.Known(ctx, kind, byKind[kind].keys)
		if err != nil {
			return err
		}
		for _, list := range known.Unsettled {
			settle = append(settle, linkRows(list)...)
		}
	}
	return tx.Done(ctx, changes, settle)
}

// source is where change rows come from and go.
type source struct {
	pos.Reader
	done func(ctx context.Context, changes []pos.Change) error
}

// level drains every page, then reads again what could not be decided or read.
func (c *Capturer) level(ctx context.Context, src source) error {
	if err := c.pages(ctx, src); err != nil {
		return err
	}
	return c.readAgain(ctx, src)
}

// pages drains page after page. A row that a mark may name stays where a
// transaction takes the done ones away, so a page without a new row is the end.
func (c *Capturer) pages(ctx context.Context, src source) error {
	var last map[outbox.Seen]bool
	for range maxPages {
		changes, err := src.Pending(ctx, c.rows)
		if err != nil {
			return err
		}
		these := make(map[outbox.Seen]bool, len(changes))
		progress := false
		for _, s := range seenOf(changes) {
			these[s] = true
			progress = progress || !last[s]
		}
		if !progress {
			return nil
		}
		if err := c.page(ctx, src, changes); err != nil {
			return err
		}
		if err := src.done(ctx, changes); err != nil {
			return err
		}
		last = these
	}
	return nil
}

// page puts the effect of some change rows into the record, those left out whose
// effect is there already.
func (c *Capturer) page(ctx context.Context, src source, changes []pos.Change) error {
	fresh, err := c.fresh(ctx, changes)
	if err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	p, err := c.newPage(ctx)
	if err != nil {
		return err
	}
	c.unpruned += len(fresh)
	p.early = true
	if err := p.mark(ctx, fresh); err != nil {
		return err
	}
	kinds, byKind := coalesce(fresh)
	for _, kind := range kinds {
		if err := p.read(ctx, src, kind, byKind[kind].keys, byKind[kind].gone); err != nil {
			return err
		}
	}
	return p.put(ctx)
}

// fresh leaves out the change rows whose effect is in the record.
func (c *Capturer) fresh(ctx context.Context, changes []pos.Change) ([]pos.Change, error) {
	was, err := c.box.WasSeen(ctx, seenOf(changes))
	if err != nil {
		return nil, err
	}
	out := make([]pos.Change, 0, len(changes))
	for _, ch := range changes {
		if !was[outbox.Seen{Seq: ch.Seq, Nonce: ch.Nonce}] {
			out = append(out, ch)
		}
	}
	return out, nil
}

// mark moves the mark on to the newest of the changes. It never goes back: where
// sequence order is not commit order, an older number may come later.
func (p *page) mark(ctx context.Context, fresh []pos.Change) error {
	last, err := p.box.Mark(ctx)
	if err != nil {
		return err
	}
	p.change.Seen = seenOf(fresh)
	if m := newest(last.POSEpoch, fresh); m.POSEpoch != "" && m.Seq > last.Seq {
		p.change.Mark = m
	}
	return nil
}

// read reads keys of one kind and identifies what is there.
func (p *page) read(ctx context.Context, r pos.Reader, kind string, keys []string, gone map[string]bool) error {
	records, err := r.Read(ctx, kind, keys)
	if err != nil && !stops(err) {
		p.unreadable(kind, keys, gone)
		return nil
	}
	if err != nil {
		return err
	}
	if len(records) != len(keys) {
		return fmt.Errorf("cannot read %s: %d records for %d keys", kind, len(records), len(keys))
	}
	for i := range records {
		records[i].Item.Key = keys[i]
	}
	return p.sightings(ctx, kind, records, gone)
}

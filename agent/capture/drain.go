package capture

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/wire"
)

// maxPages bounds one drain: at pageRows each, ten million changes. What comes
// after them is for the next one.
const maxPages = 10_000

// maxRestores bounds how often one drain, or one call of Compare, begins anew because
// the POS database was restored under it.
const maxRestores = 3

// Drain brings the record up to every change that the POS has committed. It may
// be called again after any failure, and at any time.
func (c *Capturer) Drain(ctx context.Context) error {
	err := c.locked(ctx, func() error { return c.drain(ctx) })
	if err != nil {
		return fmt.Errorf("cannot capture the POS's changes: %w", err)
	}
	return nil
}

func (c *Capturer) drain(ctx context.Context) error {
	for try := 1; ; try++ {
		_, err := c.recognise(ctx)
		if err == nil {
			err = c.level(ctx, source{c.pos, c.pos.Done})
		}
		if !errors.Is(err, pos.ErrRestored) || try == maxRestores {
			return err
		}
	}
}

// DrainFrom is Drain through another reader, such as the transaction in which a
// job is applied, before that has written anything. A pos.Tx takes the change rows
// away with its commit; if it is rolled back they come again and are known. In
// another history than the record's it fails with pos.ErrRestored.
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
	var settle []pos.LinkRow
	for _, t := range pos.Touch(changes) {
		known, err := c.box.Known(ctx, t.Kind, t.Keys)
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
	if err := c.pages(ctx, src, func(pos.Found) {}); err != nil {
		return err
	}
	return c.readAgain(ctx, src)
}

// pages drains page after page, and tells of what it found in each.
func (c *Capturer) pages(ctx context.Context, src source, each func(pos.Found)) error {
	for range maxPages {
		mark, _, err := c.box.Marks(ctx)
		if err != nil {
			return err
		}
		snap, err := c.gather(ctx, src, mark)
		if err != nil || len(snap.Changes) == 0 {
			return err
		}
		if err := c.page(ctx, mark, snap, each); err != nil {
			return err
		}
		if err := src.done(ctx, snap.Changes); err != nil || !snap.More {
			return err
		}
	}
	return nil
}

// gather reads snapshots until they fill a page: each is short for the sake of the
// POS, and a transaction of agent.db waits for the disk.
func (c *Capturer) gather(ctx context.Context, src source, mark wire.Mark) (pos.Snapshot, error) {
	var parts []pos.Snapshot
	ask := pos.Ask{Mark: mark, Limit: c.rows}
	for {
		snap, err := src.Snapshot(ctx, ask)
		if err != nil {
			return snap, err
		}
		parts = append(parts, snap)
		ask.Mark, ask.Taken, ask.Limit = snap.Newest, append(ask.Taken, snap.Changes...), ask.Limit-len(snap.Changes)
		if !snap.More || len(snap.Changes) == 0 || ask.Limit <= 0 {
			return pos.Join(parts), nil
		}
	}
}

// page puts the effect of some change rows into the record, those left out whose
// effect is there already.
func (c *Capturer) page(ctx context.Context, mark wire.Mark, snap pos.Snapshot, each func(pos.Found)) error {
	snap, err := c.fresh(ctx, snap)
	if err != nil || len(snap.Changes) == 0 {
		return err
	}
	p, err := c.newPage(ctx)
	if err != nil {
		return err
	}
	c.unpruned += len(snap.Changes)
	p.early = snap.More
	p.change.Seen = seenOf(snap.Changes)
	if mark.POSEpoch != "" && snap.Newest.Seq > mark.Seq {
		p.change.Mark = snap.Newest
	}
	return p.fill(ctx, func() error {
		for _, f := range snap.Found {
			each(f)
			if err := p.found(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// fresh leaves out of a snapshot the change rows whose effect is in the record.
func (c *Capturer) fresh(ctx context.Context, snap pos.Snapshot) (pos.Snapshot, error) {
	was, err := c.box.WasSeen(ctx, seenOf(snap.Changes))
	if err != nil {
		return snap, err
	}
	changes := make([]pos.Change, 0, len(snap.Changes))
	for _, ch := range snap.Changes {
		if !was[outbox.Seen{Seq: ch.Seq, Nonce: ch.Nonce}] {
			changes = append(changes, ch)
		}
	}
	if len(changes) == len(snap.Changes) {
		return snap, nil
	}
	return snap.Only(changes), nil
}

func seenOf(changes []pos.Change) []outbox.Seen {
	out := make([]outbox.Seen, len(changes))
	for i, ch := range changes {
		out[i] = outbox.Seen{Seq: ch.Seq, Nonce: ch.Nonce}
	}
	return out
}

// found identifies what stands under the keys of one kind.
func (p *page) found(f pos.Found) error {
	if f.Err != nil {
		p.unreadable(f.Kind, f.Keys, f.Gone)
		return nil
	}
	if len(f.Records) != len(f.Keys) {
		return fmt.Errorf("cannot read %s: %d records for %d keys", f.Kind, len(f.Records), len(f.Keys))
	}
	for i := range f.Records {
		f.Records[i].Item.Key = f.Keys[i]
	}
	return p.sightings(f.Kind, f.Records, f.Gone)
}

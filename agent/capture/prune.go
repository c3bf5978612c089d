package capture

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/item"
)

// pruneRows bounds how many generations one pruning settles.
const pruneRows = 500

// Prune settles generations in plait_links and takes done change rows away, in
// small writes that give way to the POS: if it is busy, later is soon enough.
// Call it in quiet moments.
func (c *Capturer) Prune(ctx context.Context) error {
	err := c.locked(ctx, func() error { return c.prune(ctx) })
	if errors.Is(err, pos.ErrBusy) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot tidy up Plait's tables in the POS: %w", err)
	}
	return nil
}

func (c *Capturer) prune(ctx context.Context) error {
	unsettled, err := c.box.Unsettled(ctx, pruneRows)
	if err != nil {
		return err
	}
	// The mark needs no sparing: where it is not this row, it is not done yet.
	_, taken, err := c.box.Marks(ctx)
	if err != nil {
		return err
	}
	if _, err := c.pos.Prune(ctx, linkRows(unsettled), taken); err != nil {
		return err
	}
	c.unpruned = 0
	if len(unsettled) == 0 {
		return nil
	}
	return c.box.Settle(ctx, unsettled)
}

func linkRows(list []outbox.Generation) []pos.LinkRow {
	out := make([]pos.LinkRow, len(list))
	for i, g := range list {
		out[i] = pos.LinkRow{ID: item.ID{Kind: g.Kind, Key: g.Key.Key, Gen: g.Gen}, Dead: g.Dead, LinkOf: g.LinkOf}
	}
	return out
}

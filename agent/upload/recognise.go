package upload

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/pos"
	"plait/shared/wire"

	"github.com/google/uuid"
)

// recognise tells whether this is the POS database, and the history of it, that
// the record speaks of (decision 16), and captures what it holds. A POS that
// cannot be read is no error: uploads go on, jobs wait.
func (c *conversation) recognise(ctx context.Context) error {
	c.step(PhaseCapture, "Reading what changed in the POS.")
	return c.posTrouble(c.recognisePOS(ctx))
}

// posTrouble keeps a trouble of the POS as a sentence for people and lets the
// conversation go on.
func (c *conversation) posTrouble(err error) error {
	for _, known := range []error{pos.ErrUnreachable, pos.ErrBusy, pos.ErrNewer, pos.ErrDisk} {
		if errors.Is(err, known) {
			c.trouble = err.Error()
			c.note("the POS cannot be read now, so jobs wait: %v", err)
			return nil
		}
	}
	return err
}

func (c *conversation) recognisePOS(ctx context.Context) error {
	meta, err := c.POS.Meta(ctx)
	if errors.Is(err, pos.ErrAbsent) {
		if err := c.Box.SetNote(ctx, noteRestoreLinks, []byte("1")); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	done, err := c.POS.Install(ctx, c.Store)
	if err != nil {
		return fmt.Errorf("cannot set up capture in the POS: %w", err)
	}
	if done.Foreign != "" {
		c.note("this POS database was copied from store %s; its sync history was emptied and this store starts its own", done.Foreign)
	}
	if err := c.fill(ctx); err != nil {
		return err
	}
	if len(done.Triggers) == 0 || meta.Epoch == "" || c.fresh {
		return nil
	}
	c.note("the POS had lost capture on %v; it is back, and a comparison finds what was missed", done.Triggers)
	return c.compare(ctx)
}

// fill brings the record up to the POS where it is not yet of this history: an
// empty record (a new store, or a lost agent.db) is filled, and after a restore
// every item is compared. Capture itself has recognised the restore by its mark.
func (c *conversation) fill(ctx context.Context) error {
	standing, err := c.Box.Standing(ctx)
	if err != nil {
		return err
	}
	if c.fresh = standing.Mark.POSEpoch == ""; c.fresh {
		newest, err := c.POS.Newest(ctx)
		if err == nil {
			err = c.Box.NewPOSEpoch(ctx, newest)
		}
		if err != nil {
			return err
		}
	}
	if err := c.Capture.Drain(ctx); err != nil {
		return err
	}
	judging, err := c.Box.Judging(ctx)
	if err != nil || !judging {
		return err
	}
	if !c.fresh {
		c.note("the POS database was restored or replaced; everything is compared and a new history begins")
	}
	return c.compare(ctx)
}

// newHistory begins a new history of the POS database. Capture sees the new
// epoch and judges every item that changed as one that may be another.
func (c *conversation) newHistory(ctx context.Context, why string) error {
	if err := c.POS.NewEpoch(ctx, uuid.NewString()); err != nil {
		return err
	}
	if err := c.Capture.Drain(ctx); err != nil {
		return err
	}
	c.note("%s; everything was compared and a new history begins", why)
	return c.compare(ctx)
}

// compare walks the whole POS against the record.
func (c *conversation) compare(ctx context.Context) error {
	c.step(PhaseCompare, "Comparing the POS with the record, item by item.")
	return c.Capture.CompareAll(ctx, func(kind string, rows int64) {
		c.step(PhaseCompare, "Compared %d rows of %s.", rows, kind)
	})
}

// head reads the newest receipt from the POS, as the protocol presents it.
func (c *conversation) head(ctx context.Context) (wire.ReceiptHead, error) {
	if c.trouble != "" {
		return wire.ReceiptHead{}, nil
	}
	note, err := c.Box.Note(ctx, noteRestoreLinks)
	if err != nil {
		return wire.ReceiptHead{}, err
	}
	if len(note) > 0 {
		return wire.ReceiptHead{Known: true, Absent: true}, nil
	}
	r, ok, err := c.POS.Head(ctx)
	if err != nil {
		return wire.ReceiptHead{}, c.posTrouble(err)
	}
	if !ok {
		return wire.ReceiptHead{Known: true}, nil
	}
	return wire.ReceiptHead{Known: true, Job: r.Job, HubEpoch: r.HubEpoch, Number: r.Number, NextItem: r.NextItem, Done: r.Done, Order: r.Order}, nil
}

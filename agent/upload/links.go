package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// noteRestoreLinks stands in agent.db from the moment that Plait's tables were
// found missing until the hub's links are back, so that a kill in between does
// not pass an emptied POS off as one that was rolled back.
const noteRestoreLinks = "restore-links"

const (
	// maxPages bounds what is asked of the hub: at 500 links a page, five million.
	maxPages = 10_000
	// linksAtOnce are what one transaction brings back: the POS waits for no more.
	linksAtOnce = 100
)

// restoreLinks brings back links, generations and receipts into a POS whose
// Plait tables were lost, and takes the note away.
func (c *conversation) restoreLinks(ctx context.Context) error {
	if c.welcome.RestoreLinks && c.trouble == "" {
		err := c.fetchLinks(ctx)
		if err == nil {
			c.note("the POS had lost its sync links; they were brought back from the hub")
			err = c.compare(ctx)
		}
		if err := c.posTrouble(err); err != nil {
			return fmt.Errorf("cannot bring back the links that the POS lost: %w", err)
		}
	}
	if c.trouble != "" {
		return nil // the note stays
	}
	return c.Box.SetNote(ctx, noteRestoreLinks, nil)
}

// fetchLinks brings back page after page. The POS is never kept waiting for the
// hub, so there are many transactions: while the note stands they are begun anew,
// and no receipt among them is believed.
func (c *conversation) fetchLinks(ctx context.Context) error {
	var ask wire.LinksAsk
	for range maxPages {
		page, err := c.Hub.Links(ctx, ask)
		if err != nil {
			return err
		}
		if err := c.putPage(ctx, page); err != nil || page.Next == "" {
			return err
		}
		if page.Next == ask.After {
			break
		}
		ask.After = page.Next
	}
	return fmt.Errorf("the hub's pages of links do not end, the last begins behind %.40q; tell the hub's operator", ask.After)
}

func (c *conversation) putPage(ctx context.Context, page wire.LinksPage) error {
	rows := make([]pos.LinkRow, len(page.Items))
	for i, line := range page.Items {
		it, err := item.Decode([]byte(line))
		if err != nil {
			return err
		}
		rows[i] = linkRow(it)
	}
	for part := range slices.Chunk(rows, linksAtOnce) {
		if err := c.inPOS(ctx, func(tx pos.Tx) error { return tx.PutLink(ctx, part...) }); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(page.Applied, linksAtOnce) {
		if err := c.inPOS(ctx, func(tx pos.Tx) error { return putReceipts(ctx, tx, part) }); err != nil {
			return err
		}
	}
	return nil
}

// inPOS runs fn in a transaction of its own.
func (c *conversation) inPOS(ctx context.Context, fn func(pos.Tx) error) error {
	tx, err := c.POS.Begin(ctx)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func linkRow(it item.Item) pos.LinkRow {
	row := pos.RowOf(it)
	if row.Dead && row.Link.Holds() {
		row.Link = nil // the POS deleted it
	}
	return row
}

func putReceipts(ctx context.Context, tx pos.Tx, list []wire.ReceiptHead) error {
	for _, r := range list {
		receipt := pos.Receipt{Job: r.Job, HubEpoch: r.HubEpoch, Number: r.Number, NextItem: r.NextItem, Done: r.Done, Order: r.Order}
		if err := tx.PutReceipt(ctx, receipt); err != nil {
			return err
		}
	}
	return nil
}

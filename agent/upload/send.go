package upload

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/outbox"
	"plait/shared/wire"
)

// maxBatches bounds one conversation's sending; a larger backlog goes on at the
// next contact. At 1,000 rows a batch these are 100 million rows.
const maxBatches = 100_000

// send sends batches until the outbox is empty: the one in flight first, which
// may have been ingested and its answer lost.
func (c *conversation) send(ctx context.Context) error {
	left, err := c.Box.Pending(ctx) // counted once: counting takes longer the more there is
	if err != nil {
		return err
	}
	c.left = int64(left)
	for n := 0; n < maxBatches; n++ {
		batch, ok, err := c.Box.Freeze(ctx, c.history)
		if errors.Is(err, outbox.ErrJudging) && c.trouble != "" {
			c.waits = true // it goes up once the POS can be compared
			return nil
		}
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		c.left = max(0, c.left-int64(batch.Entries))
		if err := c.sendBatch(ctx, batch); err != nil {
			return err
		}
	}
	c.waits = true
	c.note("the backlog is long; the rest goes up at the next contact")
	return nil
}

func (c *conversation) sendBatch(ctx context.Context, batch outbox.Batch) error {
	c.step(PhaseUpload, "Sending %d rows; %d remain.", batch.Entries, c.left)
	ack, err := c.Hub.Batch(ctx, batch.Body)
	var refusal *wire.Error
	switch {
	case errors.As(err, &refusal) && (refusal.Code == wire.CodeBadRequest || refusal.Code == wire.CodeTooLarge):
		return c.split(ctx, batch, refusal.Message)
	case errors.As(err, &refusal) && refusal.Code == wire.CodeBatchConflict:
		return c.conflict(ctx, refusal)
	case err != nil:
		return fmt.Errorf("cannot send batch %d: %w", batch.Number, err)
	}
	if err := c.Box.Acknowledge(ctx, ack); err != nil {
		return err
	}
	c.report.Batches++
	c.report.RowsUp += int64(batch.Entries)
	for _, r := range ack.Refused {
		c.note("the hub refused %s %s: %s", r.Kind, r.Key, r.Why)
	}
	return nil
}

// split goes on after a batch that was refused whole: its entries wait again, but for
// the one that was at fault, once it is found.
func (c *conversation) split(ctx context.Context, batch outbox.Batch, why string) error {
	parked, err := c.Box.Thaw(ctx, wire.BatchMark{Number: batch.Number, Digest: batch.Digest}, why)
	if err != nil {
		return err
	}
	c.left += int64(batch.Entries - len(parked))
	for _, x := range parked {
		c.note("the hub refused %s: %s", named(x), x.Why)
	}
	return nil
}

// named is what was parked, as a person knows it.
func named(x outbox.Parked) string {
	if x.Name == "" {
		return x.Kind + " " + x.Key.Key
	}
	return fmt.Sprintf("%s %s (%s)", x.Kind, x.Key.Key, x.Name)
}

// conflict: the hub holds another batch under this number, which only an older
// copy of agent.db can bring about. A new agent epoch starts; the conversation
// after this one compares digests.
func (c *conversation) conflict(ctx context.Context, refusal *wire.Error) error {
	if _, err := c.Box.NewEpoch(ctx); err != nil {
		return errors.Join(refusal, err)
	}
	return fmt.Errorf("the hub holds other batches of this agent (%w); the next upload begins anew and compares", refusal)
}

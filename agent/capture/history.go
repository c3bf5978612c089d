package capture

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// recognise tells whether the POS database is still in the history that the mark
// belongs to. If not, the file was restored or replaced: a new POS epoch begins,
// and with it judging and a comparison from the start (decision 16). Without a
// mark there is nothing to tell: the record has not been filled yet.
func (c *Capturer) recognise(ctx context.Context) error {
	mark, err := c.box.Mark(ctx)
	if err != nil || mark.POSEpoch == "" {
		return err
	}
	if mark.Seq != 0 {
		if there, err := c.pos.HasMark(ctx, mark); err != nil || there {
			return err
		}
	}
	meta, err := c.pos.Meta(ctx)
	if err != nil {
		return err
	}
	epoch := meta.Epoch
	if epoch == mark.POSEpoch {
		if mark.Seq == 0 {
			return nil
		}
		epoch = uuid.NewString()
		if err := c.pos.NewEpoch(ctx, epoch); err != nil {
			return fmt.Errorf("cannot begin a new history of the POS database: %w", err)
		}
	}
	if err := c.box.NewPOSEpoch(ctx, epoch); err != nil {
		return err
	}
	return c.keepPlace(ctx, place{})
}

package capture

import (
	"context"
	"fmt"

	"plait/shared/wire"

	"github.com/google/uuid"
)

// recognise tells whether the POS database is still in the history that the record
// belongs to. If not, the file was restored or replaced, or the record is older than
// what was pruned: a new POS epoch begins, and with it judging and a comparison from
// the start (decision 16). Without a mark there is nothing to tell: the record has
// not been filled yet.
func (c *Capturer) recognise(ctx context.Context) error {
	mark, taken, err := c.box.Marks(ctx)
	if err != nil || mark.POSEpoch == "" {
		return err
	}
	if there, err := c.hasMarks(ctx, mark, taken); err != nil || there {
		return err
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

// hasMarks reports whether both rows are there; without any there is none to find.
func (c *Capturer) hasMarks(ctx context.Context, mark, taken wire.Mark) (bool, error) {
	if mark.Seq == 0 {
		return false, nil
	}
	there, err := c.pos.HasMark(ctx, mark)
	if err != nil || !there || taken.Seq == 0 || taken == mark {
		return there, err
	}
	return c.pos.HasMark(ctx, taken)
}

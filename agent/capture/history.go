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
func (c *Capturer) recognise(ctx context.Context) (begun bool, err error) {
	mark, taken, err := c.box.Marks(ctx)
	if err != nil || mark.POSEpoch == "" {
		return false, err
	}
	if there, err := c.hasMarks(ctx, mark, taken); err != nil || there {
		return false, err
	}
	meta, err := c.pos.Meta(ctx)
	if err != nil {
		return false, err
	}
	if meta.Epoch == mark.POSEpoch {
		if err := c.pos.NewEpoch(ctx, uuid.NewString()); err != nil {
			return false, fmt.Errorf("cannot begin a new history of the POS database: %w", err)
		}
	}
	newest, err := c.pos.Newest(ctx)
	if err != nil {
		return false, err
	}
	if err := c.box.NewPOSEpoch(ctx, newest); err != nil {
		return false, err
	}
	return true, c.keepPlace(ctx, place{})
}

// hasMarks reports whether both rows are there.
func (c *Capturer) hasMarks(ctx context.Context, mark, taken wire.Mark) (bool, error) {
	there, err := c.pos.HasMark(ctx, mark)
	if err != nil || !there || taken.Seq == 0 || taken == mark {
		return there, err
	}
	return c.pos.HasMark(ctx, taken)
}

package pos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plait/shared/wire"
)

// Prune's limits: a write of ours keeps the POS waiting for at most pruneTarget,
// and one call makes at most pruneWrites of them.
const (
	pruneTarget  = 5 * time.Millisecond
	pruneWrites  = 200
	pruneSettles = 10 // of a write at least: a call settles 2,000, or says that it did not
	receiptsKept = 400 * 24 * time.Hour
)

// Prune writes settled rows of plait_links, then removes done change rows,
// sparing the newest row and those that a mark may name. It gives way at once:
// ErrBusy means that the POS writes, and that the rest is for later.
func (c *sqlConnector) Prune(ctx context.Context, settle []LinkRow, keep wire.Mark) (removed int, err error) {
	size := 250
	for range pruneWrites {
		n, more, took, err := c.pruneOnce(ctx, &settle, keep, size)
		removed += n
		if err != nil || !more {
			return removed, err
		}
		switch {
		case took > pruneTarget*4/5:
			size = max(size/2, 20)
		case took < pruneTarget/3:
			size = min(size*2, 8000)
		}
	}
	if len(settle) > 0 {
		return removed, fmt.Errorf("%w: %d generations are not settled yet", ErrBusy, len(settle))
	}
	return removed, nil
}

// pruneOnce makes one write of at most size rows; more says that there are others.
func (c *sqlConnector) pruneOnce(ctx context.Context, settle *[]LinkRow, keep wire.Mark, size int) (removed int, more bool, took time.Duration, err error) {
	batch := (*settle)[:min(len(*settle), max(size/10, pruneSettles))]
	seqs, err := c.prunable(ctx, keep, size)
	if err != nil || len(batch)+len(seqs) == 0 {
		return 0, false, 0, err
	}
	var start time.Time
	err = c.write(ctx, 0, func(s *session, _ *state) error {
		start = c.opts.Now()
		for _, row := range batch {
			if err := settleLink(ctx, s, row); err != nil {
				return err
			}
		}
		if len(*settle) > len(batch) {
			return nil // rows go once all that they settle is written
		}
		removed, err = c.remove(ctx, s, seqs)
		return err
	})
	if err != nil {
		return 0, false, 0, err
	}
	*settle = (*settle)[len(batch):]
	return removed, len(*settle) > 0 || len(seqs) == size, c.opts.Now().Sub(start), nil
}

// prunable lists done rows that may go, the oldest first.
func (c *sqlConnector) prunable(ctx context.Context, keep wire.Mark, size int) ([]int64, error) {
	var out []int64
	err := c.read(ctx, func(s *session, _ *state) error {
		c.done.keep = keep.Seq
		out = out[:0]
		args := append(c.done.spared(), c.done.upTo, size)
		err := s.each(ctx, `SELECT seq FROM plait_changes WHERE seq NOT IN (?, ?, ?) AND seq <= ?
			AND seq < (SELECT max(seq) FROM plait_changes) ORDER BY seq LIMIT ? + 0`, args, func(scan func(...any) error) error {
			var seq int64
			err := scan(&seq)
			out = append(out, seq)
			return err
		})
		return err
	})
	return out, err
}

// remove deletes the rows between the first and the last of seqs: seqs has all
// of them but the spared.
func (c *sqlConnector) remove(ctx context.Context, s *session, seqs []int64) (int, error) {
	if len(seqs) == 0 {
		return 0, nil
	}
	c.mu.Lock()
	spare := c.done.spared()
	c.mu.Unlock()
	args := append([]any{seqs[0], slices.Max(seqs)}, spare...)
	n, err := s.exec(ctx, `DELETE FROM plait_changes WHERE seq BETWEEN ? AND ? AND seq NOT IN (?, ?, ?)`, args...)
	if err != nil {
		return 0, err
	}
	err = noteRemoved(ctx, s, slices.Max(seqs))
	oldest := c.opts.Now().Add(-receiptsKept).UTC().Format(time.RFC3339Nano)
	_, oldErr := s.exec(ctx, `DELETE FROM plait_receipts WHERE at < ? AND job <> (SELECT job FROM plait_receipts WHERE part = 0 ORDER BY ord DESC LIMIT 1)`, oldest)
	return int(n), errors.Join(err, oldErr)
}

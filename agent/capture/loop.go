package capture

import (
	"context"
	"errors"
	"time"
)

// pruneAnyway is how many captured change rows may lie in the POS before they are
// taken away though the POS is not quiet.
const pruneAnyway = 50_000

// RunOnce is one turn of capture in the background: what changed is drained, the
// comparison goes on within its budget, and in a quiet moment, when nothing had
// changed, what is done is tidied up.
func (c *Capturer) RunOnce(ctx context.Context) error {
	before, err := c.uncleared(ctx)
	if err != nil {
		return err
	}
	if err := c.Drain(ctx); err != nil {
		return err
	}
	after, err := c.uncleared(ctx)
	if err != nil {
		return err
	}
	budget := c.budget
	if judging, err := c.box.Judging(ctx); err != nil {
		return err
	} else if judging { // nothing goes up before a restored POS has been compared
		budget = Budget{}
	}
	_, err = c.Compare(ctx, budget, false)
	if after == before || after >= pruneAnyway {
		err = errors.Join(err, c.Prune(ctx))
	}
	return err
}

func (c *Capturer) uncleared(ctx context.Context) (n int, err error) {
	err = c.locked(ctx, func() error { n = c.unpruned; return nil })
	return n, err
}

// Run calls RunOnce at every tick, and once for every wake, until ctx is over,
// and tells report of every outcome. It starts no goroutine.
func (c *Capturer) Run(ctx context.Context, every time.Duration, wake <-chan struct{}, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		report(c.RunOnce(ctx))
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-wake:
		}
	}
}

package upload

import (
	"context"
	"strings"

	"plait/shared/wire"
)

// bye asks the hub whether record and copy are equal. Where a kind differs, its
// items are compared, sent, and asked about once more.
func (c *conversation) bye(ctx context.Context) error {
	for try := 0; ; try++ {
		answer, err := c.byeOnce(ctx)
		if err != nil {
			return err
		}
		c.report.Equal, c.report.Differ, c.report.OpenJobs = answer.Equal && len(answer.Differ) == 0, answer.Differ, answer.Pending
		if len(answer.Differ) == 0 {
			return nil
		}
		if try > 0 {
			// An agent.db that is older than what the hub has seen may count its rows too
			// low to be believed. A new agent epoch is believed, and compares.
			c.note("the hub's copy of %s still differs; the next contact begins anew and compares", strings.Join(answer.Differ, ", "))
			_, err := c.Box.NewEpoch(ctx)
			return err
		}
		c.note("the hub's copy of %s differed; it was compared and sent again", strings.Join(answer.Differ, ", "))
		if err := c.reconcile(ctx); err != nil {
			return err
		}
		if err := c.send(ctx); err != nil {
			return err
		}
	}
}

// byeOnce lets capture hold still from the last batch to the answer, so that the
// sums speak of what was sent.
func (c *conversation) byeOnce(ctx context.Context) (wire.ByeAnswer, error) {
	release, err := c.Capture.Hold(ctx)
	if err != nil {
		return wire.ByeAnswer{}, err
	}
	defer release()
	if err := c.send(ctx); err != nil {
		return wire.ByeAnswer{}, err
	}
	revision, sums, err := c.Box.Sums(ctx)
	if err != nil {
		return wire.ByeAnswer{}, err
	}
	standing, err := c.Box.Standing(ctx)
	if err != nil {
		return wire.ByeAnswer{}, err
	}
	m := wire.Bye{Revision: revision, Kinds: sums, Parked: standing.Parked}
	if !standing.Compared.IsZero() {
		m.Compared = standing.Compared.Unix()
	}
	return c.Hub.Bye(ctx, m)
}

package upload

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"plait/agent/outbox"
	"plait/shared/wire"
)

// bye asks the hub whether record and copy are equal. Where a kind differs, its
// items are compared, sent, and asked about once more; but what waits, or was refused,
// is known to be missing there, and nothing begins anew for it.
func (c *conversation) bye(ctx context.Context) error {
	for try := 0; ; try++ {
		answer, err := c.byeOnce(ctx)
		if err != nil {
			return err
		}
		c.report.Equal, c.report.Differ, c.report.OpenJobs = answer.Equal && len(answer.Differ) == 0, answer.Differ, answer.Pending
		if len(answer.Differ) == 0 || c.waits {
			return nil
		}
		if refused, err := c.onlyRefused(ctx, answer.Differ); err != nil || refused {
			return err
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

// onlyRefused reports whether record and copy differ in these kinds by nothing but what
// the hub refused and a person must look at.
func (c *conversation) onlyRefused(ctx context.Context, kinds []string) (bool, error) {
	standing, err := c.Box.Standing(ctx)
	if err != nil || standing.Parked == 0 {
		return false, err
	}
	list, err := c.Box.Parked(ctx, standing.Parked)
	if err != nil {
		return false, err
	}
	parked := map[outbox.Key]bool{}
	for _, x := range list {
		parked[x.Key] = x.Cause == outbox.CauseHub
	}
	for _, k := range c.POS.Kinds() {
		if !slices.Contains(kinds, k.Kind) {
			continue
		}
		d, err := c.differ(ctx, "", k)
		if err != nil {
			return false, fmt.Errorf("cannot compare %s with the hub: %w", k.Kind, err)
		}
		if slices.ContainsFunc(slices.Concat(d.want, d.extra), func(h wire.KeyHash) bool { return !parked[outbox.Key{Kind: k.Kind, Key: h.Key}] }) {
			return false, nil
		}
	}
	return true, nil
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

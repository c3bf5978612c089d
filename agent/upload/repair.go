package upload

import (
	"context"
	"errors"
	"slices"
	"strings"

	"plait/agent/apply"
	"plait/agent/outbox"
	"plait/shared/wire"
)

// keepRepairRule keeps which kinds are repaired, for the time without the hub. For
// kinds that come anew, and fields that are left to the store no longer, drift of before
// is looked for too.
func (c *conversation) keepRepairRule(ctx context.Context, kinds []string) error {
	rule, err := c.Box.RepairRule(ctx)
	if err != nil || slices.Equal(rule.Kinds, kinds) {
		return err
	}
	lacks := func(list []string) func(string) bool {
		return func(k string) bool { return !slices.Contains(list, k) }
	}
	left := slices.DeleteFunc(slices.Clone(rule.Kinds), func(k string) bool { return !strings.Contains(k, ".") })
	if slices.ContainsFunc(kinds, lacks(rule.Kinds)) || slices.ContainsFunc(left, lacks(kinds)) {
		rule.UpTo = 0
	}
	rule.Kinds = kinds
	return c.Box.SetRepairRule(ctx, rule)
}

// repair undoes drift, where the network asks for it. It needs no hub.
func (c *conversation) repair(ctx context.Context) error {
	if c.trouble != "" {
		return nil
	}
	_, err := c.Repair.Run(ctx)
	if errors.Is(err, apply.ErrWaits) {
		c.note("drift stands until the POS gives its database free: %v", err)
		return nil
	}
	return c.posTrouble(err)
}

// maxTellings bounds one conversation's messages of repairs.
const maxTellings = 1000

// tellRepairs tells the hub what became of items that drifted.
func (c *conversation) tellRepairs(ctx context.Context) error {
	for range maxTellings {
		list, err := c.Box.Repairs(ctx, outbox.RepairDone, wire.MaxRepairs)
		if err != nil || len(list) == 0 {
			return err
		}
		var m wire.Repairs
		for _, r := range list {
			m.List = append(m.List, r.Repair)
			c.report.count(r)
		}
		err = c.Hub.Repairs(ctx, m)
		var refusal *wire.Error
		if errors.As(err, &refusal) && (refusal.Code == wire.CodeBadRequest || refusal.Code == wire.CodeTooLarge) {
			c.note("the hub refused what was told of repaired items: %v", refusal)
			err = nil // what was repaired is so all the same
		}
		if err != nil {
			return err
		}
		if err := c.Box.RepairsTold(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) count(x outbox.Repair) {
	if x.Refused == "" {
		r.Repaired++
		return
	}
	r.Unrepaired++
}

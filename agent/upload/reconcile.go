package upload

import (
	"context"
	"fmt"

	"plait/agent/pos"
	"plait/shared/wire"
)

// keysPerAsk is about how many keys one message asks about.
const keysPerAsk = 4000

// differences are the items of one kind in which record and copy differ.
type differences struct {
	kind  string
	want  []wire.KeyHash // the hub lacks them, or holds them otherwise
	extra []wire.KeyHash // only the hub holds them
}

// reconcile compares record and copy by digests, kind by kind, and queues what
// differs: only that goes up.
func (c *conversation) reconcile(ctx context.Context) error {
	for _, k := range c.POS.Kinds() {
		revision, err := c.Box.Revision(ctx)
		if err != nil {
			return err
		}
		d, err := c.differ(ctx, "", k)
		if err != nil {
			return fmt.Errorf("cannot compare %s with the hub: %w", k.Kind, err)
		}
		if err := c.Box.Level(ctx, k.Kind, revision, d.want, d.extra); err != nil {
			return err
		}
	}
	return nil
}

// differ narrows a kind's differences down: sums of nodes, of their leaves, then
// the keys of the leaves that differ.
func (c *conversation) differ(ctx context.Context, upload string, k pos.MappedKind) (differences, error) {
	out := differences{kind: k.Kind}
	c.step(PhaseCompare, "Comparing %s with the hub.", k.Kind)
	sums, err := c.Box.NodeSums(ctx, k.Kind)
	if err != nil {
		return out, err
	}
	nodes, err := c.Hub.Sums(ctx, wire.Sums{Upload: upload, Kind: k.Kind, Sum: sums})
	if err != nil {
		return out, err
	}
	if err := believePlaces("node", nodes.Differ, wire.Nodes); err != nil {
		return out, err
	}
	leaves, err := c.differingLeaves(ctx, upload, k.Kind, nodes.Differ)
	if err != nil {
		return out, err
	}
	return out, c.differingKeys(ctx, upload, leaves, &out)
}

// differingLeaves asks about a few nodes at a time: a message stays small.
func (c *conversation) differingLeaves(ctx context.Context, upload, kind string, nodes []int) ([]int, error) {
	const perAsk = 64
	var out []int
	for len(nodes) > 0 {
		part := nodes[:min(perAsk, len(nodes))]
		nodes = nodes[len(part):]
		sums, err := c.Box.LeafSums(ctx, kind, part)
		if err != nil {
			return nil, err
		}
		answer, err := c.Hub.Sums(ctx, wire.Sums{Upload: upload, Kind: kind, Node: part, Sum: sums})
		if err != nil {
			return nil, err
		}
		if err := believePlaces("leaf", answer.Differ, len(sums)); err != nil {
			return nil, err
		}
		for _, at := range answer.Differ {
			out = append(out, part[at/wire.Leaves]*wire.Leaves+at%wire.Leaves)
		}
	}
	return out, nil
}

func (c *conversation) differingKeys(ctx context.Context, upload string, leaves []int, out *differences) error {
	live, err := c.Box.Live(ctx, out.kind)
	if err != nil {
		return err
	}
	perAsk := int(max(1, keysPerAsk*wire.Nodes*wire.Leaves/max(1, live)))
	for len(leaves) > 0 {
		part := leaves[:min(perAsk, len(leaves))]
		leaves = leaves[len(part):]
		items, err := c.Box.LeafItems(ctx, out.kind, part)
		if err != nil {
			return err
		}
		answer, err := c.Hub.Keys(ctx, wire.Keys{Upload: upload, Kind: out.kind, Leaf: part, Items: items})
		if err != nil {
			return err
		}
		if err := believePlaces("item", answer.Want, len(items)); err != nil {
			return err
		}
		if err := believeExtra(out.kind, part, answer.Extra); err != nil {
			return err
		}
		for _, at := range answer.Want {
			out.want = append(out.want, items[at])
		}
		out.extra = append(out.extra, answer.Extra...)
	}
	return nil
}

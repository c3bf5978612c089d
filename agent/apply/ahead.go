package apply

import (
	"context"

	"plait/agent/pos"
)

// The POS waits while a slice is written, so that what needs no lock is done before
// it: the next items are read and planned while the POS has its database to itself.
// That counts only if nobody has committed anything since, as pos.Stand tells;
// otherwise it is taken back, and planned again within the slice.

// ahead are groups that were planned ahead, the next one first.
type ahead struct {
	groups []*group
	items  int       // in groups
	stand  pos.Stand // as of which they were read; zero: not known
	slice  int       // how many items the last slice took
}

const (
	// firstAhead is how many items are planned before the first slice has shown how many
	// it takes.
	firstAhead = 256
	// mostAhead is how many slices' items are planned at most.
	mostAhead = 3
)

// enough reports whether so many items are planned as the next slice takes, and more
// for as long as the POS is to be left alone anyway.
func (r *run) enough() bool {
	slice := max(r.ahead.slice, firstAhead)
	return r.ahead.items >= slice && (r.ahead.items >= mostAhead*slice || r.POS.Rest() == 0)
}

// planAhead plans the next items. What cannot be read now is left to the slice, which
// says why.
func (r *run) planAhead(ctx context.Context) error {
	if r.alone {
		return nil
	}
	// What a slice found still holds after its commit: whoever has committed since then
	// shows in the next one.
	if r.ahead.stand == (pos.Stand{}) {
		stand, err := r.POS.Stand(ctx)
		if err != nil || stand == (pos.Stand{}) {
			return ctx.Err()
		}
		r.ahead.stand = stand
	}
	start := r.receipt.NextItem
	for !r.enough() {
		from := start + r.ahead.items
		if from >= r.planner.Len() || !r.goesTogether(r.POS, r.planner.Item(from).Kind) {
			break
		}
		n := r.stretch(from, start)
		if n == 0 {
			break
		}
		g, err := r.plan(ctx, r.POS, from, n)
		if err != nil || g == nil {
			return ctx.Err()
		}
		r.ahead.groups = append(r.ahead.groups, g)
		r.ahead.items += n
	}
	return nil
}

// takeAhead takes the next group.
func (r *run) takeAhead() *group {
	if len(r.ahead.groups) == 0 {
		return nil
	}
	g := r.ahead.groups[0]
	r.ahead.groups = r.ahead.groups[1:]
	r.ahead.items -= len(g.list)
	return g
}

// dropAhead takes back what was planned ahead.
func (r *run) dropAhead() {
	for i := len(r.ahead.groups) - 1; i >= 0; i-- {
		r.takeBack(r.ahead.groups[i])
	}
	r.ahead.groups, r.ahead.items = nil, 0
}

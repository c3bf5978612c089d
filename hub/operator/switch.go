package operator

import (
	"context"
	"errors"

	"plait/hub/access"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
)

// Switch turns a store's sync switch. One that is turned off keeps no open jobs,
// and is told what it misses. One that is turned on again gets nothing by itself
// before somebody has looked: the answer has the Test to look at.
func (d *Desk) Switch(ctx context.Context, who access.Who, ref string, in SwitchStore) (out Switched, err error) {
	to := in.To
	switch {
	case in.To != store.On && in.To != store.Off:
		return out, refuse("the switch is turned on or off, not %q", in.To)
	case in.Jobs != "" && in.Jobs != JobsDeliver && in.Jobs != JobsCancel:
		return out, refuse("open jobs are delivered or cancelled, not %q", in.Jobs)
	case in.To == store.Off && in.Jobs == JobsDeliver:
		to = store.Draining
	}
	var again bool
	var at store.Store
	err = d.mayOnStore(ctx, who, ref, access.Operator, func(tx *store.StoreTx) error {
		again = to == store.On && tx.Store.Switch != store.On
		if _, err := queue.Switch(tx, who.Name, to, in.Jobs == JobsCancel); err != nil {
			return err
		}
		if at = tx.Store; at.Switch != store.On {
			if out.Misses, err = storesync.Misses(tx.StoreView); err != nil {
				return err
			}
		}
		out.Store, err = d.showStore(tx.StoreView)
		return err
	})
	if err == nil && again {
		err = d.lookAgain(ctx, who, at, &out)
	}
	return out, err
}

// lookAgain makes the Test of what a store may have missed while it was off. The
// switch is on whether there is one or not.
func (d *Desk) lookAgain(ctx context.Context, who access.Who, at store.Store, out *Switched) error {
	review, err := d.Sync.Review(ctx, storesync.ReviewRequest{Network: at.Network, Store: at.ID, By: who.Name, Synced: true})
	for _, t := range review.Tests {
		out.Tests = append(out.Tests, t.Plan)
	}
	if errors.Is(err, storesync.ErrRequest) && !errors.Is(err, storesync.ErrNothing) {
		out.Untested = err.Error()
	}
	if errors.Is(err, storesync.ErrRequest) {
		return nil
	}
	return err
}

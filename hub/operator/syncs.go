package operator

import (
	"context"
	"errors"

	"plait/hub/access"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/wire"
)

// syncsListed bounds how many syncs are listed.
const syncsListed = 100

// Test makes the plan of a sync and keeps it for a day. Network and By of the
// request are filled in; its source may be named.
func (d *Desk) Test(ctx context.Context, who access.Who, network string, r storesync.Request) (storesync.Plan, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return storesync.Plan{}, err
	}
	r.Network, r.By = n.ID, who.Name
	if r.Source != "" {
		s, err := d.find(ctx, who, r.Source)
		if err == nil && s.Network != n.ID {
			err = notFound("store", r.Source)
		}
		if err != nil {
			return storesync.Plan{}, err
		}
		r.Source = s.ID
	}
	p, err := d.Sync.Test(ctx, r, nil)
	return p, syncError(err)
}

// Review tests everything that comes to a store from its usual sources; of head
// office, everything that the branches get from it.
func (d *Desk) Review(ctx context.Context, who access.Who, ref string, r storesync.ReviewRequest) (storesync.Review, error) {
	s, err := d.find(ctx, who, ref)
	if err == nil {
		err = who.MayOnStore(s, access.Operator)
	}
	if err != nil {
		return storesync.Review{}, err
	}
	r.Network, r.Store, r.By = s.Network, s.ID, who.Name
	out, err := d.Sync.Review(ctx, r)
	return out, syncError(err)
}

// DeclineReview lets continuous syncs go on to a store, or from head office,
// without bringing what the sources changed so far.
func (d *Desk) DeclineReview(ctx context.Context, who access.Who, ref string) ([]storesync.Declined, error) {
	s, err := d.find(ctx, who, ref)
	if err == nil {
		err = who.MayOnStore(s, access.Operator)
	}
	if err != nil {
		return nil, err
	}
	out, err := d.Sync.Decline(ctx, storesync.ReviewRequest{Network: s.Network, Store: s.ID, By: who.Name})
	if out == nil {
		out = []storesync.Declined{}
	}
	return out, syncError(err)
}

// TestRevert makes the plan of taking a sync back, and keeps it for a day.
func (d *Desk) TestRevert(ctx context.Context, who access.Who, network, sync string, r storesync.RevertRequest) (storesync.Plan, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return storesync.Plan{}, err
	}
	r.Network, r.Sync, r.By = n.ID, sync, who.Name
	p, err := d.Sync.TestRevert(ctx, r, nil)
	return p, syncError(err)
}

// Plan shows a Test that has not expired.
func (d *Desk) Plan(ctx context.Context, who access.Who, network, digest string) (storesync.Plan, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return storesync.Plan{}, err
	}
	p, err := d.Sync.Plan(ctx, n.ID, digest)
	return p, syncError(err)
}

// PlanOfStore shows a receiver's part of a Test, item by item.
func (d *Desk) PlanOfStore(ctx context.Context, who access.Who, network, digest, ref string) (storesync.StoreDetail, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return storesync.StoreDetail{}, err
	}
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return storesync.StoreDetail{}, err
	}
	detail, err := d.Sync.Detail(ctx, n.ID, digest, s.ID)
	return detail, syncError(err)
}

// Run carries out a Test that somebody has seen and confirmed.
func (d *Desk) Run(ctx context.Context, who access.Who, network, digest string, c storesync.Confirm) (storesync.Sync, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return storesync.Sync{}, err
	}
	sync, err := d.Sync.RunAlso(ctx, n.ID, digest, c, who.Name, d.runPolicy(who))
	return sync, syncError(err)
}

// Syncs lists the newest syncs of a network, the newest first.
func (d *Desk) Syncs(ctx context.Context, who access.Who, network string) ([]storesync.Sync, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return nil, err
	}
	list, err := d.Sync.List(ctx, n.ID, syncsListed)
	if list == nil {
		list = []storesync.Sync{}
	}
	return list, err
}

// ShowSync shows a sync with what became of it at every receiver.
func (d *Desk) ShowSync(ctx context.Context, who access.Who, network, id string) (storesync.Sync, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return storesync.Sync{}, err
	}
	return d.Sync.Show(ctx, n.ID, id)
}

// ContinueSync lets a sync go on that has halted, or that waits for stores to
// apply it: who does so has seen what failed and what is open.
func (d *Desk) ContinueSync(ctx context.Context, who access.Who, network, id string) (storesync.Sync, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err == nil {
		err = syncError(d.Sync.Continue(ctx, n.ID, id, who.Name))
	}
	if err != nil {
		return storesync.Sync{}, err
	}
	return d.Sync.Show(ctx, n.ID, id)
}

// AgainSync makes a Test that sends a sync again to the stores that missed it.
func (d *Desk) AgainSync(ctx context.Context, who access.Who, network, id string) (storesync.Plan, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return storesync.Plan{}, err
	}
	p, err := d.Sync.Again(ctx, n.ID, id, who.Name, nil)
	return p, syncError(err)
}

// RetrySync tries again what stores refused of a sync and does not have arrived
// since.
func (d *Desk) RetrySync(ctx context.Context, who access.Who, network, id string) ([]storesync.Retried, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return nil, err
	}
	out, err := d.Sync.RetrySync(ctx, n.ID, id, who.Name)
	return out, syncError(err)
}

// RetryStore tries again all that a store refused and that has not arrived since.
func (d *Desk) RetryStore(ctx context.Context, who access.Who, ref string) ([]storesync.Retried, error) {
	s, err := d.find(ctx, who, ref)
	if err == nil {
		err = who.MayOnStore(s, access.Operator)
	}
	if err != nil {
		return nil, err
	}
	out, err := d.Sync.RetryStore(ctx, s.Network, s.ID, who.Name)
	return out, syncError(err)
}

// CancelSync ends a sync: what is not queued yet never is, and its open jobs are
// cancelled at every receiver, store by store. Repeating it goes on where it
// stopped. What was applied stays; a revert is another act.
func (d *Desk) CancelSync(ctx context.Context, who access.Who, network, id string) (storesync.Sync, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return storesync.Sync{}, err
	}
	if _, err := d.Sync.End(ctx, n.ID, id, who.Name); err != nil {
		return storesync.Sync{}, err
	}
	var jobs []store.JobOfNetwork
	err = d.DB.View(ctx, func(v *store.View) (err error) {
		if _, err = v.Sync(n.ID, id); err == nil {
			jobs, err = v.JobsByCause(n.ID, id)
		}
		return err
	})
	if err != nil {
		return storesync.Sync{}, err
	}
	for _, j := range jobs {
		if !j.Open() {
			continue
		}
		// It may have been applied since it was read: that is no fault.
		if _, err := d.CancelJob(ctx, who, j.ID); err != nil && !errors.Is(err, store.ErrConflict) {
			return storesync.Sync{}, err
		}
	}
	return d.Sync.Show(ctx, n.ID, id)
}

// syncsIn finds the network of a sync and checks the right.
func (d *Desk) syncsIn(ctx context.Context, who access.Who, ref string, need access.Role) (n store.Network, err error) {
	if err := who.Needs(need); err != nil {
		return n, err
	}
	err = d.DB.View(ctx, func(v *store.View) (err error) {
		n, err = d.network(v, who, ref)
		return err
	})
	return n, err
}

// syncError gives storesync's errors the codes that callers decide by.
func syncError(err error) error {
	switch {
	case errors.Is(err, storesync.ErrRequest):
		return wire.Refuse(wire.CodeBadRequest, "%v", err)
	case errors.Is(err, storesync.ErrConfirm), errors.Is(err, storesync.ErrExpired):
		return wire.Refuse(wire.CodeConflict, "%v", err)
	}
	return err
}

package operator

import (
	"context"
	"errors"

	"plait/hub/access"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/wire"
)

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

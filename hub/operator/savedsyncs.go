package operator

import (
	"context"

	"plait/hub/access"
	"plait/hub/storesync"
)

// SaveSync keeps a sync's options under a name.
func (d *Desk) SaveSync(ctx context.Context, who access.Who, network string, in SaveSync) (out storesync.SavedSync, err error) {
	if err := checkName("a saved sync", in.Name); err != nil {
		return out, err
	}
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return out, err
	}
	out, err = d.Sync.Save(ctx, n.ID, in.Saved, in.Replace, who.Name)
	return out, syncError(err)
}

// SavedSyncs lists a network's saved syncs by name.
func (d *Desk) SavedSyncs(ctx context.Context, who access.Who, network string) ([]storesync.SavedSync, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return nil, err
	}
	return d.Sync.SavedSyncs(ctx, n.ID)
}

// SavedSync shows one.
func (d *Desk) SavedSync(ctx context.Context, who access.Who, network, name string) (storesync.SavedSync, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return storesync.SavedSync{}, err
	}
	return d.Sync.Saved(ctx, n.ID, name)
}

// TestSaved makes the Test of a saved sync.
func (d *Desk) TestSaved(ctx context.Context, who access.Who, network, name string) (storesync.Plan, error) {
	saved, err := d.SavedSync(ctx, who, network, name)
	if err != nil {
		return storesync.Plan{}, err
	}
	if saved.Request.Label == "" {
		saved.Request.Label = saved.Name
	}
	return d.Test(ctx, who, network, saved.Request)
}

// ForgetSync removes a saved sync; syncs that were run from it stay.
func (d *Desk) ForgetSync(ctx context.Context, who access.Who, network, name string) error {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return err
	}
	return d.Sync.Forget(ctx, n.ID, name, who.Name)
}

package operator

import (
	"context"

	"plait/hub/access"
	"plait/hub/storesync"
)

// PlanItems shows a receiver's part of a Test item by item and field by field, a
// page at a time.
func (d *Desk) PlanItems(ctx context.Context, who access.Who, network, digest, ref string, ask storesync.ItemsAsk) (storesync.ItemsPage, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return storesync.ItemsPage{}, err
	}
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return storesync.ItemsPage{}, err
	}
	page, err := d.Sync.Items(ctx, n.ID, digest, s.ID, ask)
	return page, syncError(err)
}

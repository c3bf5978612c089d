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

// Marks lists the items of a kind that operators marked as the same as others.
func (d *Desk) Marks(ctx context.Context, who access.Who, network, kind string) ([]storesync.SameMark, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return nil, err
	}
	list, err := d.Sync.Marks(ctx, n.ID, kind)
	return list, syncError(err)
}

// Apart takes such a mark back.
func (d *Desk) Apart(ctx context.Context, who access.Who, network, kind, uid string) (storesync.Apart, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return storesync.Apart{}, err
	}
	out, err := d.Sync.Apart(ctx, n.ID, kind, uid, who.Name)
	return out, syncError(err)
}

// Where tells which stores have an item, with which value, since which sync. The
// store whose item is named may be given by name.
func (d *Desk) Where(ctx context.Context, who access.Who, network string, ask storesync.WhereAsk) (storesync.WherePage, error) {
	n, err := d.askIn(ctx, who, network, &ask.At)
	if err != nil {
		return storesync.WherePage{}, err
	}
	page, err := d.Sync.Where(ctx, n, ask)
	return page, syncError(err)
}

// Lag tells which stores still have another value of a field than the source.
func (d *Desk) Lag(ctx context.Context, who access.Who, network string, ask storesync.LagAsk) (storesync.LagPage, error) {
	n, err := d.askIn(ctx, who, network, &ask.At)
	if err != nil {
		return storesync.LagPage{}, err
	}
	page, err := d.Sync.Lag(ctx, n, ask)
	return page, syncError(err)
}

// Why tells why a field of an item stands as it does at a store.
func (d *Desk) Why(ctx context.Context, who access.Who, network string, ask storesync.WhyAsk) (storesync.Why, error) {
	n, err := d.askIn(ctx, who, network, &ask.At)
	if err == nil && ask.Store == "" {
		err = refuse("it names no store")
	}
	if err == nil {
		_, err = d.askIn(ctx, who, network, &ask.Store)
	}
	if err != nil {
		return storesync.Why{}, err
	}
	why, err := d.Sync.Why(ctx, n, ask)
	return why, syncError(err)
}

// Setup tells what needs a person at a store.
func (d *Desk) Setup(ctx context.Context, who access.Who, ref string, ask storesync.SetupAsk) (storesync.SetupPage, error) {
	if err := who.Needs(access.Viewer); err != nil {
		return storesync.SetupPage{}, err
	}
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return storesync.SetupPage{}, err
	}
	page, err := d.Sync.Setup(ctx, s.ID, ask)
	return page, syncError(err)
}

// SetupOfAll counts what needs a person, store by store.
func (d *Desk) SetupOfAll(ctx context.Context, who access.Who, network string, ask storesync.StoresAsk) (storesync.SetupCounts, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return storesync.SetupCounts{}, err
	}
	return d.Sync.SetupOfAll(ctx, n.ID, ask)
}

// Drift lists what a store did to its linked items that it may not do.
func (d *Desk) Drift(ctx context.Context, who access.Who, ref string, ask storesync.DriftAsk) (storesync.DriftPage, error) {
	if err := who.Needs(access.Viewer); err != nil {
		return storesync.DriftPage{}, err
	}
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return storesync.DriftPage{}, err
	}
	page, err := d.Sync.Drift(ctx, s.ID, ask)
	return page, syncError(err)
}

// Repairs lists what a store told of drift that it undid by itself.
func (d *Desk) Repairs(ctx context.Context, who access.Who, ref string, ask storesync.DriftAsk) (storesync.RepairsPage, error) {
	if err := who.Needs(access.Viewer); err != nil {
		return storesync.RepairsPage{}, err
	}
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return storesync.RepairsPage{}, err
	}
	page, err := d.Sync.Repairs(ctx, s.ID, ask)
	return page, syncError(err)
}

// DriftOfAll counts drift, store by store.
func (d *Desk) DriftOfAll(ctx context.Context, who access.Who, network string, ask storesync.StoresAsk) (storesync.DriftCounts, error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil {
		return storesync.DriftCounts{}, err
	}
	return d.Sync.DriftOfAll(ctx, n.ID, ask)
}

// askIn finds the network of a question, and puts a store's id in place of its
// name.
func (d *Desk) askIn(ctx context.Context, who access.Who, network string, ref *string) (id string, err error) {
	n, err := d.syncsIn(ctx, who, network, access.Viewer)
	if err != nil || *ref == "" {
		return n.ID, err
	}
	s, err := d.find(ctx, who, *ref)
	if err == nil && s.Network != n.ID {
		err = notFound("store", *ref)
	}
	*ref = s.ID
	return n.ID, err
}

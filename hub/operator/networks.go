package operator

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"plait/hub/access"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/catalog"
)

// AddNetwork makes a network.
func (d *Desk) AddNetwork(ctx context.Context, who access.Who, in NewNetwork) (out Network, err error) {
	if err := errors.Join(checkName("a network", in.Name), checkSwitches(in.Switches)); err != nil {
		return out, err
	}
	settings, err := d.withKinds(store.Network{Name: in.Name}, cmp.Or(in.Preset, d.Preset), in.Overlay)
	if err != nil {
		return out, err
	}
	var n store.Network
	err = d.DB.WithHub(ctx, func(tx *store.HubTx) error {
		if err := who.OnHub(tx, access.Act{What: "network.add", Need: access.Admin, Detail: map[string]any{"name": in.Name, "preset": in.Preset, "switches": in.Switches}}); err != nil {
			return err
		}
		n, err = tx.AddNetwork(store.Network{Name: in.Name, Switches: in.Switches, Settings: settings})
		if errors.Is(err, store.ErrConflict) {
			return conflict("there is a network called %q already", in.Name)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	// Without a catalogue the network takes nothing in; Refresh mends a network
	// whose hub stopped just here.
	if err := d.refresh(ctx, n); err != nil {
		return out, err
	}
	return d.Network(ctx, who, n.ID)
}

// SetNetwork changes a network's switches, its preset, its own kinds, or how it
// syncs. What would lock or overwrite something at a store is refused: that is tested
// first (TestPolicy).
func (d *Desk) SetNetwork(ctx context.Context, who access.Who, ref string, in SetNetwork) (Network, error) {
	if err := checkSwitches(in.Switches); err != nil {
		return Network{}, err
	}
	var n store.Network
	if err := d.DB.View(ctx, func(v *store.View) (err error) { n, err = d.network(v, who, ref); return err }); err != nil {
		return Network{}, err
	}
	err := who.Needs(access.Admin)
	if err == nil {
		err = d.locksNothing(ctx, who, n, in)
	}
	if err != nil {
		return Network{}, err
	}
	err = d.DB.WithNetwork(ctx, n.ID, func(tx *store.NetworkTx) error {
		if err := who.OnNetwork(tx, access.Act{What: "network.set", Need: access.Admin, Detail: setDetail(in)}); err != nil {
			return err
		}
		n = tx.Network
		n.Switches = maps.Clone(n.Switches)
		if n.Switches == nil {
			n.Switches = map[string]bool{}
		}
		maps.Copy(n.Switches, in.Switches)
		var err error
		if n.Settings, err = d.withKinds(n, in.Preset, in.Overlay); err != nil {
			return err
		}
		if n.Settings, err = d.withSync(tx.View, n, in); err != nil {
			return err
		}
		return tx.SetNetwork(n)
	})
	if err == nil {
		err = d.refresh(ctx, n)
	}
	if err == nil {
		err = d.Sync.Spread(ctx, n.ID)
	}
	if err != nil {
		return Network{}, err
	}
	return d.Network(ctx, who, n.ID)
}

// locksNothing refuses switches and kinds that would lock or overwrite what a store
// has from another.
func (d *Desk) locksNothing(ctx context.Context, who access.Who, n store.Network, in SetNetwork) error {
	change := ChangePolicy{Preset: in.Preset, Switches: in.Switches, Overlay: in.Overlay}
	if change.Preset == "" && len(change.Switches) == 0 && !given(change.Overlay) {
		return nil
	}
	proposed, _, err := d.proposed(n, change)
	if err != nil {
		return err
	}
	test, err := d.Sync.TestPolicy(ctx, storesync.PolicyRequest{Network: n.ID, By: who.Name, Label: "Policies of " + n.Name, Proposed: proposed})
	if errors.Is(err, storesync.ErrRequest) {
		return nil // nothing would change
	}
	if err != nil {
		return syncError(err)
	}
	if stores := test.Held(); len(stores) > 0 {
		return conflict("it would lock or overwrite what stores have from others, at %s: test it first with plait-hub policy test, and carry it out with plait-hub policy run", strings.Join(stores, ", "))
	}
	return nil
}

// setDetail is what the audit log says of a change; the kinds themselves are the
// network's catalogue.
func setDetail(in SetNetwork) any {
	kinds := in.Overlay != nil
	in.Overlay = nil
	return struct {
		SetNetwork
		Kinds bool `json:"kinds"`
	}{in, kinds}
}

// Networks lists those that somebody may see, by name.
func (d *Desk) Networks(ctx context.Context, who access.Who) (out []Network, err error) {
	out = []Network{}
	err = d.DB.View(ctx, func(v *store.View) error {
		all, err := d.networks(v, who)
		for _, n := range all {
			shown, err := d.showNetwork(v, n)
			if err != nil {
				return err
			}
			out = append(out, shown)
		}
		return err
	})
	return out, err
}

// Network shows one.
func (d *Desk) Network(ctx context.Context, who access.Who, ref string) (out Network, err error) {
	err = d.DB.View(ctx, func(v *store.View) error {
		n, err := d.network(v, who, ref)
		if err == nil {
			out, err = d.showNetwork(v, n)
		}
		return err
	})
	return out, err
}

func (d *Desk) showNetwork(v *store.View, n store.Network) (Network, error) {
	stores, err := v.Stores(n.ID)
	if err != nil {
		return Network{}, err
	}
	set, err := d.kindsOf(n)
	if err != nil {
		return Network{}, err
	}
	out := Network{ID: n.ID, Name: n.Name, Preset: set.Preset, Switches: n.Switches, Stores: len(stores), Catalog: n.Catalog, Created: n.Created, Own: []string{}, Policies: set.Policies}
	for _, k := range set.Own.Kinds {
		out.Own = append(out.Own, k.Name)
	}
	err = showSync(v, n, &out)
	return out, err
}

// Refresh puts every network's catalogue together again from what this hub ships
// and the network's own kinds. It is called at each start.
func (d *Desk) Refresh(ctx context.Context) error {
	var all []store.Network
	err := d.DB.View(ctx, func(v *store.View) (err error) {
		all, err = v.Networks()
		return err
	})
	for _, n := range all {
		if err == nil {
			err = d.refresh(ctx, n)
		}
	}
	return err
}

func (d *Desk) refresh(ctx context.Context, n store.Network) error {
	whole, err := d.catalogue(n)
	if err != nil {
		return err
	}
	digest := whole.Digest()
	return d.DB.WithNetwork(ctx, n.ID, func(tx *store.NetworkTx) error {
		if digest != tx.Network.Catalog {
			if err := tx.SetCatalog(digest, whole.Encode()); err != nil {
				return err
			}
		}
		return storesync.Settle(tx.View, n.ID, tx.SetContinuous)
	})
}

func checkSwitches(switches map[string]bool) error {
	for name := range switches {
		if !slices.Contains(catalog.Switches, name) {
			return refuse("there is no switch %q; there are %s", name, strings.Join(catalog.Switches, ", "))
		}
	}
	return nil
}

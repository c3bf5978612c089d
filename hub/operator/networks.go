package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plait/hub/access"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/wire"
)

// settingOverlay is the key of a network's settings under which its own kinds
// are kept: the catalogue is put together anew when a newer hub ships others.
const settingOverlay = "catalog_overlay"

// AddNetwork makes a network.
func (d *Desk) AddNetwork(ctx context.Context, who access.Who, in NewNetwork) (out Network, err error) {
	if err := errors.Join(checkName("a network", in.Name), checkSwitches(in.Switches)); err != nil {
		return out, err
	}
	overlay, err := d.overlay(in.Overlay)
	if err != nil {
		return out, err
	}
	settings, err := withOverlay(nil, overlay)
	if err != nil {
		return out, err
	}
	var n store.Network
	err = d.DB.WithHub(ctx, func(tx *store.HubTx) error {
		if err := who.OnHub(tx, access.Act{What: "network.add", Need: access.Admin, Detail: map[string]any{"name": in.Name, "switches": in.Switches}}); err != nil {
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

// SetNetwork changes a network's switches or its own kinds.
func (d *Desk) SetNetwork(ctx context.Context, who access.Who, ref string, in SetNetwork) (Network, error) {
	if err := checkSwitches(in.Switches); err != nil {
		return Network{}, err
	}
	overlay, err := d.overlay(in.Overlay)
	if err != nil {
		return Network{}, err
	}
	var n store.Network
	if err := d.DB.View(ctx, func(v *store.View) (err error) { n, err = d.network(v, who, ref); return err }); err != nil {
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
		if n.Settings, err = withOverlay(n.Settings, overlay); err != nil {
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
	overlay, err := overlayOf(n)
	if err != nil {
		return Network{}, err
	}
	out := Network{ID: n.ID, Name: n.Name, Switches: n.Switches, Stores: len(stores), Catalog: n.Catalog, Created: n.Created, Own: []string{}}
	for _, k := range overlay.Kinds {
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
	overlay, err := overlayOf(n)
	if err != nil {
		return err
	}
	whole := d.Shipped.Overlay(overlay)
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

// overlay reads a network's own kinds and tries them over the shipped ones; nil
// if none are given.
func (d *Desk) overlay(in json.RawMessage) (*catalog.Catalog, error) {
	if len(in) == 0 || string(in) == "null" {
		return nil, nil
	}
	own, err := decodeOverlay(in)
	if err != nil {
		return nil, refuse("cannot use the network's own kinds: %v", err)
	}
	if _, err := catalog.Decode(d.Shipped.Overlay(own).Encode()); err != nil {
		return nil, refuse("the network's own kinds do not fit the shipped ones: %v", err)
	}
	return own, nil
}

// decodeOverlay reads kinds without holding them to each other: what they refer
// to may be among the shipped ones.
func decodeOverlay(in []byte) (*catalog.Catalog, error) {
	var own catalog.Catalog
	if err := wire.UnmarshalStrict(in, &own); err != nil {
		return nil, err
	}
	return &own, nil
}

func overlayOf(n store.Network) (*catalog.Catalog, error) {
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(n.Settings, &all); err != nil {
		return nil, fmt.Errorf("cannot read the settings of network %s: %w", n.Name, err)
	}
	if all[settingOverlay] == nil {
		return &catalog.Catalog{}, nil
	}
	own, err := decodeOverlay(all[settingOverlay])
	if err != nil {
		return nil, fmt.Errorf("cannot read the kinds of network %s: %w", n.Name, err)
	}
	return own, nil
}

// withOverlay returns settings with the network's own kinds in them; nil kinds
// change nothing.
func withOverlay(settings json.RawMessage, own *catalog.Catalog) (json.RawMessage, error) {
	if own == nil {
		return settings, nil
	}
	all := map[string]json.RawMessage{}
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, &all); err != nil {
			return nil, fmt.Errorf("cannot read a network's settings: %w", err)
		}
	}
	kinds, err := json.Marshal(own)
	if err != nil {
		return nil, fmt.Errorf("cannot keep a network's kinds: %w", err)
	}
	all[settingOverlay] = kinds
	return json.Marshal(all)
}

func checkSwitches(switches map[string]bool) error {
	for name := range switches {
		if !slices.Contains(catalog.Switches, name) {
			return refuse("there is no switch %q; there are %s", name, strings.Join(catalog.Switches, ", "))
		}
	}
	return nil
}

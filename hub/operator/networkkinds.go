package operator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// Keys of a network's settings. The catalogue is put together anew from them
// when a newer hub ships other kinds.
const (
	settingPreset   = "catalog_preset"   // its name
	settingOverlay  = "catalog_overlay"  // the network's own kinds
	settingPolicies = "catalog_policies" // fields whose policy the network has settled itself
)

// kinds is what a network has settled of its kinds.
type kinds struct {
	Preset   string
	Own      *catalog.Catalog
	Policies map[string]item.Policy // as catalog.With takes them
}

func (d *Desk) kindsOf(n store.Network) (kinds, error) {
	all := map[string]json.RawMessage{}
	if len(n.Settings) > 0 {
		if err := json.Unmarshal(n.Settings, &all); err != nil {
			return kinds{}, fmt.Errorf("cannot read the settings of network %s: %w", n.Name, err)
		}
	}
	out := kinds{Preset: d.Preset, Own: &catalog.Catalog{}}
	if raw := all[settingPreset]; raw != nil {
		if err := json.Unmarshal(raw, &out.Preset); err != nil {
			return kinds{}, fmt.Errorf("cannot read the preset of network %s: %w", n.Name, err)
		}
	}
	if raw := all[settingOverlay]; raw != nil {
		own, err := decodeOverlay(raw)
		if err != nil {
			return kinds{}, fmt.Errorf("cannot read the kinds of network %s: %w", n.Name, err)
		}
		out.Own = own
	}
	if raw := all[settingPolicies]; raw != nil {
		if err := json.Unmarshal(raw, &out.Policies); err != nil {
			return kinds{}, fmt.Errorf("cannot read the policies of network %s: %w", n.Name, err)
		}
	}
	return out, nil
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

// catalogue is the network's: the shipped kinds under its preset, and over them
// its own, with the policies that they have, but for those that it has settled.
func (d *Desk) catalogue(n store.Network) (*catalog.Catalog, error) {
	set, err := d.kindsOf(n)
	if err != nil {
		return nil, err
	}
	kinds, err := d.unsettled(set)
	if err != nil {
		return nil, fmt.Errorf("cannot put together the kinds of network %s: %w", n.Name, err)
	}
	return kinds.With(set.Policies), nil
}

// unsettled are a network's kinds with the policies that they have by themselves.
func (d *Desk) unsettled(set kinds) (*catalog.Catalog, error) {
	p, err := d.preset(set.Preset)
	if err != nil {
		return nil, err
	}
	return p.Over(d.Shipped).Overlay(set.Own), nil
}

func (d *Desk) preset(name string) (catalog.Preset, error) {
	i := slices.IndexFunc(d.Presets, func(p catalog.Preset) bool { return p.Name == name })
	if i < 0 {
		var known []string
		for _, p := range d.Presets {
			known = append(known, p.Name)
		}
		return catalog.Preset{}, refuse("there is no preset %.40q; there are %s", name, strings.Join(known, ", "))
	}
	return d.Presets[i], nil
}

// withKinds returns the network's settings with another preset and other kinds of
// its own in them, tried together; "" and nil change nothing. A preset brings
// what it settles for syncs.
func (d *Desk) withKinds(n store.Network, preset string, overlay json.RawMessage) (json.RawMessage, error) {
	own := given(overlay)
	if preset == "" && !own {
		return n.Settings, nil
	}
	if preset != "" {
		p, err := d.preset(preset)
		if err == nil {
			n.Settings, err = storesync.Change(n, func(s *storesync.Settings) { s.HeadOfficeOnly, s.NoAdopt = p.HeadOfficeOnly, p.NoAdopt })
		}
		if err != nil {
			return nil, err
		}
	}
	set, err := d.kindsOf(n)
	if err != nil {
		return nil, err
	}
	set.Preset = cmp.Or(preset, set.Preset)
	if own {
		if set.Own, err = decodeOverlay(overlay); err != nil {
			return nil, refuse("cannot use the network's own kinds: %v", err)
		}
	}
	return d.keepKinds(n, set)
}

// given reports whether a network's own kinds are named, be it none.
func given(overlay json.RawMessage) bool { return len(overlay) > 0 && string(overlay) != "null" }

func (d *Desk) keepKinds(n store.Network, set kinds) (json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(n.Settings, &all); err != nil && len(n.Settings) > 0 {
		return nil, fmt.Errorf("cannot read the settings of network %s: %w", n.Name, err)
	}
	var err error
	if all[settingPreset], err = json.Marshal(set.Preset); err == nil {
		all[settingOverlay], err = json.Marshal(set.Own)
	}
	if err == nil {
		all[settingPolicies], err = json.Marshal(set.Policies)
	}
	if err == nil {
		n.Settings, err = json.Marshal(all)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot keep the kinds of network %s: %w", n.Name, err)
	}
	whole, err := d.catalogue(n)
	if err != nil {
		return nil, err
	}
	if _, err := catalog.Decode(whole.Encode()); err != nil {
		return nil, refuse("these kinds and policies do not fit together: %v", err)
	}
	return n.Settings, nil
}

package operator

import (
	"encoding/json"
	"slices"
	"strings"

	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/catalog"
)

// withSync returns a network's settings with what is asked of its syncs.
func (d *Desk) withSync(v *store.View, n store.Network, in SetNetwork) (json.RawMessage, error) {
	if in.Continuous == nil && in.Usual == nil && in.Adopt == nil && in.HeadOfficeOnly == nil && in.Repair == nil {
		return n.Settings, nil
	}
	kinds, err := d.catalogue(n)
	if err != nil {
		return nil, err
	}
	if in.Continuous != nil {
		for _, name := range *in.Continuous {
			if err := checkSynced(kinds, name); err != nil {
				return nil, err
			}
			if k, _ := kinds.Kind(name); k.ByHand {
				return nil, refuse("%s is synced by hand: somebody chooses what goes where, each time", name)
			}
		}
	}
	usual, err := usualIDs(v, n, kinds, in.Usual)
	if err != nil {
		return nil, err
	}
	return storesync.Change(n, func(s *storesync.Settings) { changeSync(s, in, usual) })
}

func changeSync(s *storesync.Settings, in SetNetwork, usual map[string]string) {
	if in.Continuous != nil {
		s.Continuous = slices.Compact(slices.Sorted(slices.Values(*in.Continuous)))
	}
	if in.Adopt != nil {
		s.NoAdopt = !*in.Adopt
	}
	if in.HeadOfficeOnly != nil {
		s.HeadOfficeOnly = *in.HeadOfficeOnly
	}
	if in.Repair != nil {
		s.Repair = *in.Repair
	}
	for kind, id := range usual {
		if s.Usual == nil {
			s.Usual = map[string]string{}
		}
		if s.Usual[kind] = id; id == "" {
			delete(s.Usual, kind)
		}
	}
}

func checkSynced(kinds *catalog.Catalog, name string) error {
	k, ok := kinds.Kind(name)
	switch {
	case !ok:
		return refuse("the network's catalogue has no kind %.40q", name)
	case k.Direction == catalog.UploadOnly:
		return refuse("%s only goes up from the stores; it is not synced", name)
	}
	return nil
}

// usualIDs resolves the stores that kinds are to come from; "" is head office.
func usualIDs(v *store.View, n store.Network, kinds *catalog.Catalog, in map[string]string) (map[string]string, error) {
	all, err := v.Stores(n.ID)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for kind, ref := range in {
		if err := checkSynced(kinds, kind); err != nil {
			return nil, err
		}
		if ref == "" {
			out[kind] = ""
			continue
		}
		i := slices.IndexFunc(all, func(s store.Store) bool { return s.ID == ref || s.Name == ref })
		if i < 0 {
			return nil, notFound("store", ref)
		}
		if all[i].Role == store.Single {
			return nil, refuse("store %s is a single store, linked into no network", all[i].Name)
		}
		out[kind] = all[i].ID
	}
	return out, nil
}

// showSync adds what is settled for a network's syncs.
func showSync(v *store.View, n store.Network, out *Network) error {
	set, err := storesync.SettingsOf(n)
	if err != nil {
		return err
	}
	flows, err := v.Continuous(n.ID)
	if err != nil {
		return err
	}
	out.HeadOfficeOnly, out.Repair = set.HeadOfficeOnly, set.Repair
	out.Adopt, out.Continuous, out.Usual = !set.NoAdopt, []Flow{}, map[string]string{}
	for _, kind := range set.Continuous {
		f := Flow{Kind: kind}
		if i := slices.IndexFunc(flows, func(f store.Flow) bool { return f.Kind == kind }); i >= 0 {
			s, err := v.StoreByID(flows[i].Source)
			if err != nil {
				return err
			}
			f.Source = s.Name
		}
		out.Continuous = append(out.Continuous, f)
	}
	for kind, id := range set.Usual {
		out.Usual[kind] = id
		if s, err := v.StoreByID(id); err == nil {
			out.Usual[kind] = s.Name
		}
	}
	return nil
}

// String names the kind and where it comes from.
func (f Flow) String() string {
	if f.Source == "" {
		return f.Kind + " (from nowhere: the network has no head office)"
	}
	return strings.TrimSpace(f.Kind + " from " + f.Source)
}

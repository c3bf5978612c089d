package storesync

import (
	"slices"

	"plait/hub/store"
)

// parties are the source and the receivers of a request.
type parties struct {
	source    store.Store
	receivers []store.Store // by name
	left      []string      // head offices that "all receivers" left out, by name
	office    bool          // the network has a head office
}

// findParties resolves a request's source and receivers among a network's
// stores. What a request names and the network does not have is refused.
func findParties(r Request, all []store.Store, set Settings) (p parties, err error) {
	i := slices.IndexFunc(all, func(s store.Store) bool { return s.ID == r.Source || s.Name == r.Source })
	if i < 0 {
		return p, refuse("the network has no store %q to copy from", r.Source)
	}
	p.source = all[i]
	p.office = slices.ContainsFunc(all, func(s store.Store) bool { return s.Role == store.HeadOffice })
	switch {
	case p.source.Role == store.Single:
		return p, refuse("store %s is a single store, linked into no network", p.source.Name)
	case set.HeadOfficeOnly && p.source.Role != store.HeadOffice && p.source.Role != store.MasterList:
		return p, refuse("this network is synced from head office alone, and store %s is a %s", p.source.Name, p.source.Role)
	}
	chosen := map[string]bool{}
	for _, name := range r.Receivers {
		if err := p.choose(name, all, chosen); err != nil {
			return p, err
		}
	}
	for _, s := range all {
		switch {
		case chosen[s.ID]:
			p.receivers = append(p.receivers, s)
		case r.AllReceivers && s.Role == store.HeadOffice && s.ID != p.source.ID:
			p.left = append(p.left, s.Name)
		case r.AllReceivers && s.Role == store.Branch && s.ID != p.source.ID:
			p.receivers = append(p.receivers, s)
		}
	}
	if len(p.receivers) == 0 {
		return p, refuse("no store receives it")
	}
	return p, nil
}

// choose adds the store of that id or name, or the stores with that label. A
// label may mark the source and head office too; they are left out.
func (p *parties) choose(name string, all []store.Store, chosen map[string]bool) error {
	for _, s := range all {
		if s.ID == name || s.Name == name {
			if s.ID == p.source.ID {
				return refuse("store %s is the source; it cannot receive from itself", s.Name)
			}
			chosen[s.ID] = true
			return nil
		}
	}
	found := false
	for _, s := range all {
		if slices.Contains(s.Labels, name) {
			found = true
			if s.ID != p.source.ID && s.Role == store.Branch {
				chosen[s.ID] = true
			}
		}
	}
	if !found {
		return refuse("the network has no store or label %q", name)
	}
	return nil
}

// byID turns names of stores that decisions and resets are given for into ids.
func byID[T any](given map[string]T, all []store.Store) (map[string]T, error) {
	if given == nil {
		return nil, nil
	}
	out := make(map[string]T, len(given))
	for name, v := range given {
		i := slices.IndexFunc(all, func(s store.Store) bool { return s.ID == name || s.Name == name })
		if i < 0 {
			return nil, refuse("something is decided for store %.40q, which the network does not have", name)
		}
		if _, twice := out[all[i].ID]; twice {
			return nil, refuse("store %s is given decisions twice, by id and by name", all[i].Name)
		}
		out[all[i].ID] = v
	}
	return out, nil
}

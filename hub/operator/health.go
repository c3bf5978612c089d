package operator

import (
	"context"
	"fmt"

	"plait/hub/access"
	"plait/hub/store"
)

// auditListed bounds the entries of one page of the audit log.
const auditListed = 500

// Audit lists the newest entries of a network's log before entry n (0: from the
// newest on), or with network "" those of the hub itself, which only somebody of
// the whole hub sees. limit is at most 500; 0 means that.
func (d *Desk) Audit(ctx context.Context, who access.Who, network string, n int64, limit int) (out []Entry, err error) {
	out = []Entry{}
	if limit <= 0 || limit > auditListed {
		limit = auditListed
	}
	if network == "" {
		network = who.Network
	}
	err = d.DB.View(ctx, func(v *store.View) error {
		if network != "" {
			found, err := d.network(v, who, network)
			if err != nil {
				return err
			}
			network = found.ID
		}
		entries, err := v.AuditLog(network, n, limit)
		for _, e := range entries {
			out = append(out, showEntry(v, e))
		}
		return err
	})
	return out, err
}

// namesListed bounds the names of stores that an entry is shown with.
const namesListed = 5

func showEntry(v *store.View, e store.Entry) Entry {
	out := Entry{N: e.N, At: e.At, Network: e.Network, Who: e.Who, What: e.What, Stores: e.Stores}
	if string(e.Detail) != "null" {
		out.Detail = e.Detail
	}
	for _, id := range e.Stores[:min(len(e.Stores), namesListed)] {
		if s, err := v.StoreByID(id); err == nil {
			out.Names = append(out.Names, s.Name)
		}
	}
	return out
}

// Health says how the hub is, and what a person should look at.
func (d *Desk) Health(ctx context.Context, who access.Who) (out Health, err error) {
	out = Health{Version: d.Version, Started: d.started, Stores: map[string]int{}}
	err = d.DB.View(ctx, func(v *store.View) error {
		epoch, err := v.HubEpoch()
		if err != nil {
			return err
		}
		networks, err := d.networks(v, who)
		if err != nil {
			return err
		}
		out.Time, out.Epoch, out.Networks = v.Now(), epoch.Epoch, len(networks)
		for _, n := range networks {
			if err := out.addSyncs(v, n); err != nil {
				return err
			}
		}
		return d.eachStore(v, who, "", func(s *store.StoreView) error {
			shown, err := d.showStore(s)
			if err == nil {
				out.add(shown)
				err = out.addHeld(s)
			}
			return err
		})
	})
	return out, err
}

// maxNotices bounds the sentences; the counts go on.
const maxNotices = 50

func (h *Health) add(s Store) {
	h.Stores[s.State]++
	h.OpenJobs += s.OpenJobs
	if len(h.Notices) >= maxNotices {
		return
	}
	name := s.Network + "/" + s.Name
	switch {
	case s.State == StateHeld:
		h.Notices = append(h.Notices, fmt.Sprintf("An older copy of the agent of %s waits to be let in: see `plait-hub store show`.", name))
	case s.State == StateOverdue:
		h.Notices = append(h.Notices, fmt.Sprintf("%s missed its announced contact.", name))
	case s.Parked > 0:
		h.Notices = append(h.Notices, fmt.Sprintf("%d items of %s wait for a person.", s.Parked, name))
	}
}

package operator

import (
	"fmt"
	"strings"

	"plait/hub/store"
	"plait/hub/storesync"
)

// addSyncs says which syncs of a network wait for a person, halted on their way
// or tested on a schedule.
func (h *Health) addSyncs(v *store.View, n store.Network) error {
	scheduled, err := storesync.SavedIn(v, n.ID)
	if err != nil {
		return err
	}
	for _, y := range scheduled {
		switch y.State {
		case store.SavedWaiting:
			h.notice("The scheduled sync %q of %s waits for an operator, because %s: look at it and carry it out with `plait-hub sync run %s`.", y.Name, n.Name, y.Why, y.Test)
		case store.SavedFailed:
			h.notice("The scheduled sync %q of %s did not run at %s: %s.", y.Name, n.Name, y.Ran.Format("2006-01-02 15:04"), y.Why)
		}
	}
	all, err := v.UnfinishedSyncs(n.ID)
	for _, y := range all {
		if y.State == store.SyncHalted {
			h.notice("The sync %q of %s has halted: see `plait-hub sync show %s`.", y.Label, n.Name, y.ID)
		}
	}
	return err
}

// addHeld says to which stores continuous syncs wait for a person. A store that
// has not uploaded yet, or that is off, waits for something else.
func (h *Health) addHeld(v *store.StoreView) error {
	if v.Store.Switch != store.On || !v.Store.Revoked.IsZero() {
		return nil
	}
	coming, err := storesync.ComesTo(v)
	var kinds []string
	why := ""
	for _, c := range coming {
		if c.Held != "" && c.Changes > 0 {
			kinds, why = append(kinds, c.Kind), c.Why()
		}
	}
	if len(kinds) > 0 {
		h.notice("Continuous sync of %s to %s/%s waits for an operator, because %s: look at it with `plait-hub sync review %q`.",
			strings.Join(kinds, ", "), v.Store.NetworkName, v.Store.Name, why, v.Store.Name)
	}
	return err
}

func (h *Health) notice(format string, args ...any) {
	if len(h.Notices) < maxNotices {
		h.Notices = append(h.Notices, fmt.Sprintf(format, args...))
	}
}

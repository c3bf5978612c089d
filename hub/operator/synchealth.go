package operator

import (
	"fmt"

	"plait/hub/store"
)

// addSyncs says which syncs of a network wait for a person.
func (h *Health) addSyncs(v *store.View, n store.Network) error {
	all, err := v.UnfinishedSyncs(n.ID)
	for _, y := range all {
		if y.State == store.SyncHalted {
			h.notice("The sync %q of %s has halted: see `plait-hub sync show %s`.", y.Label, n.Name, y.ID)
		}
	}
	return err
}

func (h *Health) notice(format string, args ...any) {
	if len(h.Notices) < maxNotices {
		h.Notices = append(h.Notices, fmt.Sprintf(format, args...))
	}
}

package storesync

import (
	"encoding/json"
	"fmt"

	"plait/hub/store"
)

// Settings are what a network has settled for its syncs, under "sync" in the
// network's settings. The zero value is right for most.
type Settings struct {
	// HeadOfficeOnly lets only head office be a source (S2); otherwise any store
	// may (S0).
	HeadOfficeOnly bool `json:"head_office_only,omitempty"`
	// NoAdopt never links an item that a branch already had (rule 8).
	NoAdopt bool `json:"no_adopt,omitempty"`
	// Usual is the usual source of a kind: its name to a store's id (decision 9).
	// A kind without one comes from head office.
	Usual map[string]string `json:"usual_source,omitempty"`
	// ShrinkPercent is how much of a kind's list a source may have lost since the
	// last sync of the whole list before a sync that deletes is refused. 0 means 25.
	ShrinkPercent int `json:"shrink_percent,omitempty"`
}

const defaultShrink = 25

// SettingsOf reads a network's settings; what belongs to other rooms is left
// alone.
func SettingsOf(n store.Network) (Settings, error) {
	var all struct {
		Sync Settings `json:"sync"`
	}
	if len(n.Settings) > 0 {
		if err := json.Unmarshal(n.Settings, &all); err != nil {
			return Settings{}, fmt.Errorf("cannot read the settings of network %s: %w", n.Name, err)
		}
	}
	if all.Sync.ShrinkPercent <= 0 {
		all.Sync.ShrinkPercent = defaultShrink
	}
	return all.Sync, nil
}

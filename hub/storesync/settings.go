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
	// Continuous are the kinds that are synced whenever their usual source uploads a
	// change.
	Continuous []string `json:"continuous,omitempty"`
	// Repair has the stores undo drift by themselves, at once and without the hub.
	Repair bool `json:"repair,omitempty"`
	// ShrinkPercent is how much of a kind's list a source may have lost since the
	// last sync of the whole list before a sync that deletes is refused. 0 means 25.
	ShrinkPercent int `json:"shrink_percent,omitempty"`
}

const defaultShrink = 25

// SettingsOf reads a network's settings; what belongs to other rooms is left
// alone.
func SettingsOf(n store.Network) (Settings, error) {
	set, _, err := readSettings(n)
	if set.ShrinkPercent <= 0 {
		set.ShrinkPercent = defaultShrink
	}
	return set, err
}

// settingSync is the key of a network's settings under which Settings stand.
const settingSync = "sync"

func readSettings(n store.Network) (set Settings, all map[string]json.RawMessage, err error) {
	all = map[string]json.RawMessage{}
	if len(n.Settings) > 0 {
		err = json.Unmarshal(n.Settings, &all)
	}
	if len(all[settingSync]) > 0 && err == nil {
		err = json.Unmarshal(all[settingSync], &set)
	}
	if err != nil {
		return set, all, fmt.Errorf("cannot read the settings of network %s: %w", n.Name, err)
	}
	return set, all, nil
}

// Change returns the network's settings with change made to them.
func Change(n store.Network, change func(*Settings)) (json.RawMessage, error) {
	set, all, err := readSettings(n)
	if err != nil {
		return nil, err
	}
	change(&set)
	if all[settingSync], err = json.Marshal(set); err != nil {
		return nil, fmt.Errorf("cannot keep the settings of network %s: %w", n.Name, err)
	}
	return json.Marshal(all)
}

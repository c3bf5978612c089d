package store

import (
	"fmt"
	"time"
)

// SavedSync is a sync's options under a name.
type SavedSync struct {
	Name    string
	Version string // of what was saved
	Body    []byte // JSON; hub/storesync knows its form
	By      string
	At      time.Time
	Due     time.Time // when it is to be run; zero: by hand alone

	// How its last scheduled run stands: one of the Saved states, "" before the first.
	State string
	Test  string // digest
	Sync  string // id
	Why   string
	Ran   time.Time
}

// States of a scheduled run.
const (
	SavedRunning = "running" // its Test was made and needs nobody: it is being run
	SavedWaiting = "waiting" // its Test waits for an operator
	SavedDone    = "done"
	SavedFailed  = "failed"
)

const savedOf = `SELECT y.name, y.version, y.body, y.saved_by, y.saved_at, y.due_at, y.state, y.test, y.sync, y.why, y.ran_at
	FROM saved_syncs y JOIN networks n ON n.network = y.network WHERE n.id = $1 `

func readSaved(s scanner) (y SavedSync, err error) {
	return y, s.Scan(&y.Name, &y.Version, &y.Body, &y.By, msTime{&y.At}, msTime{&y.Due}, &y.State, &y.Test, &y.Sync, &y.Why, msTime{&y.Ran})
}

// SavedSyncs returns a network's saved syncs by name.
func (v *View) SavedSyncs(network string) ([]SavedSync, error) {
	all, err := many(v, readSaved, savedOf+`ORDER BY y.name`, network)
	if err != nil {
		return nil, fmt.Errorf("cannot list the saved syncs of network %s: %w", network, err)
	}
	return all, nil
}

// SavedSync returns a saved sync, or ErrNotFound.
func (v *View) SavedSync(network, name string) (SavedSync, error) {
	y, err := one(v, readSaved, savedOf+`AND y.name = $2`, network, name)
	if err != nil {
		return y, fmt.Errorf("saved sync %q: %w", name, err)
	}
	return y, nil
}

// SaveSync keeps options under a name, as a new version. It fails with
// ErrConflict if there are some of that name, unless they are to be replaced.
func (tx *NetworkTx) SaveSync(y SavedSync, replace bool) (SavedSync, error) {
	y.Version, y.At = NewID(), tx.now
	if replace {
		if _, err := tx.exec(`DELETE FROM saved_syncs WHERE network = $1 AND name = $2`, tx.Network.place, y.Name); err != nil {
			return y, fmt.Errorf("cannot replace the saved sync %q: %w", y.Name, err)
		}
	}
	_, err := tx.exec(`INSERT INTO saved_syncs (network, name, version, body, saved_by, saved_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.Network.place, y.Name, y.Version, string(y.Body), y.By, ms(y.At), ms(y.Due))
	if err != nil {
		return y, fmt.Errorf("cannot save the sync %q: %w", y.Name, err)
	}
	return y, nil
}

// SetSaved stores when a saved sync is due and how its last run stands. It fails
// with ErrConflict if it was saved anew, or forgotten.
func (tx *NetworkTx) SetSaved(y SavedSync) error {
	n, err := tx.exec(`UPDATE saved_syncs SET due_at = $1, state = $2, test = $3, sync = $4, why = $5, ran_at = $6
		WHERE network = $7 AND name = $8 AND version = $9`,
		ms(y.Due), y.State, y.Test, y.Sync, y.Why, ms(y.Ran), tx.Network.place, y.Name, y.Version)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: it was saved anew, or forgotten", ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("cannot keep how the saved sync %q stands: %w", y.Name, err)
	}
	return nil
}

// ForgetSync removes a saved sync, or fails with ErrNotFound. Syncs that were run
// from it stay.
func (tx *NetworkTx) ForgetSync(name string) error {
	n, err := tx.exec(`DELETE FROM saved_syncs WHERE network = $1 AND name = $2`, tx.Network.place, name)
	if err := must1(n, err); err != nil {
		return fmt.Errorf("saved sync %q: %w", name, err)
	}
	return nil
}

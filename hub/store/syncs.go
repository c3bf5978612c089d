package store

import (
	"errors"
	"fmt"
	"time"
)

// Sync is an operator's act: what a Test planned, cut into a job for each
// receiver.
type Sync struct {
	ID     string
	Plan   string // digest of the Test
	Source string // id of the store
	Label  string
	Body   []byte // JSON; hub/storesync knows its form
	State  string // one of the Sync states
	Course []byte // JSON: how its jobs are queued; hub/storesync knows its form
	Again  string // the sync that it sends again to those that missed it
	By     string
	At     time.Time
}

// States of a sync: whether its jobs are queued.
const (
	SyncRunning = "running" // some are not queued yet
	SyncHalted  = "halted"  // none is queued until an operator decides
	SyncEnded   = "ended"   // the rest never is
	SyncDone    = "done"    // all are
)

const syncsOf = `SELECT y.id, y.plan, y.source, y.label, y.body, y.state, y.course, y.again_of, y.made_by, y.at FROM syncs y
	JOIN networks n ON n.network = y.network WHERE n.id = $1 `

func readSync(s scanner) (y Sync, err error) {
	return y, s.Scan(&y.ID, &y.Plan, &y.Source, &y.Label, &y.Body, &y.State, &y.Course, &y.Again, &y.By, msTime{&y.At})
}

// AddSync keeps a sync. An empty ID is chosen. It fails with ErrConflict if its
// Test has been carried out already.
func (tx *NetworkTx) AddSync(y Sync) (Sync, error) {
	if y.ID == "" {
		y.ID = NewID()
	}
	y.At = tx.now
	_, err := tx.exec(`INSERT INTO syncs (network, id, plan, source, label, body, state, course, again_of, made_by, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		tx.Network.place, y.ID, y.Plan, y.Source, y.Label, y.Body, y.State, string(y.Course), y.Again, y.By, ms(y.At))
	if err != nil {
		return y, fmt.Errorf("cannot keep sync %q: %w", y.Label, err)
	}
	return y, nil
}

// SetSync stores a sync's state and course.
func (tx *NetworkTx) SetSync(y Sync) error {
	n, err := tx.exec(`UPDATE syncs SET state = $1, course = $2 WHERE network = $3 AND id = $4`, y.State, string(y.Course), tx.Network.place, y.ID)
	if err := must1(n, err); err != nil {
		return fmt.Errorf("cannot keep how far sync %q is: %w", y.Label, err)
	}
	return nil
}

// UnfinishedSyncs returns the syncs of the network that are running or halted,
// oldest first.
func (v *View) UnfinishedSyncs(network string) ([]Sync, error) {
	all, err := many(v, readSync, syncsOf+`AND y.state IN ('running', 'halted') ORDER BY y.at, y.id`, network)
	if err != nil {
		return nil, fmt.Errorf("cannot list the unfinished syncs of network %s: %w", network, err)
	}
	return all, nil
}

// SyncsAgain returns the syncs that send one again, oldest first.
func (v *View) SyncsAgain(network, id string) ([]Sync, error) {
	all, err := many(v, readSync, syncsOf+`AND y.again_of = $2 AND y.again_of <> '' ORDER BY y.at, y.id`, network, id)
	if err != nil {
		return nil, fmt.Errorf("cannot list what sends sync %s again: %w", id, err)
	}
	return all, nil
}

// Sync returns a sync of the network, or ErrNotFound.
func (v *View) Sync(network, id string) (Sync, error) {
	y, err := one(v, readSync, syncsOf+`AND y.id = $2`, network, id)
	if err != nil {
		return y, fmt.Errorf("sync %s: %w", id, err)
	}
	return y, nil
}

// SyncOfPlan returns the sync that carries out a Test; ok is false if none does.
func (v *View) SyncOfPlan(network, plan string) (y Sync, ok bool, err error) {
	y, err = one(v, readSync, syncsOf+`AND y.plan = $2`, network, plan)
	if errors.Is(err, ErrNotFound) {
		return y, false, nil
	}
	return y, err == nil, err
}

// Syncs returns the newest syncs of the network, newest first, at most limit.
func (v *View) Syncs(network string, limit int) ([]Sync, error) {
	all, err := many(v, readSync, syncsOf+`ORDER BY y.at DESC, y.id DESC LIMIT $2 + 0`, network, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the syncs of network %s: %w", network, err)
	}
	return all, nil
}

// SyncSize returns how many items of a kind a source had when all of them were
// synced last; ok is false if they never were.
func (v *View) SyncSize(network, source, kind string) (items int, ok bool, err error) {
	n, err := v.number(`SELECT y.items FROM sync_sizes y JOIN networks n ON n.network = y.network
		WHERE n.id = $1 AND y.source = $2 AND y.kind = $3`, network, source, kind)
	if errors.Is(err, ErrNotFound) {
		return 0, false, nil
	}
	return int(n), err == nil, err
}

// SetSyncSize keeps how many items of a kind a source has as all are synced.
func (tx *NetworkTx) SetSyncSize(source, kind string, items int) error {
	_, err := tx.exec(`INSERT INTO sync_sizes (network, source, kind, items, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (network, source, kind) DO UPDATE SET items = excluded.items, at = excluded.at`,
		tx.Network.place, source, kind, items, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot keep the number of %s of store %s: %w", kind, source, err)
	}
	return nil
}

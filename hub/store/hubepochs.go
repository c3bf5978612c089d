package store

import (
	"fmt"
	"time"
)

// HubEpoch is one history of the hub's database. Place orders the epochs.
type HubEpoch struct {
	Place int64
	Epoch string
	Cause string
	At    time.Time
}

// HubEpoch returns the current epoch.
func (v *View) HubEpoch() (HubEpoch, error) {
	if v.hubEpoch != nil {
		return *v.hubEpoch, nil
	}
	e, err := one(v, readHubEpoch, `SELECT place, epoch, cause, at FROM hub_epochs ORDER BY place DESC LIMIT 1`)
	if err != nil {
		return e, fmt.Errorf("cannot read the hub's epoch: %w", err)
	}
	v.hubEpoch = &e
	return e, nil
}

// HubEpochs returns all of them, oldest first.
func (v *View) HubEpochs() ([]HubEpoch, error) {
	return many(v, readHubEpoch, `SELECT place, epoch, cause, at FROM hub_epochs ORDER BY place`)
}

// HubEpochNamed returns the epoch of that name, or ErrNotFound: one that was
// lost with the database in which it began.
func (v *View) HubEpochNamed(epoch string) (HubEpoch, error) {
	return one(v, readHubEpoch, `SELECT place, epoch, cause, at FROM hub_epochs WHERE epoch = $1`, epoch)
}

func readHubEpoch(s scanner) (e HubEpoch, err error) {
	return e, s.Scan(&e.Place, &e.Epoch, &e.Cause, msTime{&e.At})
}

// NewHubEpoch starts a new epoch: the hub was found, or said, to be restored
// from a backup.
func (tx *HubTx) NewHubEpoch(cause string) (HubEpoch, error) { return tx.newHubEpoch(cause) }

// NewHubEpoch is HubTx.NewHubEpoch for a store whose agent showed that the hub
// was restored.
func (tx *StoreTx) NewHubEpoch(cause string) (HubEpoch, error) { return tx.newHubEpoch(cause) }

func (v *View) newHubEpoch(cause string) (HubEpoch, error) {
	v.hubEpoch = nil
	e := HubEpoch{Epoch: NewID(), Cause: cause, At: v.now}
	_, err := v.exec(`INSERT INTO hub_epochs (place, epoch, cause, at)
		SELECT coalesce(max(place), 0) + 1, $1, $2, $3 FROM hub_epochs`, e.Epoch, e.Cause, ms(e.At))
	if err != nil {
		return e, fmt.Errorf("cannot start a new hub epoch: %w", err)
	}
	return v.HubEpoch()
}

func (tx *HubTx) firstEpoch() error {
	n, err := tx.number(`SELECT count(*) FROM hub_epochs`)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.newHubEpoch("the hub was set up")
	return err
}

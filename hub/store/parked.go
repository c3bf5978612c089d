package store

import (
	"errors"
	"fmt"
	"time"
)

// ParkedJobs returns the store's applied jobs whose newest result names refused
// items, and came since the given time; the newest first, at most limit.
func (v *StoreView) ParkedJobs(since time.Time, limit int) ([]Job, error) {
	return v.jobs(`AND j.state = 'applied' AND j.sort IN ('sync', 'retry') AND EXISTS (SELECT 1 FROM results r
		WHERE r.network = j.network AND r.store = j.store AND r.job = j.id AND r.parked > 0 AND r.at >= $3
		AND r.at = (SELECT max(x.at) FROM results x WHERE x.network = j.network AND x.store = j.store AND x.job = j.id))
		ORDER BY j.epoch DESC, j.number DESC LIMIT $4 + 0`, ms(since), limit)
}

// ParkedStores returns the ids of the network's stores that have reported refused
// items since the given time, with the time of the last such report.
func (v *View) ParkedStores(network string, since time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	_, err := many(v, func(s scanner) (bool, error) {
		var id string
		var at time.Time
		err := s.Scan(&id, msTime{&at})
		out[id] = at
		return true, err
	}, `SELECT s.id, max(r.at) FROM results r JOIN stores s ON s.network = r.network AND s.store = r.store
		JOIN networks n ON n.network = r.network WHERE n.id = $1 AND r.parked > 0 AND r.at >= $2 GROUP BY s.id`, network, ms(since))
	if err != nil {
		return nil, fmt.Errorf("cannot tell which stores of network %s refused items: %w", network, err)
	}
	return out, nil
}

// Retried returns what a refused item depended on when it was looked at last; ""
// if it never was.
func (v *StoreView) Retried(kind, uid string) (string, error) {
	seen, err := one(v.View, func(s scanner) (seen string, err error) { return seen, s.Scan(&seen) },
		`SELECT seen FROM retried WHERE network = $1 AND store = $2 AND kind = $3 AND uid = $4`, v.at.network, v.at.store, kind, uid)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return seen, err
}

// SetRetried keeps what a refused item depended on.
func (tx *StoreTx) SetRetried(kind, uid, seen string) error {
	_, err := tx.exec(`INSERT INTO retried (network, store, kind, uid, seen, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (network, store, kind, uid) DO UPDATE SET seen = excluded.seen, at = excluded.at`,
		tx.at.network, tx.at.store, kind, uid, seen, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot keep what %s %s of store %s waits for: %w", kind, uid, tx.Store.Name, err)
	}
	return nil
}

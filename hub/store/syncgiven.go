package store

import "fmt"

// SyncSpan says that a sync brings every change that its source made to a kind
// after one sync_rev and up to another.
type SyncSpan struct {
	Kind        string
	After, Upto int64
}

// AddSyncSpan keeps what a sync brings.
func (tx *NetworkTx) AddSyncSpan(sync, source string, p SyncSpan) error {
	n, err := tx.exec(`INSERT INTO sync_spans (network, sync, source, kind, after, upto)
		SELECT $1, $2, s.store, $4, $5, $6 FROM stores s WHERE s.network = $1 AND s.id = $3`,
		tx.Network.place, sync, source, p.Kind, p.After, p.Upto)
	if err := must1(n, err); err != nil {
		return fmt.Errorf("cannot keep which %s of store %s sync %s brings: %w", p.Kind, source, sync, err)
	}
	return nil
}

// Give notes that a job of the sync was queued for each store: where a store
// had been given everything up to the sync's beginning, it now has everything up
// to its end. It belongs into the transaction that queues the jobs.
func (all StoresTx) Give(sync string) error {
	for from, to := range strokes(len(all)) {
		some := all[from:to]
		_, err := some[0].exec(these(len(some))+`INSERT INTO sync_given (network, store, source, kind, sync_rev)
			SELECT l.network, l.store, p.source, p.kind, p.upto FROM l JOIN sync_spans p ON p.network = l.network AND p.sync = ?
			WHERE p.after = 0 OR EXISTS (SELECT 1 FROM sync_given g
				WHERE g.network = l.network AND g.store = l.store AND g.source = p.source AND g.kind = p.kind AND g.sync_rev >= p.after)
			ON CONFLICT (network, store, source, kind) DO UPDATE SET sync_rev = excluded.sync_rev WHERE excluded.sync_rev > sync_given.sync_rev`,
			append(some.places(), sync)...)
		if err != nil {
			return fmt.Errorf("cannot keep what %s was given: %w", some.named(), err)
		}
	}
	return nil
}

// takeBack notes that a job which ended unapplied brought nothing: the store was
// given what came before its sync, and no more.
func (tx *StoreTx) takeBack(sync string) error {
	_, err := tx.exec(`UPDATE sync_given SET sync_rev = (SELECT p.after FROM sync_spans p
			WHERE p.network = $1 AND p.sync = $3 AND p.source = sync_given.source AND p.kind = sync_given.kind)
		WHERE network = $1 AND store = $2 AND EXISTS (SELECT 1 FROM sync_spans p
			WHERE p.network = $1 AND p.sync = $3 AND p.source = sync_given.source AND p.kind = sync_given.kind AND p.after < sync_given.sync_rev)`,
		tx.at.network, tx.at.store, sync)
	return err
}

// Given returns up to which sync_rev of a source's kind each store has been
// given every change, by the store's id; a store that is absent never was.
func (v *View) Given(network, source, kind string) (map[string]int64, error) {
	out := map[string]int64{}
	_, err := many(v, func(s scanner) (bool, error) {
		var id string
		var rev int64
		err := s.Scan(&id, &rev)
		out[id] = rev
		return true, err
	}, `SELECT r.id, g.sync_rev FROM sync_given g JOIN networks n ON n.network = g.network
		JOIN stores r ON r.network = g.network AND r.store = g.store JOIN stores s ON s.network = g.network AND s.store = g.source
		WHERE n.id = $1 AND s.id = $2 AND g.kind = $3`, network, source, kind)
	if err != nil {
		return nil, fmt.Errorf("cannot tell what stores were given of %s of store %s: %w", kind, source, err)
	}
	return out, nil
}

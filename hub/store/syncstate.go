package store

import (
	"errors"
	"fmt"
	"time"
)

// Alias says that a uid means the same item as another.
type Alias struct {
	Kind   string
	UID    string
	SameAs string
	By     string
	At     time.Time
}

// AddAlias keeps an alias. It fails with ErrConflict if the uid stands for
// another item already.
func (tx *NetworkTx) AddAlias(a Alias) error {
	_, err := tx.exec(`INSERT INTO aliases (network, kind, uid, same_as, made_by, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		tx.Network.place, a.Kind, a.UID, a.SameAs, a.By, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot keep that %s %s is %s: %w", a.Kind, a.UID, a.SameAs, err)
	}
	return nil
}

// Aliases returns a network's aliases of a kind.
func (v *View) Aliases(network, kind string) ([]Alias, error) {
	return many(v, func(s scanner) (a Alias, err error) {
		return a, s.Scan(&a.Kind, &a.UID, &a.SameAs, &a.By, msTime{&a.At})
	}, `SELECT a.kind, a.uid, a.same_as, a.made_by, a.at FROM aliases a JOIN networks n ON n.network = a.network
		WHERE n.id = $1 AND a.kind = $2 ORDER BY a.uid`, network, kind)
}

// Cursor returns how far the store has got with a kind of a source, in the
// source's sync_revs; 0 before the first.
func (v *StoreView) Cursor(source, kind string) (int64, error) {
	n, err := v.number(`SELECT c.sync_rev FROM cursors c JOIN stores s ON s.network = c.network AND s.store = c.source
		WHERE c.network = $1 AND c.store = $2 AND s.id = $3 AND c.kind = $4`, v.at.network, v.at.store, source, kind)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return n, err
}

// SetCursor stores how far the store has got with a kind of a source. It goes
// down too: when the source's copy was made anew, or by an operator's act.
func (tx *StoreTx) SetCursor(source, kind string, syncRev int64) error {
	n, err := tx.exec(`INSERT INTO cursors (network, store, source, kind, sync_rev, at)
		SELECT $1, $2, s.store, $4, $5, $6 FROM stores s WHERE s.network = $1 AND s.id = $3
		ON CONFLICT (network, store, source, kind) DO UPDATE SET sync_rev = excluded.sync_rev, at = excluded.at`,
		tx.at.network, tx.at.store, source, kind, syncRev, ms(tx.now))
	if err := must1(n, err); err != nil {
		return fmt.Errorf("cannot keep how far store %s has got with %s of store %s: %w", tx.Store.Name, kind, source, err)
	}
	return nil
}

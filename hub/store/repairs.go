package store

import (
	"errors"
	"fmt"
	"time"

	"plait/shared/item"
	"plait/shared/wire"
)

// Repair is what a store told last of an item that drifted.
type Repair struct {
	wire.Repair
	Times  int       // how often something was told of the item
	ToldAt time.Time // by the hub's clock
}

const repairsOf = `SELECT body, times, at FROM repairs WHERE network = $1 AND store = $2 `

func readRepair(s scanner) (r Repair, err error) {
	return r, s.Scan(jsonInto{&r.Repair}, &r.Times, msTime{&r.ToldAt})
}

// Repair returns what the store told last of an item, or ErrNotFound.
func (v *StoreView) Repair(kind, key string) (Repair, error) {
	return one(v.View, readRepair, repairsOf+`AND kind = $3 AND key = $4`, v.at.network, v.at.store, kind, key)
}

// Repairs returns what the store told of items, by kind and key, after the given
// ones, at most limit.
func (v *StoreView) Repairs(after item.ID, limit int) ([]Repair, error) {
	all, err := many(v.View, readRepair, repairsOf+`AND (kind, key) > ($3, $4) ORDER BY kind, key LIMIT $5 + 0`,
		v.at.network, v.at.store, after.Kind, after.Key, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read what store %s repaired: %w", v.Store.Name, err)
	}
	return all, nil
}

// PutRepair keeps what the store tells of an item. It reports whether that is new.
func (tx *StoreTx) PutRepair(r wire.Repair) (fresh bool, err error) {
	last, err := tx.Repair(r.Kind, r.Key)
	if err == nil && last.ID == r.ID {
		return false, nil
	}
	if err == nil || errors.Is(err, ErrNotFound) {
		_, err = tx.exec(`INSERT INTO repairs (network, store, kind, key, id, refused, body, times, at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)
			ON CONFLICT (network, store, kind, key) DO UPDATE SET id = excluded.id, refused = excluded.refused, body = excluded.body, times = times + 1, at = excluded.at`,
			tx.at.network, tx.at.store, r.Kind, r.Key, r.ID, flag(r.Refused != ""), toJSON(r), ms(tx.now))
	}
	if err != nil {
		return false, fmt.Errorf("cannot keep what store %s repaired of %s %s: %w", tx.Store.Name, r.Kind, r.Key, err)
	}
	return true, nil
}

package ingest

import (
	"fmt"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
)

// listEpoch stands for the agent epoch of rows that people wrote: a master list
// has no agent.
const listEpoch = "a list kept at the hub"

// Kept counts what keeping a list changed.
type Kept struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Equal   int `json:"equal"`
	Removed int `json:"removed"`
}

// KeepList makes a master list hold these items of one kind; with whole, no others:
// what is not among them leaves a tombstone. A key that was removed and comes back
// is the same item. It belongs in one transaction with its entry in the audit log.
func KeepList(tx *store.StoreTx, cat *catalog.Catalog, kind string, items []item.Item, whole bool) (k Kept, err error) {
	if tx.Store.Role != store.MasterList {
		return k, fmt.Errorf("cannot keep a list in store %s: %w: its items come from its POS", tx.Store.Name, store.ErrConflict)
	}
	before, err := liveOf(tx, kind)
	if err != nil {
		return k, err
	}
	write := make([]item.Item, 0, len(items))
	for _, it := range items {
		old, there := before[it.Key]
		delete(before, it.Key)
		switch {
		case !there:
			k.Added++
		case old.Fields.Equal(it.Fields):
			k.Equal++
			continue
		default:
			k.Changed++
		}
		write = append(write, it)
	}
	if whole {
		for _, it := range before {
			it.Deleted = true
			write = append(write, it)
			k.Removed++
		}
	}
	return k, writeList(tx, newSchema(cat), write)
}

func writeList(tx *store.StoreTx, known *schema, items []item.Item) error {
	epoch, err := tx.AddEpoch(store.AgentEpoch, listEpoch)
	if err != nil {
		return err
	}
	w, err := newWriter(tx, epoch, 0)
	if err != nil {
		return err
	}
	rows, reader := make([]incoming, len(items)), known.reader(tx.Store.ID)
	for i, it := range items {
		if rows[i], err = reader.read(item.Append(nil, it), w.copy.Revision+1, false); err != nil {
			return fmt.Errorf("cannot keep %s %s: %w", it.Kind, it.Key, err)
		}
	}
	if err := w.put(rows); err != nil {
		return err
	}
	return w.finish()
}

// liveOf reads the live items of a kind, by key.
func liveOf(tx *store.StoreTx, kind string) (map[string]item.Item, error) {
	out := map[string]item.Item{}
	for after := (item.ID{}); ; {
		page, err := tx.Items(kind, after, stagePage)
		if err != nil {
			return nil, err
		}
		for _, row := range page {
			if !row.Live() {
				continue
			}
			it, err := row.Decode()
			if err != nil {
				return nil, fmt.Errorf("cannot read %s %s of the list: %w", kind, row.Key, err)
			}
			out[it.Key] = it
		}
		if len(page) < stagePage {
			return out, nil
		}
		after = page[len(page)-1].ID
	}
}

package apply

import (
	"context"
	"errors"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
)

// receiver reads the POS within the slice's transaction.
type receiver struct {
	ctx   context.Context
	tx    pos.Tx
	index *merge.Index
	// ahead are records that were read ahead, by key, while items go together; nil
	// otherwise. Each is good once: it changes with its item.
	ahead map[string]pos.Record
}

func (r *receiver) readAhead(keys []string, records []pos.Record) {
	r.ahead = make(map[string]pos.Record, len(keys))
	for i, key := range keys {
		r.ahead[key] = records[i]
	}
}

func (r *receiver) oneByOne() { r.ahead = nil }

func (r *receiver) read(kind, key string) (rec pos.Record, err error) {
	if r.ahead != nil {
		rec, ok := r.ahead[key]
		if !ok {
			return rec, errOneByOne // another one of them has changed it
		}
		delete(r.ahead, key)
		return rec, nil
	}
	records, err := r.tx.Read(r.ctx, kind, []string{key})
	if err == nil && len(records) == 1 {
		rec = records[0]
	}
	return rec, err
}

// Item reads an item as the transaction sees it. Its generation is the record's:
// where that is newer than the row of plait_links, the link there is the item's only
// if the record has it too, from which it is still to go over. Else the key came back
// as another item, and the link is its predecessor's.
func (r *receiver) Item(kind, key string) (item.Item, bool, error) {
	rec, err := r.read(kind, key)
	if err != nil || !rec.Exists {
		return item.Item{}, false, err
	}
	if rec.Trouble != nil {
		return item.Item{}, false, errors.Join(pos.ErrType, rec.Trouble)
	}
	it := rec.Item
	if gen, ok := r.index.Gen(kind, key); ok && gen > it.Gen {
		it.Gen = gen
		if it.Link != nil && !r.index.Linked(kind, key, it.Link.UID) {
			it.Link = nil
		}
	}
	return it, true, nil
}

// Referred names an item that refers to this one.
func (r *receiver) Referred(kind, key string) (string, error) {
	return r.tx.Referred(r.ctx, kind, key)
}

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
}

// Item reads an item as the transaction sees it. Its generation is the record's:
// where that is newer than the row of plait_links, the key came back as another
// item, and the link there is its predecessor's.
func (r *receiver) Item(kind, key string) (item.Item, bool, error) {
	records, err := r.tx.Read(r.ctx, kind, []string{key})
	if err != nil || len(records) != 1 || !records[0].Exists {
		return item.Item{}, false, err
	}
	if t := records[0].Trouble; t != nil {
		return item.Item{}, false, errors.Join(pos.ErrType, t)
	}
	it := records[0].Item
	if gen, ok := r.index.Gen(kind, key); ok && gen > it.Gen {
		it.Gen, it.Link = gen, nil
	}
	return it, true, nil
}

// Referred names an item that refers to this one.
func (r *receiver) Referred(kind, key string) (string, error) {
	return r.tx.Referred(r.ctx, kind, key)
}

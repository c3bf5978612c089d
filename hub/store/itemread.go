package store

import (
	"fmt"

	"plait/shared/item"
)

// itemsOf begins every query for items: of one copy of one store.
const itemsOf = `SELECT ` + itemColumns + ` FROM items WHERE network = $1 AND store = $2 AND copy = $3 `

// Item returns the row of an identity in a copy, or ErrNotFound.
func (v *StoreView) Item(copy int64, id item.ID) (Item, error) {
	s, err := v.prepared(itemsOf + `AND kind = $4 AND key = $5 AND gen = $6`)
	if err != nil {
		return Item{}, err
	}
	rows, err := s.Query(v.at.network, v.at.store, copy, id.Kind, id.Key, id.Gen)
	if err != nil {
		return Item{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return Item{}, err
		}
		return Item{}, ErrNotFound
	}
	return readItem(rows)
}

// Gens returns all generations of a key in the live copy, the newest first.
func (v *StoreView) Gens(kind, key string) ([]Item, error) {
	return v.liveItems(`AND kind = $4 AND key = $5 ORDER BY gen DESC`, kind, key)
}

// ItemsByUID returns the items of a kind with that uid in the live copy; more
// than one only while an alias waits to be made.
func (v *StoreView) ItemsByUID(kind, uid string) ([]Item, error) {
	if uid == "" {
		return nil, nil
	}
	return v.liveItems(`AND kind = $4 AND uid = $5 AND uid <> '' ORDER BY key, gen`, kind, uid)
}

// StoresWith returns the ids of a network's stores whose live copy holds a living
// item of a kind under one of the uids: one look into each store's own index, and none
// at its items.
func (v *View) StoresWith(network, kind string, uids []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, uid := range uids {
		if uid == "" {
			continue
		}
		ids, err := many(v, func(s scanner) (id string, err error) { return id, s.Scan(&id) }, `SELECT s.id FROM networks n
			JOIN stores s ON s.network = n.network JOIN copies c ON c.network = s.network AND c.store = s.store
			WHERE n.id = $1 AND EXISTS (SELECT 1 FROM items i WHERE i.network = s.network AND i.store = s.store AND i.copy = c.live
				AND i.kind = $2 AND i.uid = $3 AND i.uid <> '' AND i.deleted_at = 0)`, network, kind, uid)
		if err != nil {
			return nil, fmt.Errorf("cannot look for %s %s in the stores: %w", kind, uid, err)
		}
		for _, id := range ids {
			out[id] = true
		}
	}
	return out, nil
}

// Items returns rows of a kind in the live copy with an identity after the given
// one, in the order of key and gen, at most limit; tombstones are among them.
// Begin with the zero ID.
func (v *StoreView) Items(kind string, after item.ID, limit int) ([]Item, error) {
	return v.liveItems(`AND kind = $4 AND (key, gen) > ($5, $6) ORDER BY key, gen LIMIT $7 + 0`, kind, after.Key, afterGen(after), limit)
}

// Linked returns rows of the live copy that an agent cannot make up again from
// its POS alone: links, tombstones, and generations above 1. They come in the
// order of kind, key and gen, after the given identity, at most limit.
func (v *StoreView) Linked(after item.ID, limit int) ([]Item, error) {
	return v.liveItems(`AND (kind, key, gen) > ($4, $5, $6) AND sync_rev > 0 AND (birth <> '' OR gen > 1 OR deleted_at > 0)
		ORDER BY kind, key, gen LIMIT $7 + 0`, after.Kind, after.Key, afterGen(after), limit)
}

// HasLinks reports whether the live copy holds a link.
func (v *StoreView) HasLinks() (bool, error) {
	items, err := v.liveItems(`AND uid <> '' AND birth <> '' AND deleted_at = 0 LIMIT 1`)
	return len(items) > 0, err
}

// PageOf returns rows of any copy in the order of kind, key and gen, after the
// given identity, at most limit.
func (v *StoreView) PageOf(copy int64, after item.ID, limit int) ([]Item, error) {
	return v.itemsIn(copy, `AND (kind, key, gen) > ($4, $5, $6) ORDER BY kind, key, gen LIMIT $7 + 0`,
		after.Kind, after.Key, afterGen(after), limit)
}

// afterGen lets the zero ID stand before every generation, 0 included.
func afterGen(id item.ID) int64 {
	if id == (item.ID{}) {
		return -1
	}
	return id.Gen
}

func (v *StoreView) liveItems(where string, args ...any) ([]Item, error) {
	c, err := v.Copy()
	if err != nil {
		return nil, err
	}
	return v.itemsIn(c.Live, where, args...)
}

func (v *StoreView) itemsIn(copy int64, where string, args ...any) ([]Item, error) {
	items, err := many(v.View, readItem, itemsOf+where, append([]any{v.at.network, v.at.store, copy}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the items of store %s: %w", v.Store.Name, err)
	}
	return items, nil
}

// Head is an item's identity and digest.
type Head struct {
	item.ID
	Digest item.Digest
}

// Heads returns identity and digest of live items of a kind in the live copy, in
// the order of key and gen, after the given one, at most limit. It reads no
// bodies, so that hundreds of thousands cost little.
func (v *StoreView) Heads(kind string, after item.ID, limit int) ([]Head, error) {
	c, err := v.Copy()
	if err != nil {
		return nil, err
	}
	heads, err := many(v.View, func(s scanner) (Head, error) {
		h := Head{ID: item.ID{Kind: kind}}
		return h, s.Scan(&h.Key, &h.Gen, digestInto{&h.Digest})
	}, `SELECT key, gen, digest FROM items WHERE network = $1 AND store = $2 AND copy = $3 AND kind = $4
		AND (key, gen) > ($5, $6) AND deleted_at = 0 ORDER BY key, gen LIMIT $7 + 0`,
		v.at.network, v.at.store, c.Live, kind, after.Key, afterGen(after), limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read the items of store %s: %w", v.Store.Name, err)
	}
	return heads, nil
}

// OldCopies returns the copies that hold rows and are neither live nor being
// built.
func (v *StoreView) OldCopies() ([]int64, error) {
	c, err := v.Copy()
	if err != nil {
		return nil, err
	}
	var out []int64
	for last := int64(-1); ; {
		n, err := v.number(`SELECT coalesce(min(copy), -1) FROM items WHERE network = $1 AND store = $2 AND copy > $3`,
			v.at.network, v.at.store, last)
		if err != nil || n < 0 {
			return out, err
		}
		if n != c.Live && n != c.Building {
			out = append(out, n)
		}
		last = n
	}
}

// NextCopy returns a number that no copy of the store has.
func (v *StoreView) NextCopy() (int64, error) {
	c, err := v.Copy()
	if err != nil {
		return 0, err
	}
	n, err := v.number(`SELECT coalesce(max(copy), 0) FROM items WHERE network = $1 AND store = $2`, v.at.network, v.at.store)
	return max(n, c.Live, c.Building) + 1, err
}

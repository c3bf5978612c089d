package operator

import (
	"fmt"
	"slices"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
)

// nameIndex are the items of a list that a kind's references may name.
type nameIndex struct {
	keys  map[string][]string // kind and normalised name to keys
	names map[string]string   // kind and key to name
}

func namesOf(v *store.StoreView, cat *catalog.Catalog, k catalog.Kind) (*nameIndex, error) {
	n := &nameIndex{keys: map[string][]string{}, names: map[string]string{}}
	var kinds []string
	for _, f := range k.Fields {
		for _, g := range append([]catalog.Field{f}, f.Columns...) {
			if g.Ref != "" && !slices.Contains(kinds, g.Ref) {
				kinds = append(kinds, g.Ref)
			}
		}
	}
	for _, name := range kinds {
		ref, ok := cat.Kind(name)
		if !ok {
			continue
		}
		items, err := liveItems(v, name)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			n.add(it, ref.Called())
		}
	}
	return n, nil
}

func (n *nameIndex) add(it item.Item, called string) {
	name := it.Fields.Get(called).Str()
	if name == "" {
		name = it.Key
	}
	at := it.Kind + "\x00" + item.NormalName(name)
	n.keys[at] = append(n.keys[at], it.Key)
	n.names[it.Kind+"\x00"+it.Key] = name
}

func (n *nameIndex) KeyOf(kind, name string) (string, int) {
	keys := n.keys[kind+"\x00"+item.NormalName(name)]
	if len(keys) == 0 {
		return "", 0
	}
	return keys[0], len(keys)
}

func (n *nameIndex) NameOf(kind, key string) string { return n.names[kind+"\x00"+key] }

// liveItems reads a kind's live items from a store's copy, in the order of keys.
func liveItems(v *store.StoreView, kind string) (out []item.Item, err error) {
	const page = 500
	for after := (item.ID{}); ; {
		rows, err := v.Items(kind, after, page)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !r.Live() {
				continue
			}
			it, err := r.Decode()
			if err != nil {
				return nil, fmt.Errorf("cannot read %s %s of %s: %w", kind, r.Key, v.Store.Name, err)
			}
			out = append(out, it)
		}
		if len(rows) < page {
			return out, nil
		}
		after = rows[len(rows)-1].ID
	}
}

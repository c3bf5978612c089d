package storesync

import (
	"slices"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// deletes finds the items of a receiver that the source does not have, of the
// kinds that are selected whole.
type deletes struct {
	src   *source
	how   DeleteMissing
	kinds []string                   // in the order in which the payload applies them
	gone  map[string]map[string]bool // uids of the source's tombstones
}

func newDeletes(src *source, how DeleteMissing, kinds []string) *deletes {
	d := &deletes{src: src, how: how, kinds: kinds, gone: map[string]map[string]bool{}}
	for _, name := range kinds {
		d.gone[name] = map[string]bool{}
		for _, r := range src.kinds[name].gone {
			d.gone[name][r.uid] = true
		}
	}
	return d
}

// of lists what is to be deleted at a receiver, dependents first. The keys are
// those of the items listed.
func (d *deletes) of(held reader, r *receiver, decisions map[string]string) (list []wire.PayloadItem, keys []item.ID, err error) {
	chosenKeys := map[string]bool{}
	for _, key := range decisions {
		chosenKeys[key] = true
	}
	for _, name := range slices.Backward(d.kinds) {
		if !syncs(r.profile, name) {
			continue
		}
		k := d.src.kinds[name]
		taken := d.predecessors(k)
		var found []wire.PayloadItem
		var ids []item.ID
		err := eachItem(held, name, func(at store.Item, it item.Item) error {
			if at.Live() && !taken[it.UID(r.store)] && !chosenKeys[it.Key] && d.missing(k, r, it) {
				found = append(found, wire.PayloadItem{Op: wire.OpDelete, Kind: name, UID: it.UID(r.store), Name: k.calledBy(it.Fields.Get(k.label), it.Key)})
				ids = append(ids, it.ID)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		list, keys = append(list, found...), append(keys, ids...)
	}
	return list, keys, nil
}

// predecessors are uids that live on in an item that the payload brings: their
// copies are linked to it instead.
func (d *deletes) predecessors(k *sourceKind) map[string]bool {
	out := map[string]bool{}
	for _, uids := range d.src.predecessors(k) {
		for _, u := range uids {
			out[u] = true
		}
	}
	return out
}

// missing reports whether the source lacks the item and the option deletes it.
func (d *deletes) missing(k *sourceKind, r *receiver, it item.Item) bool {
	uid := d.src.aliases.canonical(k.Name, it.UID(r.store))
	if k.byUID[uid] != nil || k.Match.Singleton {
		return false
	}
	if it.Link != nil && d.fromSource(k, it) {
		return true
	}
	if d.how != DeleteAll {
		return false
	}
	// What shares a name or code with one of the source's items is found there, or
	// may be: the match decides what becomes of it, or a person.
	return !k.names[item.NormalName(it.Fields.Get(k.Match.Name).Str())] && !k.codes[r.index.CodeOf(k.Name, it.Key)]
}

// fromSource reports whether a linked item came from this source: a base says
// so, or the source has a tombstone of its uid.
func (d *deletes) fromSource(k *sourceKind, it item.Item) bool {
	if d.gone[k.Name][d.src.aliases.canonical(k.Name, it.Link.UID)] {
		return true
	}
	return slices.ContainsFunc(it.Link.Fields, func(f item.LinkField) bool { return f.From.Store == d.src.store })
}

package storesync

import (
	"fmt"
	"slices"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// referrers tells what refers to the items that a job is to delete. It holds
// those items alone, so that a store with millions of tickets costs a reading
// and no memory.
type referrers struct {
	watched map[[2]string]map[[2]string]bool // kind, key → the items that refer to it
	by      map[[2]string][][2]string        // the reverse, for items that can change
	place   map[string]int                   // of the kinds in the store's mapping
}

// readReferrers looks through every kind of the store that can refer to one of
// the kinds deleted from.
func readReferrers(held reader, c *catalog.Catalog, profile wire.Profile, targets []item.ID) (*referrers, error) {
	r := &referrers{watched: map[[2]string]map[[2]string]bool{}, by: map[[2]string][][2]string{}, place: map[string]int{}}
	kinds := map[string]bool{}
	for _, t := range targets {
		r.watched[[2]string{t.Kind, t.Key}] = map[[2]string]bool{}
		kinds[t.Kind] = true
	}
	for i, p := range profile.Kinds {
		r.place[p.Kind] = i
		k, ok := c.Kind(p.Kind)
		if !ok || !refersTo(k, kinds) {
			continue
		}
		err := eachItem(held, k.Name, func(at store.Item, it item.Item) error {
			if at.Live() {
				r.put(it)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot tell what refers to the items to delete: %w", err)
		}
	}
	return r, nil
}

func refersTo(k catalog.Kind, kinds map[string]bool) bool {
	return slices.ContainsFunc(k.Fields, func(f catalog.Field) bool {
		return kinds[f.Ref] || slices.ContainsFunc(f.Columns, func(c catalog.Field) bool { return kinds[c.Ref] })
	})
}

// put takes in an item as it is now, or its tombstone.
func (r *referrers) put(it item.Item) {
	me := [2]string{it.Kind, it.Key}
	for _, target := range r.by[me] {
		delete(r.watched[target], me)
	}
	delete(r.by, me)
	if it.Deleted {
		return
	}
	eachRef(it.Fields, func(ref item.Value) {
		target := [2]string{ref.RefKind(), ref.Str()}
		if holders := r.watched[target]; holders != nil && !holders[me] && target != me {
			holders[me] = true
			r.by[me] = append(r.by[me], target)
		}
	})
}

// of names what refers to an item, as the branch does: the first kind of the
// mapping that has one; "" if nothing does.
func (r *referrers) of(kind, key string) string {
	first := ""
	for h := range r.watched[[2]string{kind, key}] {
		if first == "" || r.place[h[0]] < r.place[first] {
			first = h[0]
		}
	}
	return first
}

package storesync

import (
	"slices"
	"strings"

	"plait/shared/item"
)

// chosen are the keys of the source's items that a sync brings, by kind.
type chosen map[string]map[string]bool

func (c chosen) add(kind, key string) (fresh bool) {
	if c[kind] == nil {
		c[kind] = map[string]bool{}
	}
	fresh = !c[kind][key]
	c[kind][key] = true
	return fresh
}

func (c chosen) count() (n int) {
	for _, keys := range c {
		n += len(keys)
	}
	return n
}

// choose finds the items of every selection. What is named and not there is
// refused by name, as is a selection that leaves nothing.
func (s *source) choose(list []Selection) (chosen, error) {
	c := chosen{}
	for _, sel := range list {
		if err := s.chooseKind(c, sel); err != nil {
			return nil, err
		}
	}
	if c.count() == 0 {
		return nil, refuse("%w", ErrNothing)
	}
	return c, nil
}

func (s *source) chooseKind(c chosen, sel Selection) error {
	k := s.kinds[sel.Kind]
	if sel.Category != "" && k.Match.Category == "" {
		return refuse("%s has no categories", sel.Kind)
	}
	if sel.Active != "" && k.Active == "" {
		return refuse("%s does not tell active items from others: its catalogue names no such field", sel.Kind)
	}
	f := newFilter(sel)
	for _, r := range k.rows {
		if f.listed(s, k, r) && s.within(k, r, sel) {
			c.add(sel.Kind, r.Key)
		}
	}
	for _, r := range k.twice { // the one that is marked as the same travels instead
		if f.listed(s, k, r) && s.within(k, r, sel) {
			c.add(sel.Kind, k.byUID[r.uid].Key)
		}
	}
	missing := f.missing()
	if s.skipGone {
		k.lacks = missing
	} else if len(missing) > 0 {
		return refuse("the source has no %s %s", sel.Kind, strings.Join(missing, ", "))
	}
	return nil
}

// filter finds the items that a selection lists, and remembers which entries of
// the list found one.
type filter struct {
	all               bool
	keys, uids, names map[string]bool // true once found
	said              map[string]string
}

func newFilter(sel Selection) filter {
	f := filter{keys: map[string]bool{}, uids: map[string]bool{}, names: map[string]bool{}, said: map[string]string{}}
	f.all = sel.All || len(sel.Keys)+len(sel.UIDs)+len(sel.Names) == 0
	for _, k := range sel.Keys {
		f.keys[k] = false
	}
	for _, u := range sel.UIDs {
		f.uids[u] = false
	}
	for _, n := range sel.Names {
		f.names[item.NormalName(n)] = false
		f.said[item.NormalName(n)] = n
	}
	return f
}

func (f filter) listed(s *source, k *sourceKind, r *row) bool {
	found := f.all
	for _, list := range []struct {
		m   map[string]bool
		key string
	}{{f.keys, r.Key}, {f.uids, r.uid}, {f.names, item.NormalName(s.called(k, r))}} {
		if _, ok := list.m[list.key]; ok {
			list.m[list.key], found = true, true
		}
	}
	return found
}

// missing lists entries that found nothing, at most twenty.
func (f filter) missing() []string {
	var out []string
	for _, m := range []map[string]bool{f.keys, f.uids, f.names} {
		for entry, found := range m {
			if said := f.said[entry]; said != "" {
				entry = said
			}
			if !found {
				out = append(out, quoted(entry))
			}
		}
	}
	slices.Sort(out)
	return firstFew(out, 20)
}

// within applies what narrows a selection.
func (s *source) within(k *sourceKind, r *row, sel Selection) bool {
	if !k.from.passes(r) || sel.Active != "" && (sel.Active == OnlyActive) != k.active(r) {
		return false
	}
	if sel.Search != "" && !strings.Contains(item.NormalName(s.called(k, r)), item.NormalName(sel.Search)) {
		return false
	}
	if sel.Category == "" {
		return true
	}
	ref := r.Fields.Get(k.Match.Category)
	if ref.IsEmpty() {
		return false
	}
	if ref.Str() == sel.Category {
		return true
	}
	_, name := s.of(ref)
	return item.NormalName(name) == item.NormalName(sel.Category)
}

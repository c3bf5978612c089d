package storesync

import (
	"slices"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
)

// aliases are the uids that mean the same items, by kind (decision 5).
type aliases struct {
	same map[[2]string]string   // kind, uid → the uid that it is the same as
	back map[[2]string][]string // kind, canonical uid → the others, sorted
}

// newAliases follows every alias to where it ends. A circle, which no operator
// means, ends at its least uid.
func newAliases(list []store.Alias) aliases {
	a := aliases{same: make(map[[2]string]string, len(list)), back: map[[2]string][]string{}}
	for _, l := range list {
		a.same[[2]string{l.Kind, l.UID}] = l.SameAs
	}
	for _, l := range list {
		a.note(l.Kind, l.UID)
		a.note(l.Kind, l.SameAs)
	}
	return a
}

func (a aliases) note(kind, uid string) {
	at := [2]string{kind, a.canonical(kind, uid)}
	if i, found := slices.BinarySearch(a.back[at], uid); uid != at[1] && !found {
		a.back[at] = slices.Insert(a.back[at], i, uid)
	}
}

func (a aliases) canonical(kind, uid string) string {
	seen := []string{uid}
	for {
		next, ok := a.same[[2]string{kind, uid}]
		if !ok {
			return uid
		}
		if i := slices.Index(seen, next); i >= 0 {
			return slices.Min(seen[i:])
		}
		uid = next
		seen = append(seen, uid)
	}
}

// others are the uids that mean the same item as a canonical one.
func (a aliases) others(kind, uid string) []string { return a.back[[2]string{kind, uid}] }

// predecessors are the uids of deleted items of the source that a live one took
// the place of: the same code, or, where neither has one, the same name and
// category; no twins on either side. A deleted predecessor's uid is an alias by
// itself.
func (s *source) predecessors(k *sourceKind) map[string][]string {
	byIdentity := map[string][]*row{}
	for _, r := range k.gone {
		if id := s.identity(k, r); id != "" && k.byUID[r.uid] == nil {
			byIdentity[id] = append(byIdentity[id], r)
		}
	}
	if len(byIdentity) == 0 {
		return nil
	}
	out := map[string][]string{}
	for _, r := range k.rows {
		if t := s.twins(k, r); t.code || (t.name && s.code(k, r) == "") {
			continue
		}
		for _, d := range byIdentity[s.identity(k, r)] {
			if i, found := slices.BinarySearch(out[r.uid], d.uid); !found {
				out[r.uid] = slices.Insert(out[r.uid], i, d.uid)
			}
		}
	}
	return out
}

// identity is what an item of the source is told by: its code, else its name and
// category.
func (s *source) identity(k *sourceKind, r *row) string {
	if code := s.code(k, r); code != "" {
		return "code\x00" + code
	}
	name := item.NormalName(k.name(r))
	if name == "" {
		return ""
	}
	return "name\x00" + name + "\x00" + r.Fields.Get(k.Match.Category).Str()
}

// code is the identity code of an item of the source; "" if it has none.
func (s *source) code(k *sourceKind, r *row) string {
	if k.byKey[r.Key] == r {
		return s.index.CodeOf(k.Name, r.Key)
	}
	return merge.Code(merge.Parts(r.Fields, k.Match.Code), func(ref item.Value) string {
		if other := s.kinds[ref.RefKind()]; other != nil && other.byKey[ref.Str()] != nil {
			return other.name(other.byKey[ref.Str()])
		}
		return ""
	})
}

type twins struct{ code, name bool }

// twins says whether the source has other items with this one's code, or with
// its name and category.
func (s *source) twins(k *sourceKind, r *row) (t twins) {
	if code := s.code(k, r); code != "" {
		t.code = s.index.CountCode(k.Name, code) > 1
	}
	if k.Match.Singleton {
		t.name = len(k.rows) > 1
	}
	if name := item.NormalName(k.name(r)); name != "" {
		t.name = s.index.CountName(k.Name, name, r.Fields.Get(k.Match.Category).Str()) > 1
	}
	return t
}

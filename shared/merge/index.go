package merge

import (
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// Index finds a store's items by uid, identity code and name. It holds what
// matching needs and no more: identities, names, code parts. Items of every kind
// that a payload brings or refers to are put in before it is planned.
type Index struct {
	store string
	match map[string]wire.PayloadMatch
	kinds map[string]*kindIndex
}

type kindIndex struct {
	items  map[string]*entry   // by key
	byUID  map[string]string   // uid → key
	byName map[string][]string // normalised name → keys
	byCode map[string][]string // code → keys; nil: to be computed again
}

type entry struct {
	gen      int64
	uid      string
	linked   bool
	name     string // as a person reads it
	folded   string
	category string // key of the category; "" if none
	parts    []item.Value
}

// Candidate is an item of the store that a payload item may mean.
type Candidate struct {
	ID   item.ID
	Name string
}

// NewIndex returns an empty index of a store's items for the kinds of a payload.
func NewIndex(store string, kinds []wire.PayloadKind) *Index {
	x := &Index{store: store, match: map[string]wire.PayloadMatch{}, kinds: map[string]*kindIndex{}}
	for _, k := range kinds {
		x.match[k.Name] = k.Match
	}
	return x
}

func (x *Index) kind(name string) *kindIndex {
	k := x.kinds[name]
	if k == nil {
		k = &kindIndex{items: map[string]*entry{}, byUID: map[string]string{}, byName: map[string][]string{}}
		x.kinds[name] = k
	}
	return k
}

// Put adds an item or replaces what was known under its key; a tombstone removes it.
func (x *Index) Put(it item.Item) {
	k := x.kind(it.Kind)
	x.remove(k, it.Key)
	if it.Deleted {
		x.changed(it.Kind)
		return
	}
	m := x.match[it.Kind]
	name := it.Fields.Get(m.Name).Str()
	e := &entry{
		gen: it.Gen, uid: it.UID(x.store), linked: it.Link != nil, name: name, folded: item.NormalName(name),
		category: it.Fields.Get(m.Category).Str(), parts: Parts(it.Fields, m.Code),
	}
	k.items[it.Key] = e
	k.byUID[e.uid] = it.Key
	if e.folded != "" {
		k.byName[e.folded] = append(k.byName[e.folded], it.Key)
	}
	x.changed(it.Kind)
}

func (x *Index) remove(k *kindIndex, key string) {
	e := k.items[key]
	if e == nil {
		return
	}
	delete(k.items, key)
	if k.byUID[e.uid] == key {
		delete(k.byUID, e.uid)
	}
	if e.folded != "" {
		k.byName[e.folded] = slices.DeleteFunc(k.byName[e.folded], func(s string) bool { return s == key })
	}
}

// changed forgets the codes that an item of this kind may be a part of; they are
// computed again when one is looked up.
func (x *Index) changed(kind string) {
	for name, k := range x.kinds {
		if name == kind || k.refersTo(kind) {
			k.byCode = nil
		}
	}
}

// refersTo looks at one entry: all items of a kind have the same code parts, and
// one without the reference has no code.
func (k *kindIndex) refersTo(kind string) bool {
	for _, e := range k.items {
		for _, v := range e.parts {
			if v.RefKind() == kind {
				return true
			}
		}
	}
	return false
}

func (x *Index) text(ref item.Value) string {
	if k := x.kinds[ref.RefKind()]; k != nil {
		if e := k.items[ref.Str()]; e != nil {
			return e.name
		}
	}
	return ""
}

func (x *Index) codes(kind string) map[string][]string {
	k := x.kind(kind)
	if k.byCode != nil {
		return k.byCode
	}
	k.byCode = map[string][]string{}
	for key, e := range k.items {
		if c := Code(e.parts, x.text); c != "" {
			k.byCode[c] = append(k.byCode[c], key)
		}
	}
	for _, keys := range k.byCode {
		slices.Sort(keys)
	}
	return k.byCode
}

// KeyOf returns the key of the store's item with that uid.
func (x *Index) KeyOf(kind, uid string) (key string, ok bool) {
	if k := x.kinds[kind]; k != nil {
		key, ok = k.byUID[uid]
	}
	return key, ok
}

// CodeOf returns the identity code of the store's item; "" if it has none.
func (x *Index) CodeOf(kind, key string) string {
	if e := x.kind(kind).items[key]; e != nil {
		return Code(e.parts, x.text)
	}
	return ""
}

// CountCode and CountName tell how many of the store's items share an identity
// code, or a name within a category: more than one is no identity.
func (x *Index) CountCode(kind, code string) int { return len(x.codes(kind)[code]) }

// CountName counts items of that normalised name and category key.
func (x *Index) CountName(kind, folded, category string) int {
	return len(x.named(kind, folded, func(e *entry) bool { return e.category == category }))
}

func (x *Index) named(kind, folded string, keep func(*entry) bool) []Candidate {
	k := x.kind(kind)
	var out []Candidate
	for _, key := range k.byName[folded] {
		if e := k.items[key]; keep(e) {
			out = append(out, Candidate{item.ID{Kind: kind, Key: key, Gen: e.gen}, e.name})
		}
	}
	slices.SortFunc(out, func(a, b Candidate) int { return cmpKey(a.ID.Key, b.ID.Key) })
	return out
}

func (x *Index) coded(kind, code string, linked bool) []Candidate {
	k := x.kind(kind)
	var out []Candidate
	for _, key := range x.codes(kind)[code] {
		if e := k.items[key]; e.linked == linked {
			out = append(out, Candidate{item.ID{Kind: kind, Key: key, Gen: e.gen}, e.name})
		}
	}
	return out
}

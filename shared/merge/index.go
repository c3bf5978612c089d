package merge

import (
	"maps"
	"slices"
	"strings"

	"plait/shared/item"
	"plait/shared/wire"
)

// Index finds a store's items by uid, identity code and name. It holds what
// matching needs and no more: identities, names, code parts. Items of every kind
// that a payload brings or refers to are put in before it is planned. Put and
// every lookup take time that does not grow with the store, but for the first
// lookup by code after a rename of what codes refer to.
type Index struct {
	store string
	match map[string]wire.PayloadMatch
	kinds map[string]*kindIndex
}

type kindIndex struct {
	items  map[string]*entry   // by key
	byUID  map[string]string   // uid → key
	own    map[string]string   // own uid of an adopted item → key
	byName map[string][]string // normalised name → keys
	byCode map[string][]string // code → keys; nil: to be computed again
	parts  map[string]bool     // kinds that code parts have referred to
}

type entry struct {
	gen      int64
	uid      string
	own      string // an adopted item's uid of its own; "" otherwise
	linked   bool
	name     string // as a person reads it
	folded   string
	category string // key of the category; "" if none
	parts    []item.Value
	code     string // as it stands in byCode
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

// Needs are the fields that Put looks at in items of a kind, in the order of their
// names; not nil.
func (x *Index) Needs(kind string) []string {
	m := x.match[kind]
	names := append(slices.Clone(m.Code), m.Name, m.Category)
	slices.Sort(names)
	return names
}

func (x *Index) kind(name string) *kindIndex {
	k := x.kinds[name]
	if k == nil {
		k = &kindIndex{
			items: map[string]*entry{}, byUID: map[string]string{}, own: map[string]string{},
			byName: map[string][]string{}, parts: map[string]bool{},
		}
		x.kinds[name] = k
	}
	return k
}

// Put adds an item or replaces what was known under its key; a tombstone removes it.
func (x *Index) Put(it item.Item) {
	k := x.kind(it.Kind)
	before := k.items[it.Key]
	if before != nil && !it.Deleted && x.knows(before, it) {
		return
	}
	it.Key = strings.Clone(it.Key) // its memory may be that of the whole item, here and in entry
	k.remove(it.Key, before)
	if it.Deleted {
		x.renamed(it.Kind, nameOf(before), "")
		return
	}
	e := x.entry(it)
	k.items[it.Key] = e
	k.byUID[e.uid] = it.Key
	if e.own != "" {
		k.own[e.own] = it.Key
	}
	if e.folded != "" {
		k.byName[e.folded] = append(k.byName[e.folded], it.Key)
	}
	for _, v := range e.parts {
		if v.RefKind() != "" {
			k.parts[v.RefKind()] = true
		}
	}
	if k.byCode != nil {
		k.addCode(it.Key, e, x.text)
	}
	x.renamed(it.Kind, nameOf(before), e.name)
}

func (x *Index) entry(it item.Item) *entry {
	m := x.match[it.Kind]
	name := strings.Clone(it.Fields.Get(m.Name).Str())
	e := &entry{
		gen: it.Gen, uid: strings.Clone(it.UID(x.store)), linked: it.Link != nil, name: name, folded: item.NormalName(name),
		category: strings.Clone(it.Fields.Get(m.Category).Str()), parts: Parts(it.Fields, m.Code),
	}
	if it.Link != nil && it.Link.Adopted {
		e.own = item.LocalUID(x.store, it.ID)
	}
	return e
}

// knows reports whether an entry says of an item what a new one would.
func (x *Index) knows(e *entry, it item.Item) bool {
	m := x.match[it.Kind]
	if e.gen != it.Gen || e.linked != (it.Link != nil) || e.uid != it.UID(x.store) || (e.own != "") != (it.Link != nil && it.Link.Adopted) {
		return false
	}
	return e.name == it.Fields.Get(m.Name).Str() && e.category == it.Fields.Get(m.Category).Str() &&
		slices.EqualFunc(e.parts, Parts(it.Fields, m.Code), item.Value.Equal)
}

func nameOf(e *entry) string {
	if e == nil {
		return ""
	}
	return e.name
}

func (k *kindIndex) remove(key string, e *entry) {
	if e == nil {
		return
	}
	delete(k.items, key)
	if k.byUID[e.uid] == key {
		delete(k.byUID, e.uid)
	}
	if k.own[e.own] == key {
		delete(k.own, e.own)
	}
	without(k.byName, e.folded, key)
	without(k.byCode, e.code, key)
}

func without(m map[string][]string, name, key string) {
	i := slices.Index(m[name], key)
	if i < 0 {
		return
	}
	if rest := slices.Delete(m[name], i, i+1); len(rest) > 0 {
		m[name] = rest
	} else {
		delete(m, name)
	}
}

// renamed forgets the codes that an item's name is a part of; they are computed
// again when one is looked up.
func (x *Index) renamed(kind, before, now string) {
	if before == now {
		return
	}
	for _, k := range x.kinds {
		if k.parts[kind] {
			k.byCode = nil
		}
	}
}

func (x *Index) text(ref item.Value) string {
	if k := x.kinds[ref.RefKind()]; k != nil {
		return nameOf(k.items[ref.Str()])
	}
	return ""
}

func (k *kindIndex) addCode(key string, e *entry, text func(item.Value) string) {
	if e.code = Code(e.parts, text); e.code != "" {
		k.byCode[e.code] = append(k.byCode[e.code], key)
	}
}

func (x *Index) codes(kind string) map[string][]string {
	k := x.kind(kind)
	if k.byCode == nil {
		k.byCode = map[string][]string{}
		for key, e := range k.items {
			k.addCode(key, e, x.text)
		}
	}
	return k.byCode
}

// KeyOf returns the key of the store's item with that uid: its link's, or its
// own.
func (x *Index) KeyOf(kind, uid string) (key string, ok bool) {
	k := x.kinds[kind]
	if k == nil {
		return "", false
	}
	if key, ok = k.byUID[uid]; !ok {
		key, ok = k.own[uid]
	}
	return key, ok
}

// Copy returns what people call the store's copy of an item: the one whose link has
// that uid.
func (x *Index) Copy(kind, uid string) (name string, ok bool) {
	k := x.kinds[kind]
	if k == nil {
		return "", false
	}
	e := k.items[k.byUID[uid]]
	return nameOf(e), e != nil && e.linked
}

// byUID returns the key of the item that a payload's item means by its uid, or by
// one of its aliases.
func (x *Index) byUID(pi wire.PayloadItem) (key string, alias, ok bool) {
	if key, ok = x.KeyOf(pi.Kind, pi.UID); ok {
		return key, false, true
	}
	for _, uid := range pi.Aliases {
		if key, ok = x.KeyOf(pi.Kind, uid); ok {
			return key, true, true
		}
	}
	return "", false, false
}

// CodeOf returns the identity code of the store's item; "" if it has none.
func (x *Index) CodeOf(kind, key string) string {
	if e := x.kind(kind).items[key]; e != nil {
		return Code(e.parts, x.text)
	}
	return ""
}

// CountCode tells how many of the store's items share an identity code: more
// than one is no identity.
func (x *Index) CountCode(kind, code string) int { return len(x.codes(kind)[code]) }

// CountName counts items of that normalised name and category key.
func (x *Index) CountName(kind, folded, category string) int {
	return len(x.named(kind, folded, func(e *entry) bool { return e.category == category }))
}

func (x *Index) named(kind, folded string, keep func(*entry) bool) []Candidate {
	k := x.kind(kind)
	return k.candidates(kind, k.byName[folded], keep)
}

func (x *Index) all(kind string) []Candidate {
	k := x.kind(kind)
	return k.candidates(kind, slices.Collect(maps.Keys(k.items)), func(*entry) bool { return true })
}

func (x *Index) coded(kind, code string, linked bool) []Candidate {
	keys := x.codes(kind)[code]
	return x.kind(kind).candidates(kind, keys, func(e *entry) bool { return e.linked == linked })
}

// candidates come sorted, whatever order the items were put in.
func (k *kindIndex) candidates(kind string, keys []string, keep func(*entry) bool) []Candidate {
	var out []Candidate
	for _, key := range keys {
		if e := k.items[key]; keep(e) {
			out = append(out, Candidate{item.ID{Kind: kind, Key: key, Gen: e.gen}, e.name})
		}
	}
	slices.SortFunc(out, func(a, b Candidate) int { return cmpKey(a.ID.Key, b.ID.Key) })
	return out
}

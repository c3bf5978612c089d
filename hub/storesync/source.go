package storesync

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// row is an item of the source's copy, with its identity in the network.
type row struct {
	item.Item
	uid     string // aliases followed: the one that all its names lead to
	syncRev int64
	syncAt  time.Time
}

// source is the hub's copy of the store that a sync copies from, as far as the
// kinds concerned go.
type source struct {
	store   string // id
	kinds   map[string]*sourceKind
	index   *merge.Index
	aliases aliases
	// skipGone leaves out what is named and not there.
	skipGone bool
}

type sourceKind struct {
	wire.PayloadKind
	title string          // of the kind, for people
	label string          // the field that an item is called by; "" if there is none
	refs  []string        // kinds that its travelling fields refer to
	rows  []*row          // live
	byKey map[string]*row // the live ones
	dead  map[string]*row // the newest tombstone of keys that are not live
	gone  []*row          // every tombstone
	names map[string]bool // normalised, of the live ones
	codes map[string]bool
	byUID map[string]*row // the live ones
	twice []*row          // live, but another with the same uid travels in its place
	from  since           // which of its changes are selected
	lacks []string        // what is named and not there, if that is left out
}

// reader reads a store's copy row by row, tombstones too: a page of rows of the
// kind after the given identity.
type reader interface {
	Items(kind string, after item.ID, limit int) ([]store.Item, error)
}

const readPage = 500

// eachItem calls visit with every row of a kind, tombstones too.
func eachItem(r reader, kind string, visit func(store.Item, item.Item) error) error {
	var after item.ID
	for {
		page, err := r.Items(kind, after, readPage)
		if err != nil {
			return err
		}
		for _, s := range page {
			it, err := s.Decode()
			if err != nil {
				return fmt.Errorf("cannot read %s %s of the hub's copy: %w", kind, s.Key, err)
			}
			if err := visit(s, it); err != nil {
				return err
			}
		}
		if len(page) < readPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// readSource reads the kinds concerned. Of kinds that are only referred to
// (keep returns false) it holds what matching needs and no more.
func readSource(r reader, storeID string, kinds []catalog.Kind, p policies, keep func(kind string) bool, al aliases) (*source, error) {
	s := &source{store: storeID, kinds: map[string]*sourceKind{}, aliases: al}
	var payloadKinds []wire.PayloadKind
	for _, k := range kinds {
		s.kinds[k.Name] = newSourceKind(k, p)
		payloadKinds = append(payloadKinds, s.kinds[k.Name].PayloadKind)
	}
	s.index = merge.NewIndex(storeID, payloadKinds)
	for _, k := range kinds {
		sk, whole := s.kinds[k.Name], keep(k.Name)
		err := eachItem(r, k.Name, func(at store.Item, it item.Item) error {
			if at.Live() {
				s.index.Put(it)
			}
			sk.add(s.row(at, it, whole), at.Live())
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read %s of the source: %w", k.Name, err)
		}
	}
	for _, k := range s.kinds {
		k.settle(s.index)
	}
	return s, nil
}

func newSourceKind(k catalog.Kind, p policies) *sourceKind {
	out := &sourceKind{
		PayloadKind: p.payloadKind(k), title: cmp.Or(k.Title, k.Name), label: k.Called(), byKey: map[string]*row{}, dead: map[string]*row{},
		names: map[string]bool{}, codes: map[string]bool{}, byUID: map[string]*row{},
	}
	p.refs(k, func(ref string, _ bool) {
		if !slices.Contains(out.refs, ref) {
			out.refs = append(out.refs, ref)
		}
	})
	return out
}

func (s *source) row(at store.Item, it item.Item, whole bool) *row {
	uid := at.UID
	if uid == "" {
		uid = it.UID(s.store)
	}
	it.Link = nil // what the source was linked to travels nowhere
	k := s.kinds[it.Kind]
	it.Fields = slices.DeleteFunc(slices.Clone(it.Fields), func(f item.Field) bool {
		return !k.matches(f.Name) && f.Name != k.Active && (!whole || !k.travels(f.Name))
	})
	return &row{Item: it, uid: s.aliases.canonical(it.Kind, uid), syncRev: at.SyncRev, syncAt: at.SyncAt}
}

func (k *sourceKind) add(r *row, live bool) {
	if live {
		k.rows = append(k.rows, r)
		k.byKey[r.Key] = r
		return
	}
	k.gone = append(k.gone, r)
	if d := k.dead[r.Key]; d == nil || d.Gen < r.Gen {
		k.dead[r.Key] = r
	}
}

// settle notes what the kind's live items are known by. Of two that a person
// marked as the same item, the one with the lower key travels.
func (k *sourceKind) settle(index *merge.Index) {
	slices.SortFunc(k.rows, func(a, b *row) int { return compareKeys(a.Key, b.Key) })
	k.rows = slices.DeleteFunc(k.rows, func(r *row) bool {
		twice := k.byUID[r.uid] != nil
		if twice {
			k.twice = append(k.twice, r)
		} else {
			k.byUID[r.uid] = r
		}
		k.names[item.NormalName(k.name(r))] = true
		k.codes[index.CodeOf(k.Name, r.Key)] = true
		return twice
	})
	delete(k.names, "")
	delete(k.codes, "")
}

func (k *sourceKind) name(r *row) string { return r.Fields.Get(k.Match.Name).Str() }

// active reports whether the item is not one that was retired.
func (k *sourceKind) active(r *row) bool { return !r.Fields.Get(k.Active).Equal(item.Bool(false)) }

// called is the item's name for people, whatever the kind.
func (s *source) called(k *sourceKind, r *row) string {
	v := r.Fields.Get(k.label)
	if other := s.kinds[v.RefKind()]; other != nil && other.byKey[v.Str()] != nil {
		if name := other.name(other.byKey[v.Str()]); name != "" {
			return name
		}
	}
	return k.calledBy(v, r.Key)
}

// calledBy is what an item is called with that value of the label, or the kind's
// title for a singleton.
func (k *sourceKind) calledBy(label item.Value, key string) string {
	switch {
	case label.Str() != "" && label.RefKind() == "":
		return label.Str()
	case k.Match.Singleton:
		return k.title
	default:
		return k.Name + " " + key
	}
}

// matches: a field that matching or calling an item needs.
func (k *sourceKind) matches(field string) bool {
	return field == k.label || field == k.Match.Name || field == k.Match.Category || slices.Contains(k.Match.Code, field)
}

func (k *sourceKind) travels(field string) bool {
	_, ok := k.field(field)
	return ok
}

func (k *sourceKind) field(name string) (wire.PayloadField, bool) {
	i := slices.IndexFunc(k.Fields, func(f wire.PayloadField) bool { return f.Name == name })
	if i < 0 {
		return wire.PayloadField{}, false
	}
	return k.Fields[i], true
}

// of resolves a reference inside the source: the item's uid in the network, and
// its name. A reference to what the copy does not hold gets the uid that the
// first generation of that key would have; no receiver has it, and the name says
// what is missing.
func (s *source) of(ref item.Value) (uid, name string) {
	k := s.kinds[ref.RefKind()]
	if k != nil {
		r := k.byKey[ref.Str()]
		if r == nil {
			r = k.dead[ref.Str()]
		}
		if r != nil {
			return r.uid, s.called(k, r)
		}
	}
	id := item.ID{Kind: ref.RefKind(), Key: ref.Str(), Gen: 1}
	return item.LocalUID(s.store, id), ref.Str() + ", which the source itself does not have"
}

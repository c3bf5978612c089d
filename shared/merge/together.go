package merge

import (
	"maps"

	"plait/shared/item"
)

// Several items may be planned before the first of them is written. What the store
// has is told as it is expected to become (Expected, Applied), and what is read back
// afterwards must be as it was expected to be (Index.Alike); what it lacks is told
// when it is there, and nothing may depend on it before (After). Where it comes
// otherwise, TakeBack undoes what the planner was told, Mark what it counted, and the
// items are planned again one by one.

// Finds returns the key of the store's item that the n-th item means as things
// stand; "" if there is none.
func (p *Planner) Finds(n int) string {
	pi := p.Item(n)
	kind := p.kinds[pi.Kind]
	if kind == nil || !p.syncs(pi.Kind) {
		return ""
	}
	return p.match(pi, kind.PayloadKind).key
}

// Mark returns what sets back what the planner has counted since.
func (p *Planner) Mark() (back func()) {
	counted := maps.Clone(p.unmapped)
	return func() { p.unmapped = counted }
}

// Expected is the item after the plan was carried out, as far as can be known
// before it is read back: what the POS fills in by itself, cuts or rounds is not
// there. id is that of an item that is created.
func (out *ItemPlan) Expected(id item.ID) item.Item {
	now := out.Local
	switch out.Action {
	case Create:
		now = item.Item{ID: id, Fields: out.Write}
	case Delete:
		now.Deleted, now.Link = true, nil
		return now
	default:
		if len(out.Write) > 0 {
			now.Fields = laid(out.Write, now.Fields)
		}
	}
	now.Link = out.Link(now)
	return now
}

// laid lays fields over others; both are sorted by name.
func laid(over, under item.Fields) item.Fields {
	out := make(item.Fields, 0, len(over)+len(under))
	for _, f := range under {
		for len(over) > 0 && over[0].Name < f.Name {
			out, over = append(out, over[0]), over[1:]
		}
		if len(over) > 0 && over[0].Name == f.Name {
			f, over = over[0], over[1:]
		}
		out = append(out, f)
	}
	return append(out, over...)
}

// TakeBack tells the planner that what Applied said of an item that the store has is
// not so.
func (p *Planner) TakeBack(out ItemPlan) { p.index.Put(out.Local) }

// Alike reports whether two items are one to the index: whatever is found by the
// one is found by the other.
func (x *Index) Alike(a, b item.Item) bool {
	if a.ID != b.ID || a.Deleted != b.Deleted || !alikeLinks(a.Link, b.Link) {
		return false
	}
	m := x.match[a.Kind]
	same := func(name string) bool { return a.Fields.Get(name).Equal(b.Fields.Get(name)) }
	for _, name := range m.Code {
		if !same(name) {
			return false
		}
	}
	return same(m.Name) && same(m.Category)
}

func alikeLinks(a, b *item.Link) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.UID == b.UID && a.Adopted == b.Adopted
}

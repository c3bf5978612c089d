package merge

import (
	"maps"

	"plait/shared/item"
)

// Several items may be planned before what became of the first is known: each is
// told as it is expected (Expected, Applied), and what was read back afterwards must
// be as it was expected to be (Index.Alike). Where it is not, TakeBack undoes what
// the planner was told, Mark what it counted, and the items are planned again one by
// one.

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
func (out ItemPlan) Expected(id item.ID) item.Item {
	now := out.Local
	switch out.Action {
	case Create:
		now = item.Item{ID: id, Fields: out.Write}
	case Delete:
		now.Deleted, now.Link = true, nil
		return now
	default:
		for _, w := range out.Write {
			now.Fields = now.Fields.With(w.Name, w.Value)
		}
	}
	now.Link = out.Link(now)
	return now
}

// TakeBack tells the planner that what Applied said of a plan is not so.
func (p *Planner) TakeBack(out ItemPlan, said item.Item) {
	if out.Action == Create {
		said.Deleted = true
		p.index.Put(said)
		return
	}
	p.index.Put(out.Local)
}

// Alike reports whether two items are one to the index: whatever is found by the
// one is found by the other.
func (x *Index) Alike(a, b item.Item) bool {
	if a.ID != b.ID || a.Deleted != b.Deleted || (a.Link == nil) != (b.Link == nil) {
		return false
	}
	m := x.match[a.Kind]
	for _, name := range append([]string{m.Name, m.Category}, m.Code...) {
		if !a.Fields.Get(name).Equal(b.Fields.Get(name)) {
			return false
		}
	}
	return a.Link == nil || (a.Link.UID == b.Link.UID && a.Link.Adopted == b.Link.Adopted)
}

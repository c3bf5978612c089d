package merge

import (
	"plait/shared/item"
	"plait/shared/wire"
)

// Image is the before-image that a revert needs: the fields that were
// overwritten and the link as it was, with the digests of what was read back. now
// is the item after the plan was carried out; a deleted one's tombstone. ok is
// false if nothing was changed.
func (out *ItemPlan) Image(now item.Item) (m wire.Image, ok bool) {
	m.N, m.Undo = out.N, wire.Undo{Did: wire.DidChange, Key: now.Key, Gen: now.Gen, Link: out.Local.Link}
	switch out.Action {
	case Create:
		m.Did, m.Whole = wire.DidCreate, item.ShortDigestOfFields(now.Fields)
		return m, true
	case Delete:
		m.Did, m.Fields = wire.DidDelete, out.Local.Fields
		return m, true
	case Adopt, Update, Retire, Unlink:
	case Equal, Keep:
		if out.Local.Link == nil || now.Link == nil || out.Local.Link.UID == now.Link.UID {
			return m, false // a base may have moved; that takes nothing away
		}
	default:
		return m, false
	}
	was, is := walk{out.Local.Fields}, walk{now.Fields}
	for _, w := range out.Write {
		before, after := was.to(w.Name), is.to(w.Name)
		if before.IsAbsent() || after.IsAbsent() {
			continue // the POS gives no value of it that could be compared or written again
		}
		if m.Wrote == nil {
			m.Wrote = make(map[string]item.ShortDigest, len(out.Write))
		}
		m.Fields = append(m.Fields, item.Field{Name: w.Name, Value: *before})
		m.Wrote[w.Name] = item.ShortDigestOf(*after)
	}
	if m.Unlinked = out.Local.Link != nil && now.Link == nil; !m.Unlinked {
		m.Link = linkOf(out.Local.Link, m.Fields)
	}
	return m, true
}

// linkOf is a link with what it knows of the given fields alone.
func linkOf(l *item.Link, fields item.Fields) *item.Link {
	if l == nil {
		return nil
	}
	out := *l
	out.Fields = nil
	known := walkLink(l)
	for _, f := range fields {
		if k := known.to(f.Name); k != nil {
			out.Fields = append(out.Fields, *k)
		}
	}
	return &out
}

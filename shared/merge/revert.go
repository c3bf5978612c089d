package merge

import (
	"fmt"

	"plait/shared/item"
	"plait/shared/wire"
)

// planRevert takes back what a job did to an item, as its before-image says
// (1-domain, "Revert"). Every field is set back only if it still holds what the
// job wrote, whatever its policy; an item that the job created is deleted, one
// that it adopted is unlinked, one that it deleted comes back. Values are in the
// receiver's own references. What the link says of the source stays, so that a
// revert stands until the source changes.
func (p *Planner) planRevert(out ItemPlan, pi wire.PayloadItem, kind *kindPlan) (ItemPlan, error) {
	key, found := p.matchUndo(pi)
	if pi.Undo.Did == wire.DidDelete {
		return p.planRestore(out, pi, kind, key, found), nil
	}
	gone := func() ItemPlan {
		return out.end(Skip, NotFound, "it is not there any more, so there is nothing to set back")
	}
	if !found {
		return gone(), nil
	}
	local, ok, err := p.recv.Item(pi.Kind, key)
	if err != nil {
		return out, fmt.Errorf("cannot read %s %s: %w", pi.Kind, key, err)
	}
	if !ok {
		return gone(), nil
	}
	out.Local, out.undo = local, pi.Undo
	switch {
	case anothers(local.Link, pi):
		return out.end(Skip, LinkedElsewhere, "it has been linked to another item since, so nothing is set back"), nil
	case pi.Undo.Did == wire.DidCreate:
		return p.uncreate(out, pi, kind)
	}
	p.setBack(&out, pi, kind)
	if local.Link != nil && pi.Undo.Link == nil {
		return out.end(Unlink, Reverted, "it was the store's own before the sync linked it, so it is unlinked again"), nil
	}
	if out.Action = out.action(matched{found: true}); local.Link == nil && pi.Undo.Unlinked || relinked(local.Link, pi) {
		out = out.end(Update, Reverted, "it is linked again, as it was")
	}
	return out, nil
}

// relinked: the job gave the link the uid that lives on, for it found the item by
// an alias.
func relinked(l *item.Link, pi wire.PayloadItem) bool {
	return l != nil && pi.Undo.Link != nil && l.UID == pi.UID && l.UID != pi.Undo.Link.UID
}

// matchUndo finds the item by key and generation, or, where the POS gave it
// another key, by its uid. An alias may be another item's, so none is followed.
func (p *Planner) matchUndo(pi wire.PayloadItem) (key string, ok bool) {
	if gen, ok := p.index.Gen(pi.Kind, pi.Undo.Key); ok && gen == pi.Undo.Gen {
		return pi.Undo.Key, true
	}
	return p.index.KeyOf(pi.Kind, pi.UID)
}

// anothers reports whether a link is to another item than the job left or found
// there.
func anothers(l *item.Link, pi wire.PayloadItem) bool {
	if l == nil || l.UID == pi.UID || (pi.Undo.Link != nil && pi.Undo.Link.UID == l.UID) {
		return false
	}
	for _, uid := range pi.Aliases {
		if uid == l.UID {
			return false
		}
	}
	return true
}

// uncreate deletes an item that a job created: only if it is as the job left it
// and nothing refers to it. Otherwise it is deactivated, or kept and unlinked.
func (p *Planner) uncreate(out ItemPlan, pi wire.PayloadItem, kind *kindPlan) (ItemPlan, error) {
	if item.ShortDigestOfFields(out.Local.Fields) != pi.Undo.Whole {
		return out.keepOwn(ChangedSince, "it was changed since the sync created it, so it stays, the store's own"), nil
	}
	by, err := p.recv.Referred(pi.Kind, out.Local.Key)
	if err != nil {
		return out, fmt.Errorf("cannot tell what refers to %s %s: %w", pi.Kind, out.Local.Key, err)
	}
	if by == "" && kind.mapped.CanDelete {
		return out.end(Delete, Reverted, "the sync created it"), nil
	}
	return out.retire(kind, by), nil
}

func (out ItemPlan) keepOwn(r Reason, why string) ItemPlan {
	if out.Local.Link == nil {
		return out.end(Equal, r, "%s", why)
	}
	return out.end(Unlink, r, "%s", why)
}

// setBack plans the fields.
func (p *Planner) setBack(out *ItemPlan, pi wire.PayloadItem, kind *kindPlan) {
	for _, f := range pi.Fields {
		if !kind.writes(f.Name) {
			p.unmapped[[2]string{pi.Kind, f.Name}]++
			continue
		}
		plan := p.revertField(out.Local, kind.listed(f.Name), f.Value, pi.Undo.Wrote[f.Name])
		out.Fields = append(out.Fields, plan)
		if plan.Write {
			out.Write = append(out.Write, item.Field{Name: f.Name, Value: *plan.Result})
		}
	}
}

func (p *Planner) revertField(local item.Item, field *wire.PayloadField, before item.Value, wrote item.ShortDigest) FieldPlan {
	refs := &oldRefs{Planner: p}
	before = refs.value(before)
	in := &fieldInput{field: field, branch: (&walk{local.Fields}).to(field.Name), source: &before}
	if last, ok := local.Link.Field(field.Name); ok {
		in.last = &last
	}
	switch {
	case len(refs.missing) > 0:
		return in.left(ReferenceAbsent, refs.missing)
	case in.branch.Equal(before):
		out := in.plan()
		out.Reason, out.moves = SameValue, !in.base().Equal(before)
		return out
	case item.ShortDigestOf(*in.branch) == wrote:
		out := in.plan()
		out.Reason, out.Write, out.Result = Reverted, true, &before
		return out
	default:
		return in.left(ChangedSince, nil)
	}
}

// listed is what the payload says of a field; a revert may bring one of which it
// says nothing.
func (k *kindPlan) listed(name string) *wire.PayloadField {
	for _, f := range k.fields {
		if f.Name == name {
			return f.PayloadField
		}
	}
	return &wire.PayloadField{Name: name, Title: name, Policy: item.Unlocked}
}

// linkBack is the link after a revert: of what was set back it holds what it held
// before the job, and remembers the source's value that was taken back.
func (out *ItemPlan) linkBack() *item.Link {
	now, was := out.Local.Link, out.undo.Link
	switch {
	case out.Action == Create || (now == nil && out.undo.Unlinked && out.Action == Update):
		return was
	case now == nil || !out.Writes():
		return now
	}
	link := now.Clone()
	if was != nil {
		link.UID = was.UID
	}
	for i := range out.Fields {
		f := &out.Fields[i]
		last, ok := now.Field(f.Name)
		if !ok || !f.moves {
			continue
		}
		if back, keep := fieldBack(last, was, f); keep {
			link.SetField(back)
		} else {
			link.DropField(f.Name)
		}
	}
	for _, w := range out.Write {
		if last, ok := now.Field(w.Name); ok && out.Action == Retire {
			last.Reverted = true
			link.SetField(last)
		}
	}
	return link
}

// fieldBack is what the link holds of a field that was set back. A field that is
// unlocked and had never synced before is so again: nothing will overwrite it.
func fieldBack(last item.LinkField, was *item.Link, f *FieldPlan) (back item.LinkField, keep bool) {
	before, ok := was.Field(f.Name)
	switch {
	case ok:
		last.Base, last.Policy, last.Cols = before.Base, before.Policy, before.Cols
	case last.Policy == item.Unlocked:
		return last, false
	case f.Source.Type() == item.TypeRows:
		last.Base, _ = item.Rows(nil)
	default:
		last.Base = *f.Source
	}
	last.Reverted = true
	return last, true
}

package merge

import (
	"fmt"

	"plait/shared/item"
	"plait/shared/wire"
)

// planDelete removes an item that a Test listed by name. One that was the
// store's own before it was linked stays (rule 8); one that others refer to, or
// that the mapping cannot delete, is deactivated, and where that is impossible,
// unlinked.
func (p *Planner) planDelete(out ItemPlan, pi wire.PayloadItem, kind *kindPlan) (ItemPlan, error) {
	gone := func() ItemPlan { return out.end(Equal, NotFound, "it is not there any more") }
	m, ok := p.matchUID(pi)
	if !ok {
		return gone(), nil
	}
	local, ok, err := p.recv.Item(pi.Kind, m.key)
	if err != nil {
		return out, fmt.Errorf("cannot read %s %s: %w", pi.Kind, m.key, err)
	}
	if !ok {
		return gone(), nil
	}
	out.Local = local
	if local.Link != nil && local.Link.Adopted {
		return out.end(Unlink, WasAdopted, "it was the store's own before it was linked, so it stays, unlinked"), nil
	}
	by, err := p.recv.Referred(pi.Kind, m.key)
	if err != nil {
		return out, fmt.Errorf("cannot tell what refers to %s %s: %w", pi.Kind, m.key, err)
	}
	if by == "" && kind.mapped.CanDelete {
		out.Action = Delete
		return out, nil
	}
	return out.retire(kind, by), nil
}

// retire is what becomes of an item that cannot be deleted.
func (out ItemPlan) retire(kind *kindPlan, by string) ItemPlan {
	reason, why := Referred, by+" refers to it"
	if by == "" {
		reason, why = CannotDelete, "this store's mapping cannot delete "+kind.Name
	}
	active := out.Local.Fields.Get(kind.Active)
	switch {
	case !kind.writes(kind.Active) || active.IsAbsent():
		return out.end(Unlink, reason, "%s and it cannot be deactivated, so it stays, unlinked", why)
	case active.Equal(item.Bool(false)):
		return out.end(Equal, reason, "%s, so it stays, deactivated as it is", why)
	default:
		out.Write = item.Fields{{Name: kind.Active, Value: item.Bool(false)}}
		return out.end(Retire, reason, "%s, so it was deactivated instead of deleted", why)
	}
}

// writes reports whether the receiver's POS has the field and we may write it,
// whether or not the payload lists it.
func (k *kindPlan) writes(field string) bool {
	for _, f := range k.mapped.Fields {
		if f.Name == field {
			return !f.ReadOnly
		}
	}
	return false
}

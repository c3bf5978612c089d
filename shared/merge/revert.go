package merge

import (
	"fmt"

	"plait/shared/item"
	"plait/shared/wire"
)

// planRevert sets fields back to what they were before a sync, each only if it
// still holds what the sync wrote, whatever its policy (1-domain, "Revert"). What
// the link says of the source stays, so that a revert stands until the source
// changes. Values are in the receiver's own references.
func (p *Planner) planRevert(out ItemPlan, pi wire.PayloadItem, kind *kindPlan) (ItemPlan, error) {
	gone := func() ItemPlan {
		return out.end(Skip, NotFound, "it is not there any more, so there is nothing to set back")
	}
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
	out.Local, out.revert = local, true
	for _, f := range pi.Fields {
		if !kind.writes(f.Name) {
			p.unmapped[[2]string{pi.Kind, f.Name}]++
			continue
		}
		plan := revertField(local, kind.listed(f.Name), f.Value, pi.Written.Get(f.Name))
		out.Fields = append(out.Fields, plan)
		if plan.Write {
			out.Write = append(out.Write, item.Field{Name: f.Name, Value: plan.Result})
		}
	}
	out.Action = out.action(matched{found: true})
	return out, nil
}

func revertField(local item.Item, field *wire.PayloadField, before, written item.Value) FieldPlan {
	in := &fieldInput{field: field, branch: local.Fields.Get(field.Name), source: before}
	if last, ok := local.Link.Field(field.Name); ok {
		in.last = &last
	}
	out := in.plan()
	out.last, out.moves = in.last, in.last != nil
	switch {
	case in.branch.Equal(before):
		out.Reason = SameValue
	case in.branch.Equal(written):
		out.Reason, out.Write, out.Result = Reverted, true, before
	default:
		out.Reason, out.moves = ChangedSince, false
	}
	return out
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

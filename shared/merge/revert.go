package merge

import (
	"fmt"

	"plait/shared/item"
	"plait/shared/wire"
)

// planRevert sets fields back to what they were before a sync, each only if it
// still holds what the sync wrote, whatever its policy (1-domain, "Revert"). The
// digest of what the source sent last stays, so that a revert stands until the
// source changes.
func (p *Planner) planRevert(out ItemPlan, pi wire.PayloadItem) (ItemPlan, error) {
	m, ok := p.matchUID(pi)
	if !ok {
		return out.end(Skip, NotFound, "it is not there any more, so there is nothing to set back"), nil
	}
	local, ok, err := p.recv.Item(pi.Kind, m.key)
	if err != nil {
		return out, fmt.Errorf("cannot read %s %s: %w", pi.Kind, m.key, err)
	}
	if !ok {
		return out.end(Skip, NotFound, "it is not there any more, so there is nothing to set back"), nil
	}
	out.Local = local
	for _, f := range pi.Fields {
		plan := revertField(local, p.field(pi.Kind, f.Name), f.Value, pi.Written.Get(f.Name))
		out.Fields = append(out.Fields, plan)
		if plan.Write {
			out.Write = out.Write.With(f.Name, plan.Result)
		}
	}
	out.Action = out.action(matched{found: true})
	return out, nil
}

func revertField(local item.Item, field wire.PayloadField, before, written item.Value) FieldPlan {
	in := fieldInput{field: field, branch: local.Fields.Get(field.Name), source: before}
	in.last, in.synced = local.Link.Field(field.Name)
	out := in.plan()
	out.sent, out.moves = in.last.Sent, in.synced
	switch {
	case in.branch.Equal(before):
		out.Reason = SameValue
	case in.branch.Equal(written):
		out.Reason, out.Write, out.Result = Reverted, true, before
	default:
		out.Reason, out.moves = KeptBranch, false
	}
	return out
}

// field is what the payload says of a field; a revert may bring one of which it
// says nothing.
func (p *Planner) field(kind, name string) wire.PayloadField {
	for _, f := range p.kinds[kind].Fields {
		if f.Name == name {
			return f
		}
	}
	return wire.PayloadField{Name: name, Title: name, Policy: item.Unlocked}
}

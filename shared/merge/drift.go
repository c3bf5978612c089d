package merge

import (
	"fmt"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// FieldDrift is a locked field of a linked item that the branch changed.
type FieldDrift struct {
	Name     string
	Base     item.Value // what the last sync left there
	Value    item.Value // what stands there
	Restored item.Value // what undoing the drift writes: of rows, the branch's own parts stay
}

// Drift lists the fields of a linked item that differ from their base though they
// are locked, by the policy that the link carries (1-domain, "drift"). A field
// that a revert set back is nobody's to lock until the source sends another
// value. fixed names a field that counts as locked whatever its policy: the
// category, where an item may not be moved; "" if there is none.
func Drift(it item.Item, fixed string) []FieldDrift {
	if it.Link == nil || it.Deleted {
		return nil
	}
	var out []FieldDrift
	for i := range it.Link.Fields {
		last := &it.Link.Fields[i]
		value := it.Fields.Get(last.Name)
		if last.Reverted || value.IsAbsent() || value.Equal(last.Base) {
			continue
		}
		if restored, drifted := undrift(last, value, last.Name == fixed); drifted {
			out = append(out, FieldDrift{Name: last.Name, Base: last.Base, Value: value, Restored: restored})
		}
	}
	return out
}

// undrift is the value with the base's in all that is locked.
func undrift(last *item.LinkField, value item.Value, fixed bool) (restored item.Value, drifted bool) {
	if value.Type() != item.TypeRows && last.Base.Type() != item.TypeRows {
		return last.Base, fixed || last.Policy == item.Locked
	}
	field := &wire.PayloadField{Name: last.Name, Policy: last.Policy}
	for _, c := range last.Cols {
		field.Columns = append(field.Columns, wire.PayloadColumn{Name: c.Name, Policy: c.Policy})
	}
	in := &fieldInput{field: field, last: last, branch: &value, source: &last.Base}
	plan := mergeRows(in, in.plan())
	return *plan.Result, plan.Write
}

// carries reports whether the payload says something of a field.
func (k *kindPlan) carries(name string) bool {
	return slices.ContainsFunc(k.fields, func(f fieldPlace) bool { return f.Name == name })
}

// planRepair sets the locked fields that drifted back to their base. It asks
// nobody: base and policy are the link's.
func (p *Planner) planRepair(out ItemPlan, pi wire.PayloadItem, kind *kindPlan) (ItemPlan, error) {
	nothing := func() ItemPlan { return out.end(Equal, NotFound, "there is nothing to repair any more") }
	key, ok := p.matchUndo(pi)
	if !ok {
		return nothing(), nil
	}
	local, ok, err := p.recv.Item(pi.Kind, key)
	if err != nil {
		return out, fmt.Errorf("cannot read %s %s: %w", pi.Kind, key, err)
	}
	if !ok {
		return nothing(), nil
	}
	out.Local, out.repair = local, true
	fixed := ""
	if kind.NoMove {
		fixed = kind.Match.Category
	}
	for _, d := range Drift(local, fixed) {
		if !kind.writes(d.Name) || !kind.carries(d.Name) {
			continue // nor is what is synced no more
		}
		in := &fieldInput{field: kind.listed(d.Name), branch: &d.Value, source: &d.Base}
		refs := &oldRefs{Planner: p}
		if refs.value(d.Restored); len(refs.missing) > 0 {
			out.Fields = append(out.Fields, in.left(ReferenceAbsent, refs.missing))
			continue
		}
		plan := in.plan()
		plan.Reason, plan.Write, plan.Result = OverwroteDrift, true, &d.Restored
		out.Fields = append(out.Fields, plan)
		out.Write = append(out.Write, item.Field{Name: d.Name, Value: d.Restored})
	}
	out.Action = out.action(matched{found: true})
	return out, nil
}

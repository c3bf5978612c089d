package merge

import (
	"fmt"
	"slices"
	"strings"

	"plait/shared/item"
	"plait/shared/wire"
)

// planPut plans an item that is to be created, linked or updated.
func (p *Planner) planPut(out ItemPlan, pi wire.PayloadItem, kind *kindPlan) (ItemPlan, error) {
	m := p.match(pi, kind.PayloadKind)
	switch {
	case p.payload.Options.OnlyLinked && (!m.found || m.adopt):
		out.Action, out.Reason = Skip, NotLinked
		return out, nil
	case m.refuse != "":
		return out.end(Park, m.refuse, "%s", m.why), nil
	case m.found && m.adopt && !m.decided && p.payload.Options.NoAdopt && !kind.Match.Singleton: // settings have nowhere else to go
		return out.end(Skip, NotAdopted, "the store has its own %s %s under the same name or code, and this sync links none; it was left alone", pi.Kind, quote(pi.Name)), nil
	case m.found && p.payload.Options.OnlyNew:
		return out.end(Skip, OnlyNewItems, "this sync only creates what is missing"), nil
	}
	out.Reason, out.Why, out.relink = m.warning, m.why, m.relink
	if m.found {
		local, ok, err := p.recv.Item(pi.Kind, m.key)
		if err != nil {
			return out, fmt.Errorf("cannot read %s %s: %w", pi.Kind, m.key, err)
		}
		if !ok {
			return out.end(Park, NotFound, "%s %s was there a moment ago and is gone; it will be tried again", pi.Kind, m.key), nil
		}
		out.Local = local
		if m.adopt {
			out.called = local.Fields.Get(kind.Match.Name).Str()
		}
	}
	return p.mergeItem(out, pi, kind, m), nil
}

// category is the receiver's key of the item's category. One that the receiver
// lacks is no item's category here, so nothing matches by name.
func (p *Planner) category(pi wire.PayloadItem, kind wire.PayloadKind) string {
	v := pi.Fields.Get(kind.Match.Category)
	if v.Type() != item.TypeUIDRef {
		return v.Str()
	}
	t := p.translateRef(&pi, &v)
	if len(t.missing) > 0 {
		return "\x00missing"
	}
	return t.value.Str()
}

func (p *Planner) mergeItem(out ItemPlan, pi wire.PayloadItem, kind *kindPlan, found matched) ItemPlan {
	m := itemMerge{
		Planner: p, pi: pi, kind: kind, found: found.found, reset: p.own.Reset[pi.UID], origin: out.origin,
		prices: p.newPricing(pi, kind, out.Local.Fields, found.found), fields: make([]FieldPlan, 0, len(pi.Fields)),
		sources: walk{pi.Fields}, branch: walk{out.Local.Fields}, link: walkLink(out.Local.Link),
	}
	for i := range kind.fields {
		m.field(&kind.fields[i])
	}
	out.Fields, out.Write = m.fields, m.write
	if len(m.missing) > 0 {
		return out.end(Park, MissingRef, "this store lacks %s; add it to the sync", strings.Join(m.missing, ", "))
	}
	if !m.found {
		if lacks := lacksRequired(out.Write, kind.mapped); lacks != "" {
			return out.end(Park, RequiredMissing, "this store's POS demands a value for %s, and neither the source nor the store's mapping has one; set a default in the mapping", lacks)
		}
	}
	out.Action = out.action(found)
	return out
}

// itemMerge goes through one item's fields.
type itemMerge struct {
	*Planner
	pi              wire.PayloadItem
	kind            *kindPlan
	found           bool
	reset           []string
	origin          item.Origin
	prices          *pricing // nil unless prices are copied
	sources, branch walk
	link            linkWalk

	fields  []FieldPlan
	write   item.Fields
	missing []string // references without which the item is parked
}

func (m *itemMerge) field(f *fieldPlace) {
	source := m.sources.to(f.Name)
	silent := source.IsAbsent() || f.Policy == item.Never
	if silent && m.prices == nil {
		return
	}
	in := fieldInput{
		field: f.PayloadField, create: !m.found, branch: m.branch.to(f.Name), source: source,
		origin: m.origin, reset: len(m.reset) > 0 && slices.Contains(m.reset, f.Name), last: m.link.to(f.Name),
	}
	plan, done := m.apart(&in, f)
	if !done {
		if silent {
			return
		}
		var lacks []string
		plan, lacks = m.planField(&in, &m.pi, f)
		m.missing = append(m.missing, lacks...)
	}
	m.fields = append(m.fields, plan)
	if plan.Write {
		if m.write == nil && !m.found {
			m.write = make(item.Fields, 0, len(m.kind.fields)) // of an item that is there, little changes
		}
		m.write = append(m.write, item.Field{Name: f.Name, Value: *plan.Result})
	}
}

// apart decides fields that are not merged by themselves: those that an option of
// the sync leaves alone, and those that price sync is about.
func (m *itemMerge) apart(in *fieldInput, f *fieldPlace) (plan FieldPlan, done bool) {
	switch {
	case f.Leave == wire.LeaveAll || (f.Leave == wire.LeaveFound && m.found):
		if in.source.IsAbsent() {
			return plan, false
		}
		if in.create && limits(*in.source) {
			return in.left(Unrestricted, nil), true
		}
		return in.left(LeftOut, nil), true
	case m.prices != nil:
		return m.prices.plan(in, f)
	}
	return plan, false
}

// limits reports whether a restriction is in force: one that is off, zero or
// empty restricts nothing.
func limits(v item.Value) bool {
	return !v.IsEmpty() && !v.Equal(item.Bool(false)) && (!v.IsNumber() || item.CompareNumbers(v, item.Integer(0)) != 0)
}

func (out *ItemPlan) action(m matched) Action {
	switch {
	case !m.found:
		return Create
	case m.adopt:
		return Adopt
	case len(out.Write) > 0:
		return Update
	}
	for i := range out.Fields {
		if out.Fields[i].stays() {
			return Keep
		}
	}
	return Equal
}

// planField decides one field. lacks names references without which the whole
// item is parked.
func (p *Planner) planField(in *fieldInput, pi *wire.PayloadItem, f *fieldPlace) (plan FieldPlan, lacks []string) {
	t := p.translate(pi, f, in.source)
	sent := in.source
	in.source = t.value
	switch {
	case !f.writable || t.unmapped:
		p.unmapped[[2]string{pi.Kind, f.Title}]++
		in.source = sent
		return in.left(FieldNotMapped, nil), nil
	case in.last != nil && in.last.From.Newer(in.origin):
		return in.left(NewerHere, nil), nil
	case len(t.missing) > 0:
		return in.left(MissingRef, t.missing), t.missing
	case t.value.IsAbsent():
		return in.left(ReferenceAbsent, t.without), nil
	}
	plan = mergeField(in)
	plan.Missing = t.without
	for i := range plan.costs {
		plan.costs[i].element = p.elementName(plan.costs[i].key)
	}
	return plan, nil
}

// left is a field that this job does not touch: its base does not move.
func (in *fieldInput) left(r Reason, missing []string) FieldPlan {
	out := in.plan()
	out.Reason, out.Missing, out.moves = r, missing, false
	return out
}

// lacksRequired names a field that the POS demands of a new row and nobody gives.
func lacksRequired(write item.Fields, mapped wire.ProfileKind) string {
	for _, f := range mapped.Fields {
		if !f.Required || f.Default || f.ReadOnly {
			continue
		}
		if v := write.Get(f.Name); v.IsAbsent() || v.IsNull() {
			return f.Name
		}
	}
	return ""
}

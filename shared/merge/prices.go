package merge

import (
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// LowestPrice returns the lowest active price of an item and what belongs to it,
// by the names of rule.Fields (S3: "the lowest active price offered for each
// mapped service is synced"). ok is false if it has no active price.
//
// The item's own price counts if it is a number; an element's, if it is one and
// the element is active. What an element leaves empty is the item's own: its
// provider takes another price for the same duration. Of equal prices the item's
// own comes first, then the elements' in the order of their keys.
func LowestPrice(rule wire.PayloadPrices, fields item.Fields) (lowest item.Fields, ok bool) {
	at := rule.Fields[0]
	best := fields.Get(at)
	if ok = best.IsNumber(); ok {
		lowest = pick(rule, fields, nil)
	}
	for _, r := range activePrices(rule, fields.Get(rule.Rows)) {
		if price := r.Cols.Get(at); !ok || item.CompareNumbers(price, best) < 0 {
			best, ok = price, true
			lowest = pick(rule, r.Cols, fields)
		}
	}
	return lowest, ok
}

// pick returns the values of the rule's fields; where one is empty, instead's.
func pick(rule wire.PayloadPrices, from, instead item.Fields) (out item.Fields) {
	for _, name := range rule.Fields {
		v := from.Get(name)
		if v.IsEmpty() && instead != nil {
			v = instead.Get(name)
		}
		out = out.With(name, v)
	}
	return out
}

// activePrices are the elements that have a price which counts: one whose active
// column is there and not true has none.
func activePrices(rule wire.PayloadPrices, v item.Value) (out []item.Row) {
	for _, r := range v.Rows() {
		active := r.Cols.Get(rule.Active)
		if r.Cols.Get(rule.Fields[0]).IsNumber() && (active.IsAbsent() || active.True()) {
			out = append(out, r)
		}
	}
	return out
}

// pricing is what price sync does to one item of a store: the source's lowest
// active price goes to all of its active prices.
type pricing struct {
	*Planner
	rule  *wire.PayloadPrices
	sent  item.Fields // the source's values; of each price the lowest
	none  bool        // the source has no active price
	kind  *kindPlan
	found bool
	rows  []item.Row // the store's elements that have an active price
	own   bool       // the item's own price is one of its active prices
}

// newPricing returns nil where the job copies no prices of the kind. A new item
// has one price, its own; so has one that had none yet.
func (p *Planner) newPricing(pi wire.PayloadItem, kind *kindPlan, local item.Fields, found bool) *pricing {
	if kind.Prices == nil {
		return nil
	}
	out := &pricing{Planner: p, rule: kind.Prices, sent: pi.Fields, none: pi.NoPrice, kind: kind, found: found}
	out.rows = activePrices(*out.rule, local.Get(out.rule.Rows))
	out.own = len(out.rows) == 0 || local.Get(out.rule.Fields[0]).IsNumber()
	return out
}

// plan decides a field that price sync is about; done is false for any other, and
// for one that is merged like any locked field.
func (p *pricing) plan(in *fieldInput, f *fieldPlace) (plan FieldPlan, done bool) {
	copied, reason := slices.Contains(p.rule.Fields, f.Name), WithPrice
	switch {
	case copied && p.none:
		if f.Name == p.rule.Fields[0] {
			reason = NoSourcePrice
		}
		return in.left(reason, nil), true
	case copied && !p.own && f.writable && !in.source.IsAbsent():
		if f.Name == p.rule.Fields[0] {
			reason = NoPriceHere
		}
		return in.left(reason, nil), true
	case f.Name == p.rule.Rows && p.found && !p.none:
		return p.planRows(in, f)
	}
	return plan, false
}

// planRows copies the price into the store's elements. Which elements there are
// is the store's own affair, and so is every column that is not copied: the base
// holds what was copied and nothing else, and nothing else is locked.
func (p *pricing) planRows(in *fieldInput, f *fieldPlace) (plan FieldPlan, done bool) {
	before := in.last != nil && in.last.Policy == item.Never
	switch {
	case len(p.rows) == 0 && !before:
		return plan, false
	case !f.writable:
		p.unmapped[[2]string{p.kind.Name, f.Title}]++
		return in.left(FieldNotMapped, nil), true
	case in.last != nil && in.last.From.Newer(in.origin):
		return in.left(NewerHere, nil), true
	}
	in.source, in.reset = p.copies(f), false // to reset the elements would take the store's own away
	plan = mergeField(in)
	plan.costs = p.costs(in, *plan.Result)
	if len(plan.costs) > 0 {
		plan.Reason = OverwroteOwn
		if !slices.ContainsFunc(plan.costs, func(c cost) bool { return c.reason == OverwroteOwn }) {
			plan.Reason = OverwroteDrift
		}
	}
	return plan, true
}

// copies are the store's elements that have an active price, with the source's.
func (p *pricing) copies(f *fieldPlace) *item.Value {
	rows := make([]item.Row, 0, len(p.rows))
	for _, r := range p.rows {
		var cols item.Fields
		for _, name := range p.rule.Fields {
			if v := p.sent.Get(name); slices.Contains(f.columns, name) && columnPolicy(f.PayloadField, name) == item.Locked {
				cols = cols.With(name, v)
			}
		}
		rows = append(rows, item.Row{Key: r.Key, Cols: cols})
	}
	out, _ := item.Rows(rows) // keys come from a rows value: no twins
	return &out
}

// cost is one value of the store's own that a copied price took the place of, or
// that went with its element.
type cost struct {
	key            item.Value // of the element
	element, field string     // for people
	was, is        item.Value
	reason         Reason
}

// costs compares the elements before and after. What we wrote ourselves before
// is no loss.
func (p *pricing) costs(in *fieldInput, result item.Value) (out []cost) {
	was, base := rowsOf(*in.branch), rowsOf(*in.base())
	for _, r := range result.Rows() {
		k := rowKey(r.Key)
		for _, c := range r.Cols {
			before, ours := was.cols[k].Get(c.Name), base.cols[k].Get(c.Name)
			if before.Equal(c.Value) || before.Equal(ours) || before.IsEmpty() {
				continue
			}
			reason := OverwroteOwn
			if in.last != nil && in.last.Policy == item.Never && !ours.IsAbsent() {
				reason = OverwroteDrift
			}
			out = append(out, cost{r.Key, p.elementName(r.Key), p.kind.listed(c.Name).Title, before, c.Value, reason})
		}
	}
	return out
}

// elementName is what people call an element: by the item that its key refers
// to, if the store has that.
func (p *Planner) elementName(key item.Value) string {
	if name := p.index.text(key); name != "" {
		return name
	}
	return key.Display()
}

package storesync

import (
	"cmp"
	"slices"

	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// concerned returns the catalogue's kinds that a selection concerns: those
// selected, and those that they refer to. Of the latter a job carries no items,
// but matching needs their names. With follow, what these refer to in their turn
// is concerned too. Kinds that only go up are left out: no job refers to them.
func concerned(c *catalog.Catalog, selected []Selection, p policies, follow bool) (kinds []catalog.Kind, err error) {
	seen := map[string]bool{}
	var queue []catalog.Kind
	add := func(name string) {
		k, ok := c.Kind(name)
		if ok && k.Direction != catalog.UploadOnly && !seen[name] {
			seen[name] = true
			queue = append(queue, k)
		}
	}
	for _, s := range selected {
		k, ok := c.Kind(s.Kind)
		switch {
		case !ok:
			return nil, refuse("the network's catalogue has no kind %.40q", s.Kind)
		case k.Direction == catalog.UploadOnly:
			return nil, refuse("%s only goes up from the stores; it is not synced", s.Kind)
		}
		add(s.Kind)
	}
	direct := len(queue)
	for i := 0; i < len(queue); i++ {
		if i < direct || follow {
			p.refs(queue[i], func(ref string, _ bool) { add(ref) })
		}
	}
	slices.SortFunc(queue, func(a, b catalog.Kind) int { return cmp.Compare(a.Name, b.Name) })
	return queue, nil
}

// oneReceiver refuses to spread what is transferred (S1: an employee goes "from
// one location to another").
func oneReceiver(c *catalog.Catalog, selected []Selection, receivers int) error {
	for _, s := range selected {
		if k, _ := c.Kind(s.Kind); k.OneReceiver && receivers > 1 {
			return refuse("%s are transferred to one store at a time, and this sync has %d receivers: choose one", k.Title, receivers)
		}
	}
	return nil
}

// payloadKind is a kind as a payload carries it: policies resolved, never
// fields left out. Never columns stay: the branch must know that they are its own.
func (p policies) payloadKind(k catalog.Kind) wire.PayloadKind {
	out := wire.PayloadKind{
		Name: k.Name, Active: k.Active, NoDelete: k.Forbids("delete"), NoMove: k.Forbids("move"),
		Match: wire.PayloadMatch{Singleton: k.Match.Singleton, Code: k.Match.Code, Name: k.Match.Name, Category: k.Match.Category},
	}
	for _, f := range k.Fields {
		if policy := p.of(f); policy != item.Never && f.OtherEnd == "" {
			field := wire.PayloadField{
				Name: f.Name, Title: cmp.Or(f.Title, f.Name), Policy: policy, LockedBy: p.lockedBy(f), Leave: p.leave(k, f), ByName: f.ByName,
			}
			for _, c := range f.Columns {
				field.Columns = append(field.Columns, wire.PayloadColumn{Name: c.Name, Policy: p.of(c)})
			}
			slices.SortFunc(field.Columns, func(a, b wire.PayloadColumn) int { return cmp.Compare(a.Name, b.Name) })
			out.Fields = append(out.Fields, field)
		}
	}
	slices.SortFunc(out.Fields, func(a, b wire.PayloadField) int { return cmp.Compare(a.Name, b.Name) })
	p.copyPrices(&out, k)
	return out
}

// columnPolicy is the policy of a column as the merge reads it: one that is not
// listed follows its field.
func columnPolicy(f wire.PayloadField, name string) item.Policy {
	for _, c := range f.Columns {
		if c.Name == name {
			return c.Policy
		}
	}
	if f.Policy == item.Additive {
		return item.Locked
	}
	return f.Policy
}

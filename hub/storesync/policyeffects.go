package storesync

import (
	"context"
	"slices"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// PolicyAt is what other policies do at a store.
type PolicyAt struct {
	Store   StoreName     `json:"store"`
	Blocked string        `json:"blocked,omitempty"` // why nothing is done there now
	Linked  int           `json:"linked"`            // items that it touches
	Fields  []FieldEffect `json:"fields"`
}

// FieldEffect is what becomes of one field of a store's linked items.
type FieldEffect struct {
	Kind       string      `json:"kind"`
	Field      string      `json:"field"`
	Locks      int         `json:"locks"` // items whose field becomes locked, or a column of it
	Frees      int         `json:"frees"`
	Overwrites int         `json:"overwrites"` // items whose field is written
	Items      []FieldItem `json:"items,omitempty"`
}

// FieldItem is a value that is overwritten; the first of each field are listed.
type FieldItem struct {
	Name   string `json:"name"`
	Key    string `json:"key"`
	Branch string `json:"branch"`
	Result string `json:"result"`
}

// Sums of a store's effects.
func (p PolicyAt) Sums() (locks, frees, overwrites int) {
	for _, f := range p.Fields {
		locks, frees, overwrites = locks+f.Locks, frees+f.Frees, overwrites+f.Overwrites
	}
	return locks, frees, overwrites
}

// Held are the names of the stores, in order, at which something becomes locked or is
// overwritten by the change; of what is freed, the next sync would overwrite the same
// without it.
func (t PolicyTest) Held() (names []string) {
	holds := func(f FieldEffect) bool { return f.Locks > 0 || (f.Overwrites > 0 && f.Frees == 0) }
	for _, p := range t.Tests {
		for _, at := range p.Stores {
			if slices.ContainsFunc(at.Fields, holds) {
				names = append(names, at.Store.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// effects goes through a Test's items once more, store by store.
func (s *Service) effects(ctx context.Context, p Plan) (out []PolicyAt, err error) {
	for _, at := range p.Stores {
		effect := PolicyAt{Store: at.StoreName, Blocked: at.Blocked, Fields: []FieldEffect{}}
		err := s.eachTested(ctx, p, at, false, func(job tests, plan merge.ItemPlan) {
			if plan.Local.Link == nil || plan.Action == merge.Skip {
				return
			}
			effect.Linked++
			for _, f := range plan.Fields {
				effect.add(job.payload, plan, f)
			}
		})
		if err != nil {
			return nil, err
		}
		out = append(out, effect)
	}
	return out, nil
}

func (p *PolicyAt) add(payload *wire.Payload, plan merge.ItemPlan, f merge.FieldPlan) {
	i := slices.IndexFunc(p.Fields, func(e FieldEffect) bool { return e.Kind == plan.Kind && e.Field == f.Name })
	if i < 0 {
		i = len(p.Fields)
		p.Fields = append(p.Fields, FieldEffect{Kind: plan.Kind, Field: f.Name})
	}
	e := &p.Fields[i]
	was, is := lockedBefore(plan.Local.Link, f.Name), lockedAfter(payload, plan.Kind, f.Name)
	if adds(is, was) {
		e.Locks++
	}
	if adds(was, is) {
		e.Frees++
	}
	if !f.Write {
		return
	}
	e.Overwrites++
	if len(e.Items) < maxGroup {
		e.Items = append(e.Items, FieldItem{plan.Name, plan.Local.Key, f.Branch.Display(), f.Result.Display()})
	}
}

// lockedBefore are the parts of a field that a link has as locked: "" is the
// field itself, the others are columns.
func lockedBefore(l *item.Link, field string) (parts []string) {
	for _, f := range l.Fields {
		if f.Name != field {
			continue
		}
		if f.Policy == item.Locked {
			parts = append(parts, "")
		}
		for _, c := range f.Cols {
			if c.Policy == item.Locked {
				parts = append(parts, c.Name)
			}
		}
	}
	return parts
}

// lockedAfter are those that the job locks. A column that goes with its field is
// no part of its own.
func lockedAfter(payload *wire.Payload, kind, field string) (parts []string) {
	for _, k := range payload.Kinds {
		for _, f := range k.Fields {
			if k.Name != kind || f.Name != field {
				continue
			}
			if f.Policy == item.Locked {
				parts = append(parts, "")
			}
			for _, c := range f.Columns {
				if c.Policy == item.Locked && f.Policy != item.Locked {
					parts = append(parts, c.Name)
				}
			}
		}
	}
	return parts
}

// adds reports whether a has a part that b lacks.
func adds(a, b []string) bool {
	return slices.ContainsFunc(a, func(part string) bool { return !slices.Contains(b, part) })
}

package merge

import (
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// translated is a payload value as the receiver's POS can hold it: with the
// receiver's references, and without the columns that it does not have.
type translated struct {
	value    *item.Value // absent if nothing of it can be held
	missing  []string    // what the receiver lacks, by name, without which the item is parked
	without  []string    // what the receiver lacks, by name, and the item arrives without
	unmapped bool        // it refers to a kind that the receiver has not mapped, or only uploads
}

// translate turns uids into the receiver's keys. A reference that the receiver
// lacks parks the item if its field or column is locked, else it is left out.
func (p *Planner) translate(pi *wire.PayloadItem, f *fieldPlace, v *item.Value) translated {
	switch v.Type() {
	case item.TypeUIDRef:
		t := p.translateRef(pi, v)
		if len(t.missing) > 0 && f.ByName {
			t = p.refByName(pi, v, t)
		}
		if f.Policy != item.Locked {
			t.missing, t.without = nil, t.missing
		}
		return t
	case item.TypeRows:
		return p.translateRows(pi, f, v)
	default:
		return translated{value: v}
	}
}

func (p *Planner) translateRef(pi *wire.PayloadItem, v *item.Value) translated {
	if !p.syncs(v.RefKind()) {
		return translated{value: &none, unmapped: true}
	}
	if key, ok := p.index.KeyOf(v.RefKind(), v.Str()); ok {
		ref := item.Ref(v.RefKind(), key)
		return translated{value: &ref}
	}
	name := pi.RefNames[v.Str()]
	if name == "" {
		name = v.Str()
	}
	return translated{value: &none, missing: []string{v.RefKind() + " " + quote(name)}}
}

// refByName refers to the receiver's own item of that name, if it alone has it
// and is linked to no other; otherwise it stays missing.
func (p *Planner) refByName(pi *wire.PayloadItem, v *item.Value, missing translated) translated {
	folded := item.NormalName(pi.RefNames[v.Str()])
	free := p.index.named(v.RefKind(), folded, func(e *entry) bool { return !e.linked })
	if folded == "" || len(free) != 1 {
		return missing
	}
	ref := item.Ref(v.RefKind(), free[0].ID.Key)
	return translated{value: &ref}
}

// rowsIn is one rows value on its way into the receiver's references.
type rowsIn struct {
	p    *Planner
	pi   *wire.PayloadItem
	f    *fieldPlace
	out  translated
	soft bool // a missing element is left out, not a reason to park the item
}

func (p *Planner) translateRows(pi *wire.PayloadItem, f *fieldPlace, v *item.Value) translated {
	in := rowsIn{p: p, pi: pi, f: f, soft: f.Policy == item.Unlocked || p.payload.Options.WithoutMissingParts}
	rows := make([]item.Row, 0, len(v.Rows()))
	for _, r := range v.Rows() {
		row, ok := in.row(r)
		if in.out.unmapped {
			return translated{value: &none, unmapped: true}
		}
		if ok {
			rows = append(rows, row)
		}
	}
	value, err := item.Rows(rows)
	if err != nil { // two uids that mean one item here
		value, _ = item.Rows(dropTwins(rows))
	}
	in.out.value = &value
	return in.out
}

// row translates one element; ok is false if it is left out.
func (in *rowsIn) row(r item.Row) (out item.Row, ok bool) {
	out.Key = r.Key
	if r.Key.Type() == item.TypeUIDRef {
		t := in.p.translateRef(in.pi, &r.Key)
		if in.lacks(t.missing, in.soft) || t.unmapped {
			in.out.unmapped = t.unmapped
			return out, false
		}
		out.Key = *t.value
	}
	out.Cols = make(item.Fields, 0, len(r.Cols))
	ok = true
	for _, c := range r.Cols {
		v, keep := in.column(c)
		ok = ok && keep
		if !v.IsAbsent() {
			out.Cols = append(out.Cols, item.Field{Name: c.Name, Value: v})
		}
	}
	return out, ok
}

// column translates one column; an absent value leaves it out, and keep is false
// if the whole element must be.
func (in *rowsIn) column(c item.Field) (v item.Value, keep bool) {
	policy := columnPolicy(in.f.PayloadField, c.Name)
	if policy == item.Never {
		return v, true
	}
	t := translated{value: &c.Value}
	if c.Value.Type() == item.TypeUIDRef {
		t = in.p.translateRef(in.pi, &c.Value)
	}
	if t.unmapped || !slices.Contains(in.f.columns, c.Name) {
		in.p.unmapped[[2]string{in.pi.Kind, in.f.Title + " · " + c.Name}]++
		return item.Value{}, true
	}
	if locked := policy == item.Locked || policy == item.Additive; in.lacks(t.missing, in.soft || !locked) {
		return item.Value{}, !locked
	}
	return *t.value, true
}

// lacks notes what is missing, and reports whether anything is.
func (in *rowsIn) lacks(missing []string, soft bool) bool {
	if soft {
		in.out.without = append(in.out.without, missing...)
	} else {
		in.out.missing = append(in.out.missing, missing...)
	}
	return len(missing) > 0
}

func dropTwins(rows []item.Row) []item.Row {
	var out []item.Row
	for _, r := range rows {
		if !slices.ContainsFunc(out, func(o item.Row) bool { return o.Key.Equal(r.Key) }) {
			out = append(out, r)
		}
	}
	return out
}

// syncs reports whether the receiver maps the kind for syncing.
func (p *Planner) syncs(kind string) bool {
	k, ok := p.mapped[kind]
	return ok && !k.UploadOnly
}

func quote(s string) string { return "“" + s + "”" }

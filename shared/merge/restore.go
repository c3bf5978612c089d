package merge

import (
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// planRestore brings back an item that a job deleted, with the values and the
// link that it had, if possible under its old key.
func (p *Planner) planRestore(out ItemPlan, pi wire.PayloadItem, kind *kindPlan, key string, found bool) ItemPlan {
	if found {
		return out.end(Skip, ThereAlready, "it is there again already (%s)", key)
	}
	out.Restore = item.ID{Kind: pi.Kind, Key: pi.Undo.Key, Gen: pi.Undo.Gen}
	_, taken := p.index.Gen(pi.Kind, pi.Undo.Key)
	if taken && pi.Undo.SameKey {
		return out.end(Skip, ThereAlready, "its key belongs to another item now")
	}
	var lacks []string
	refs := &oldRefs{Planner: p}
	if !taken {
		refs.self = [2]string{pi.Kind, pi.Undo.Key}
	}
	for _, f := range pi.Fields {
		if !kind.writes(f.Name) {
			continue
		}
		refs.missing = nil
		v := refs.value(f.Value)
		in := &fieldInput{field: kind.listed(f.Name), create: true, branch: &none, source: &v}
		plan, write := in.plan(), v
		if plan.Reason, plan.Missing = Created, refs.missing; len(refs.missing) > 0 {
			plan.Reason, write = ReferenceAbsent, item.Null()
			lacks = append(lacks, f.Name)
		}
		out.Fields = append(out.Fields, plan)
		out.Write = append(out.Write, item.Field{Name: f.Name, Value: write})
	}
	out.SameKey = pi.Undo.SameKey || refs.itself
	for _, f := range kind.mapped.Fields {
		if f.Required && !f.Default && slices.Contains(lacks, f.Name) {
			return out.end(Park, RequiredMissing, "it cannot come back: this store's POS demands a value for %s, and what it referred to is gone", f.Name)
		}
	}
	out.undo = pi.Undo
	return out.end(Create, Restored, "it comes back as it was")
}

// findGraves notes what the job brings back: what referred to it by its old key
// must find it under the new one.
func (p *Planner) findGraves() {
	for _, pi := range p.own.Items {
		if pi.Undo != nil && pi.Undo.Did == wire.DidDelete {
			if p.graves == nil {
				p.graves, p.moved = map[[2]string]string{}, map[[2]string]string{}
			}
			p.graves[[2]string{pi.Kind, pi.Undo.Key}] = pi.UID
		}
	}
}

// oldRefs turns references from before a job into those of now.
type oldRefs struct {
	*Planner
	self    [2]string // kind and key of the item that comes back under its own key
	itself  bool      // it refers to itself
	missing []string  // what is not there any more; the value is then of no use
}

func (o *oldRefs) value(v item.Value) item.Value {
	switch v.Type() {
	case item.TypeRef:
		return o.ref(v)
	case item.TypeRows:
		return o.rows(v)
	}
	return v
}

func (o *oldRefs) rows(v item.Value) item.Value {
	rows := make([]item.Row, 0, len(v.Rows()))
	for _, r := range v.Rows() {
		row := item.Row{Key: o.value(r.Key), Cols: make(item.Fields, 0, len(r.Cols))}
		for _, c := range r.Cols {
			row.Cols = append(row.Cols, item.Field{Name: c.Name, Value: o.value(c.Value)})
		}
		rows = append(rows, row)
	}
	if out, err := item.Rows(rows); err == nil {
		return out
	}
	return v // two keys that mean one item now: cannot be, each came back under its own
}

// ref: of a kind that the payload does not list nothing is known, and the store
// keeps its own keys.
func (o *oldRefs) ref(v item.Value) item.Value {
	at := [2]string{v.RefKind(), v.Str()}
	switch {
	case o.kinds[v.RefKind()] == nil || !o.syncs(v.RefKind()):
		return v
	case at == o.self:
		o.itself = true
		return v
	}
	key := v.Str()
	if uid, dead := o.graves[at]; dead {
		if key = o.moved[[2]string{v.RefKind(), uid}]; key == "" {
			key, _ = o.index.KeyOf(v.RefKind(), uid)
		}
	}
	if _, ok := o.index.Gen(v.RefKind(), key); !ok {
		o.missing = append(o.missing, v.RefKind()+" "+v.Str())
		return v
	}
	return item.Ref(v.RefKind(), key)
}

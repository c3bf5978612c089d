package merge

import (
	"plait/shared/item"
	"plait/shared/wire"
)

// planRestore brings back an item that a job deleted, with the values and the
// link that it had, if possible under its old key.
func (p *Planner) planRestore(out ItemPlan, pi wire.PayloadItem, kind *kindPlan, key string, found bool) ItemPlan {
	if found {
		return out.end(Skip, ThereAlready, "it is there again already (%s)", key)
	}
	out.Restore, out.SameKey = item.ID{Kind: pi.Kind, Key: pi.Undo.Key, Gen: pi.Undo.Gen}, pi.Undo.SameKey
	if _, taken := p.index.Gen(pi.Kind, pi.Undo.Key); taken && out.SameKey {
		return out.end(Skip, ThereAlready, "its key belongs to another item now")
	}
	for _, f := range pi.Fields {
		if !kind.writes(f.Name) {
			continue
		}
		v, missing := p.oldRefs(f.Value)
		in := &fieldInput{field: kind.listed(f.Name), create: true, source: v}
		plan := in.plan()
		if plan.Reason, plan.Missing = Created, missing; len(missing) > 0 {
			plan.Reason, v = ReferenceAbsent, item.Null()
		}
		out.Fields = append(out.Fields, plan)
		out.Write = append(out.Write, item.Field{Name: f.Name, Value: v})
	}
	if lacks := lacksRequired(out.Write, kind.mapped); lacks != "" {
		return out.end(Park, RequiredMissing, "it cannot come back: this store's POS demands a value for %s", lacks)
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

// oldRefs turns references from before a job into those of now. missing names
// what is not there any more; the value is then of no use.
func (p *Planner) oldRefs(v item.Value) (now item.Value, missing []string) {
	switch v.Type() {
	case item.TypeRef:
		return p.oldRef(v)
	case item.TypeRows:
		rows := make([]item.Row, 0, len(v.Rows()))
		for _, r := range v.Rows() {
			row := item.Row{Key: r.Key, Cols: make(item.Fields, 0, len(r.Cols))}
			for _, c := range append(item.Fields{{Value: r.Key}}, r.Cols...) {
				value, lacks := p.oldRefs(c.Value)
				missing = append(missing, lacks...)
				if c.Name == "" {
					row.Key = value
				} else {
					row.Cols = append(row.Cols, item.Field{Name: c.Name, Value: value})
				}
			}
			rows = append(rows, row)
		}
		if out, err := item.Rows(rows); err == nil {
			return out, missing
		}
	}
	return v, missing
}

// oldRef: of a kind that the payload does not list nothing is known, and the
// store keeps its own keys.
func (p *Planner) oldRef(v item.Value) (now item.Value, missing []string) {
	if p.kinds[v.RefKind()] == nil || !p.syncs(v.RefKind()) {
		return v, nil
	}
	key := v.Str()
	if uid, dead := p.graves[[2]string{v.RefKind(), key}]; dead {
		if key = p.moved[[2]string{v.RefKind(), uid}]; key == "" {
			key, _ = p.index.KeyOf(v.RefKind(), uid)
		}
	}
	if _, ok := p.index.Gen(v.RefKind(), key); !ok {
		return v, []string{v.RefKind() + " " + v.Str()}
	}
	return item.Ref(v.RefKind(), key), nil
}

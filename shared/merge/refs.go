package merge

import (
	"plait/shared/item"
	"plait/shared/wire"
)

// translated is a payload value with the receiver's references.
type translated struct {
	value    item.Value
	missing  []string // names of what the receiver lacks
	unmapped bool     // it refers to a kind that the receiver has not mapped, or only uploads
}

// translate turns uids into the receiver's keys. Elements of rows whose key the
// receiver lacks are left out of value and named in missing.
func (p *Planner) translate(pi wire.PayloadItem, v item.Value) translated {
	switch v.Type() {
	case item.TypeUIDRef:
		return p.translateRef(pi, v)
	case item.TypeRows:
		return p.translateRows(pi, v)
	default:
		return translated{value: v}
	}
}

func (p *Planner) translateRef(pi wire.PayloadItem, v item.Value) translated {
	if !p.syncs(v.RefKind()) {
		return translated{unmapped: true}
	}
	if key, ok := p.index.KeyOf(v.RefKind(), v.Str()); ok {
		return translated{value: item.Ref(v.RefKind(), key)}
	}
	name := pi.RefNames[v.Str()]
	if name == "" {
		name = v.Str()
	}
	return translated{missing: []string{v.RefKind() + " " + quote(name)}}
}

func (p *Planner) translateRows(pi wire.PayloadItem, v item.Value) translated {
	var out translated
	var rows []item.Row
	for _, r := range v.Rows() {
		key := p.translate(pi, r.Key)
		if key.unmapped {
			return translated{unmapped: true}
		}
		cols, missing := p.translateCols(pi, r.Cols)
		out.missing = append(append(out.missing, key.missing...), missing...)
		if len(key.missing) == 0 {
			rows = append(rows, item.Row{Key: key.value, Cols: cols})
		}
	}
	value, err := item.Rows(rows)
	if err != nil { // two uids that mean one item here
		rows = dropTwins(rows)
		value, _ = item.Rows(rows)
	}
	out.value = value
	return out
}

func (p *Planner) translateCols(pi wire.PayloadItem, cols item.Fields) (out item.Fields, missing []string) {
	for _, c := range cols {
		t := p.translate(pi, c.Value)
		missing = append(missing, t.missing...)
		if !t.unmapped && len(t.missing) == 0 {
			out = out.With(c.Name, t.value)
		}
	}
	return out, missing
}

func dropTwins(rows []item.Row) []item.Row {
	var out []item.Row
	for _, r := range rows {
		twin := false
		for _, o := range out {
			twin = twin || o.Key.Equal(r.Key)
		}
		if !twin {
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

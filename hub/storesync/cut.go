package storesync

import (
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// cutting turns chosen items of the source into the common payload of a sync.
// The same copy, selection, options, policies and switches give the same bytes.
type cutting struct {
	src     *source
	order   []string // of the kinds concerned
	chosen  chosen
	options wire.Options
	epoch   string // hub epoch

	payload wire.Payload
	circles map[string][]string // kind → names of items that refer to each other in a circle
	needs   map[need]bool       // what items could not arrive without and the payload does not bring
}

// need is an item that another one refers to.
type need struct{ kind, uid string }

// cut builds the payload.
func (c *cutting) cut() {
	c.payload = wire.Payload{Source: c.src.store, HubEpoch: c.epoch, Options: c.options}
	c.circles, c.needs = map[string][]string{}, map[need]bool{}
	for _, name := range c.order {
		if k := c.src.kinds[name]; c.wants(k) {
			c.payload.Kinds = append(c.payload.Kinds, c.kindOf(k))
		}
	}
	for _, k := range c.payload.Kinds {
		c.items(c.src.kinds[k.Name])
	}
	for _, it := range c.payload.Items {
		delete(c.needs, need{it.Kind, it.UID})
	}
}

// wants: the payload lists the kinds of its items, and those that they refer to.
func (c *cutting) wants(k *sourceKind) bool {
	if c.chosen[k.Name] != nil {
		return true
	}
	for kind := range c.chosen {
		if slices.Contains(c.src.kinds[kind].refs, k.Name) {
			return true
		}
	}
	return false
}

// kindOf: of a kind that is only referred to, no field may travel.
func (c *cutting) kindOf(k *sourceKind) wire.PayloadKind {
	out := k.PayloadKind
	if c.chosen[k.Name] == nil {
		out.Fields, out.Prices = nil, nil
	}
	return out
}

func (c *cutting) items(k *sourceKind) {
	var rows []*row
	for _, r := range k.rows {
		if c.chosen[k.Name][r.Key] {
			rows = append(rows, r)
		}
	}
	rows, circles := itemOrder(rows)
	for _, r := range circles {
		c.circles[k.Name] = append(c.circles[k.Name], c.src.called(k, r))
	}
	before := c.src.predecessors(k)
	for _, r := range rows {
		c.payload.Items = append(c.payload.Items, c.item(k, r, before[r.uid]))
	}
}

func (c *cutting) item(k *sourceKind, r *row, predecessors []string) wire.PayloadItem {
	t := c.src.twins(k, r)
	out := wire.PayloadItem{
		Op: wire.OpPut, Kind: k.Name, UID: r.uid, SyncRev: r.syncRev, Name: k.name(r),
		Aliases: union(c.src.aliases.others(k.Name, r.uid), predecessors),
		Code:    c.src.code(k, r), CodeTwins: t.code, NameTwins: t.name,
	}
	if k.Match.Name == "" {
		out.Name = c.src.called(k, r)
	}
	tr := translation{cutting: c, from: r, names: map[string]string{}}
	values := r.Fields
	if k.Prices != nil {
		values, out.NoPrice = priced(*k.Prices, values)
	}
	out.Fields = make(item.Fields, 0, len(values))
	for _, f := range values {
		if field, ok := k.field(f.Name); ok {
			out.Fields = append(out.Fields, item.Field{Name: f.Name, Value: tr.value(field, f.Value)})
		}
	}
	if len(tr.names) > 0 {
		out.RefNames = tr.names
	}
	return out
}

func union(a, b []string) []string {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// translation turns the references of one item into uids.
type translation struct {
	*cutting
	from  *row
	names map[string]string
}

func (t *translation) value(f wire.PayloadField, v item.Value) item.Value {
	switch v.Type() {
	case item.TypeRef:
		return t.ref(v, f.Policy == item.Locked && !f.ByName && f.Leave != wire.LeaveAll)
	case item.TypeRows:
		return t.rows(f, v)
	default:
		return v
	}
}

// ref notes, as it translates, what the receiver must have: hard says that the
// item does not arrive without it.
func (t *translation) ref(v item.Value, hard bool) item.Value {
	uid, name := t.src.of(v)
	t.names[uid] = name
	own := v.RefKind() == t.from.Kind && uid == t.from.uid
	if hard && !own {
		t.needs[need{v.RefKind(), uid}] = true
	}
	return item.UIDRef(v.RefKind(), uid)
}

func (t *translation) rows(f wire.PayloadField, v item.Value) item.Value {
	hard := f.Policy != item.Unlocked && !t.options.WithoutMissingParts && f.Leave != wire.LeaveAll
	out := make([]item.Row, 0, len(v.Rows()))
	seen := map[string]bool{}
	for _, r := range v.Rows() {
		if r.Key.Type() == item.TypeRef {
			r.Key = t.ref(r.Key, hard)
			// Two keys of the source that an operator marked as the same item are one
			// element; the first stands.
			if seen[r.Key.Str()] {
				continue
			}
			seen[r.Key.Str()] = true
		}
		r.Cols = t.columns(f, r.Cols, hard)
		out = append(out, r)
	}
	rows, err := item.Rows(out)
	if err != nil { // cannot be: keys were told apart above, or by the source
		return v
	}
	return rows
}

func (t *translation) columns(f wire.PayloadField, cols item.Fields, hard bool) item.Fields {
	out := make(item.Fields, 0, len(cols))
	for _, c := range cols {
		policy := columnPolicy(f, c.Name)
		if policy == item.Never {
			continue
		}
		v := c.Value
		if v.Type() == item.TypeRef {
			v = t.ref(v, hard && policy != item.Unlocked)
		}
		out = append(out, item.Field{Name: c.Name, Value: v})
	}
	return out
}

package merge_test

import (
	"slices"
	"strconv"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// A lab is one store without a database: it plans a job with the real planner
// and carries the plans out, as the agent does in the POS.
type lab struct {
	t        testing.TB
	store    string
	items    map[[2]string]item.Item
	next     int
	maxText  int // this POS cuts text after so many bytes; 0: never
	referred map[[2]string]string
	profile  wire.Profile
	gone     map[[2]string]bool // in the index, not in the POS
	images   []wire.Image       // of the last job
}

// Fields of the lab's kinds, by policy.
var serviceFields = []wire.PayloadField{
	{Name: "active", Title: "Active", Policy: item.Unlocked},
	{Name: "category", Title: "Category", Policy: item.Locked},
	{Name: "cleanup", Title: "Cleanup Time", Policy: item.Unlocked},
	{Name: "description", Title: "Service Description", Policy: item.Locked},
	{Name: "house_call", Title: "House Call", Policy: item.Unlocked},
	{Name: "ips", Title: "Safe IP Addresses", Policy: item.Additive},
	{Name: "name", Title: "Service Name", Policy: item.Locked},
	{Name: "parts", Title: "Services Attached", Policy: item.Locked},
	{Name: "price", Title: "Price", Policy: item.Unlocked},
	{Name: "resources", Title: "Resource", Policy: item.Unlocked},
	{Name: "sku", Title: "Barcode ID", Policy: item.Locked},
	{Name: "tax", Title: "Tax", Policy: item.Never},
	{Name: "tiers", Title: "Tiers", Policy: item.Locked, Columns: []wire.PayloadColumn{
		{Name: "amount", Policy: item.Locked}, {Name: "card", Policy: item.Never}, {Name: "rate", Policy: item.Unlocked}}},
	{Name: "vendor", Title: "Vendor", Policy: item.Unlocked},
}

func labKinds() []wire.PayloadKind {
	return []wire.PayloadKind{
		{Name: "category", Match: wire.PayloadMatch{Name: "name"}, Fields: []wire.PayloadField{{Name: "name", Title: "Name", Policy: item.Locked}}},
		{Name: "resource", Match: wire.PayloadMatch{Name: "name"}, Fields: []wire.PayloadField{{Name: "name", Title: "Name", Policy: item.Locked}}},
		{Name: "service", Match: wire.PayloadMatch{Code: []string{"sku"}, Name: "name", Category: "category"}, Active: "active", Fields: slices.Clone(serviceFields)},
	}
}

func newLab(t testing.TB) *lab {
	l := &lab{t: t, store: "branch", items: map[[2]string]item.Item{}, referred: map[[2]string]string{}, gone: map[[2]string]bool{}}
	for _, k := range labKinds() {
		p := wire.ProfileKind{Kind: k.Name, CanDelete: true}
		for _, f := range k.Fields {
			pf := wire.ProfileField{Name: f.Name}
			for _, c := range f.Columns {
				pf.Columns = append(pf.Columns, c.Name)
			}
			p.Fields = append(p.Fields, pf)
		}
		l.profile.Kinds = append(l.profile.Kinds, p)
	}
	return l
}

func (l *lab) kind(name string) *wire.ProfileKind {
	i := slices.IndexFunc(l.profile.Kinds, func(k wire.ProfileKind) bool { return k.Kind == name })
	return &l.profile.Kinds[i]
}

func (l *lab) field(kind, name string) *wire.ProfileField {
	k := l.kind(kind)
	i := slices.IndexFunc(k.Fields, func(f wire.ProfileField) bool { return f.Name == name })
	return &k.Fields[i]
}

// Item implements merge.Receiver.
func (l *lab) Item(kind, key string) (item.Item, bool, error) {
	it, ok := l.items[[2]string{kind, key}]
	return it, ok && !l.gone[[2]string{kind, key}], nil
}

// Referred implements merge.Receiver.
func (l *lab) Referred(kind, key string) (string, error) {
	return l.referred[[2]string{kind, key}], nil
}

// put makes a local item and returns its key.
func (l *lab) put(kind string, values ...any) string {
	l.next++
	key := strconv.Itoa(l.next)
	l.items[[2]string{kind, key}] = item.Item{ID: item.ID{Kind: kind, Key: key, Gen: 1}, Fields: l.stored(fields(l.t, values...))}
	return key
}

// set is an edit at the branch.
func (l *lab) set(kind, key string, values ...any) {
	it := l.items[[2]string{kind, key}]
	for _, f := range l.stored(fields(l.t, values...)) {
		it.Fields = it.Fields.With(f.Name, f.Value)
	}
	l.items[[2]string{kind, key}] = it
}

func (l *lab) get(kind, key string) item.Item { return l.items[[2]string{kind, key}] }

func (l *lab) stored(f item.Fields) item.Fields {
	out := slices.Clone(f)
	for i, x := range out {
		out[i].Value = l.storedValue(x.Value)
	}
	return out
}

func (l *lab) storedValue(v item.Value) item.Value {
	switch {
	case l.maxText > 0 && v.Type() == item.TypeText && len(v.Str()) > l.maxText:
		return item.MustText(v.Str()[:l.maxText])
	case v.Type() == item.TypeRows:
		rows := slices.Clone(v.Rows())
		for i := range rows {
			rows[i].Cols = l.stored(rows[i].Cols)
		}
		out, err := item.Rows(rows)
		if err != nil {
			l.t.Fatal(err)
		}
		return out
	}
	return v
}

func (l *lab) planner(p wire.Payload, own wire.Own) *merge.Planner {
	index := merge.NewIndex(l.store, p.Kinds)
	for _, it := range l.items {
		index.Put(it)
	}
	return merge.NewPlanner(&p, own, l.profile, index, l)
}

// run plans and applies a whole job.
func (l *lab) run(p wire.Payload, own wire.Own) []merge.ItemPlan {
	plans, _ := l.runWith(p, own)
	return plans
}

func (l *lab) runWith(p wire.Payload, own wire.Own) ([]merge.ItemPlan, *merge.Planner) {
	planner := l.planner(p, own)
	l.images = nil
	var plans []merge.ItemPlan
	for n := range planner.Len() {
		plan, err := planner.Plan(n)
		if err != nil {
			l.t.Fatal(err)
		}
		plans = append(plans, plan)
		now := l.apply(planner, plan)
		if m, ok := plan.Image(now); ok {
			l.images = append(l.images, l.travels(m))
		}
	}
	return plans, planner
}

func (l *lab) apply(planner *merge.Planner, plan merge.ItemPlan) item.Item {
	now := plan.Local
	if !plan.Writes() {
		return now
	}
	if plan.Action == merge.Create {
		now.ID = l.newID(plan)
	}
	at := [2]string{now.Kind, now.Key}
	if plan.Action == merge.Delete {
		delete(l.items, at)
		now.Deleted = true
		planner.Applied(plan, now)
		return now
	}
	for _, f := range l.stored(plan.Write) {
		now.Fields = now.Fields.With(f.Name, f.Value)
	}
	now.Link = plan.Link(now)
	l.items[at] = now
	planner.Applied(plan, now)
	return now
}

// newID is the next key; what comes back gets its own again if it is free.
func (l *lab) newID(plan merge.ItemPlan) item.ID {
	if _, taken := l.items[[2]string{plan.Kind, plan.Restore.Key}]; plan.Restore.Key != "" && !taken {
		return plan.Restore
	}
	l.next++
	return item.ID{Kind: plan.Kind, Key: strconv.Itoa(l.next), Gen: 1}
}

// travels is an image as the hub reads it.
func (l *lab) travels(m wire.Image) (out wire.Image) {
	l.t.Helper()
	err := wire.ReadImages(wire.PackImages(wire.AppendImage(nil, m)), func(m wire.Image) error { out = m; return nil })
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// reverting is the own part of a revert of the last job: its images in reverse.
func (l *lab) reverting(p wire.Payload, own wire.Own) (out wire.Own) {
	l.t.Helper()
	items := append(slices.Clone(p.Items), own.Items...)
	for _, m := range slices.Backward(l.images) {
		of := items[m.N]
		out.Items = append(out.Items, wire.PayloadItem{
			Op: wire.OpRevert, Kind: of.Kind, UID: of.UID, Aliases: of.Aliases, Name: of.Name, Fields: m.Fields, Undo: &m.Undo,
		})
	}
	lines, _, err := wire.EncodeOwn(out)
	if err == nil {
		out, err = wire.DecodeOwn(lines)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// job is a payload from head office with everything at one sync_rev.
func job(rev int64, items ...wire.PayloadItem) wire.Payload {
	for i := range items {
		items[i].SyncRev = rev
	}
	return wire.Payload{Source: "head", HubEpoch: "h1", Kinds: labKinds(), Items: items}
}

// put is a payload item; its name field is its name.
func put(t testing.TB, kind, uid string, values ...any) wire.PayloadItem {
	f := fields(t, values...)
	pi := wire.PayloadItem{Op: wire.OpPut, Kind: kind, UID: uid, Name: f.Get("name").Str(), Fields: f}
	if kind == "service" {
		pi.Code = merge.Code([]item.Value{f.Get("sku")}, nil)
	}
	return pi
}

func del(kind, uid string) wire.PayloadItem {
	return wire.PayloadItem{Op: wire.OpDelete, Kind: kind, UID: uid, Name: uid}
}

// fields takes names and values in turns; the last value of a name counts.
func fields(t testing.TB, values ...any) item.Fields {
	var out item.Fields
	for i := 0; i+1 < len(values); i += 2 {
		out = out.With(values[i].(string), value(t, values[i+1]))
	}
	return out
}

func value(t testing.TB, v any) item.Value {
	switch v := v.(type) {
	case item.Value:
		return v
	case nil:
		return item.Null()
	case string:
		return item.MustText(v)
	case int:
		return item.Integer(int64(v))
	case bool:
		return item.Bool(v)
	case float64:
		return item.MustDecimal(strconv.FormatFloat(v, 'f', -1, 64))
	case []any:
		return set(t, v...)
	case []item.Row:
		rows, err := item.Rows(v)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	t.Fatalf("no value of %T", v)
	return item.Value{}
}

// set is a rows value without columns.
func set(t testing.TB, keys ...any) item.Value {
	var rows []item.Row
	for _, k := range keys {
		rows = append(rows, item.Row{Key: value(t, k)})
	}
	return value(t, rows)
}

// row is one element with columns.
func row(t testing.TB, key any, cols ...any) item.Row {
	return item.Row{Key: value(t, key), Cols: fields(t, cols...)}
}

func planned(p merge.ItemPlan, field string) *merge.FieldPlan {
	for i := range p.Fields {
		if p.Fields[i].Name == field {
			return &p.Fields[i]
		}
	}
	return &merge.FieldPlan{}
}

func (l *lab) wantField(kind, key, name string, want any) {
	l.t.Helper()
	got := l.get(kind, key).Fields.Get(name)
	if !got.Equal(value(l.t, want)) {
		l.t.Errorf("%s %s: %s is %s, want %s", kind, key, name, canonical(got), canonical(value(l.t, want)))
	}
}

func canonical(v item.Value) string {
	if v.IsAbsent() {
		return "(absent)"
	}
	return string(item.AppendValue(nil, v))
}

func wantPlan(t testing.TB, p merge.ItemPlan, a merge.Action, r merge.Reason) {
	t.Helper()
	if p.Action != a || p.Reason != r {
		t.Errorf("%s: %s (%s: %s), want %s (%s)", p.UID, p.Action, p.Reason, p.Why, a, r)
	}
}

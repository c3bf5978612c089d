package merge_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// merges is how many merges TestHarnessMerges makes: -plait.merges 1000000 is
// the full number (P11). PLAIT_SCALE multiplies it.
var merges = flag.Int("plait.merges", 100_000, "merges of random items in TestHarnessMerges")

func scaled(n int) int {
	if s, err := strconv.Atoi(os.Getenv("PLAIT_SCALE")); err == nil && s > 0 {
		return n * s
	}
	return n
}

// TestHarnessMerges holds P11: the merge is deterministic, idempotent, and drops
// no field silently; locked follows the source, what the branch changed stays.
func TestHarnessMerges(t *testing.T) {
	n := scaled(*merges)
	for seed, done := uint64(1), 0; done < n; seed++ {
		w := newWorld(t, seed)
		for range 4 {
			done += w.round()
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// The controls: a merge that is wrong in one way is caught by the same checks.
func TestHarnessMergesControls(t *testing.T) {
	for name, spoil := range map[string]func(*merge.ItemPlan){
		"an edit of the branch's overwritten": func(p *merge.ItemPlan) {
			for i := range p.Fields {
				if p.Fields[i].Kept() && p.Fields[i].Source.Type() != item.TypeRows {
					p.Write = p.Write.With(p.Fields[i].Name, *p.Fields[i].Source)
				}
			}
		},
		"a locked field not written": func(p *merge.ItemPlan) {
			p.Write = slices.DeleteFunc(p.Write, func(f item.Field) bool { return f.Name == "f1" })
		},
		"a field dropped in silence": func(p *merge.ItemPlan) {
			p.Fields = slices.DeleteFunc(p.Fields, func(f merge.FieldPlan) bool { return f.Name == "f3" })
		},
		"a base that does not move": func(p *merge.ItemPlan) {
			if p.Action == merge.Update {
				p.Fields = nil
			}
		},
		"a neighbour written": func(p *merge.ItemPlan) {
			if p.Action == merge.Create {
				p.Action = merge.Update
				p.Local = item.Item{ID: item.ID{Kind: "k", Key: "1", Gen: 1}}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			caught := &counter{TB: t}
			for seed := uint64(1); seed < 300 && caught.n == 0; seed++ {
				w := newWorld(t, seed)
				w.tb, w.spoil = caught, spoil
				for range 4 {
					w.round()
				}
			}
			if caught.n == 0 {
				t.Error("nothing was caught")
			}
		})
	}
}

// A counter counts failures instead of failing.
type counter struct {
	testing.TB
	n int
}

func (c *counter) Errorf(string, ...any) { c.n++ }

// A world is a source and a branch of one kind with random fields and policies.
type world struct {
	tb     testing.TB
	rnd    *rand.Rand
	lab    *lab
	kind   wire.PayloadKind
	source []wire.PayloadItem
	rev    int64
	spoil  func(*merge.ItemPlan)
}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{tb: t, rnd: rand.New(rand.NewPCG(seed, 7))}
	w.lab = &lab{t: t, store: "branch", items: map[[2]string]item.Item{}, referred: map[[2]string]string{}, gone: map[[2]string]bool{}}
	if w.rnd.IntN(3) == 0 {
		w.lab.maxText = 2
	}
	w.kind = wire.PayloadKind{Name: "k", Match: wire.PayloadMatch{Name: "f0", Code: []string{"f2"}}}
	mapped := wire.ProfileKind{Kind: "k", CanDelete: true}
	policies := []item.Policy{item.Locked, item.Unlocked, item.Additive, item.Never}
	for i := range 8 {
		f := wire.PayloadField{Name: "f" + strconv.Itoa(i), Policy: policies[w.rnd.IntN(3)]}
		f.Title = f.Name
		switch i {
		case 1:
			f.Policy = item.Locked
		case 5, 6, 7:
			f.Columns = []wire.PayloadColumn{{Name: "a", Policy: policies[w.rnd.IntN(4)]}, {Name: "b", Policy: policies[w.rnd.IntN(2)]}}
		}
		w.kind.Fields = append(w.kind.Fields, f)
		if i != 3 || w.rnd.IntN(2) == 0 {
			mapped.Fields = append(mapped.Fields, wire.ProfileField{Name: f.Name, ReadOnly: i == 4 && w.rnd.IntN(8) == 0, Columns: []string{"a", "b"}})
		}
	}
	w.lab.profile.Kinds = []wire.ProfileKind{mapped}
	for range 3 {
		w.lab.put("k", w.values(0.6)...)
	}
	for i := range 5 {
		w.source = append(w.source, wire.PayloadItem{Op: wire.OpPut, Kind: "k", UID: "u" + strconv.Itoa(i)})
	}
	return w
}

// values draws some of the item's fields.
func (w *world) values(share float64) []any {
	var out []any
	for i, f := range w.kind.Fields {
		if i != 0 && w.rnd.Float64() > share {
			continue
		}
		v := w.scalar()
		if i >= 5 {
			v = w.rows()
		}
		if i == 0 {
			v = item.MustText("name" + strconv.Itoa(w.rnd.IntN(12)))
		}
		out = append(out, f.Name, v)
	}
	return out
}

var scalars = []item.Value{
	item.Null(), item.MustText(""), item.MustText("a"), item.MustText("ab"), item.MustText("abc"), item.MustText("abd"), item.Integer(1), item.Integer(1 << 60),
	item.MustDecimal("12.50"), item.MustDecimal("0.1"), item.Bool(true), item.Bytes([]byte{0, 255}),
}

func (w *world) scalar() item.Value { return scalars[w.rnd.IntN(len(scalars))] }

func (w *world) rows() item.Value {
	var rows []item.Row
	for k := range 4 {
		if w.rnd.IntN(2) == 0 {
			continue
		}
		var cols item.Fields
		for _, c := range []string{"a", "b"} {
			if w.rnd.IntN(3) > 0 {
				cols = append(cols, item.Field{Name: c, Value: w.scalar()})
			}
		}
		rows = append(rows, item.Row{Key: item.Integer(int64(k)), Cols: cols})
	}
	v, err := item.Rows(rows)
	if err != nil {
		w.tb.Fatal(err)
	}
	return v
}

// round edits both ends, runs a sync and checks it. It returns how many items
// were merged.
func (w *world) round() int {
	w.edit()
	p := w.payload()
	before := map[string]item.Item{}
	for _, it := range w.lab.items {
		before[it.Key] = it
	}
	planner := w.lab.planner(p, wire.Own{})
	applied := make([]bool, planner.Len())
	for n := range planner.Len() {
		plan, err := planner.Plan(n)
		if err != nil {
			w.tb.Fatal(err)
		}
		applied[n] = plan.Writes()
		if twice, _ := planner.Plan(n); fmt.Sprint(twice.Action, twice.Write, twice.Why) != fmt.Sprint(plan.Action, plan.Write, plan.Why) {
			w.tb.Errorf("item %d is planned in two ways", n)
		}
		if w.spoil != nil {
			w.spoil(&plan)
		}
		w.lab.apply(planner, plan)
		w.check(before, p.Items[n], plan)
	}
	w.again(p, applied)
	return 3 * len(p.Items)
}

func (w *world) edit() {
	for at, it := range w.lab.items {
		if w.rnd.IntN(2) == 0 {
			_ = at
			w.lab.set("k", it.Key, w.values(0.2)[2:]...)
		}
	}
	for i := range w.source {
		if pi := &w.source[i]; pi.Fields == nil || w.rnd.IntN(2) == 0 {
			for _, f := range fields(w.tb, w.values(0.5)...) {
				pi.Fields = pi.Fields.With(f.Name, f.Value)
			}
			pi.Name = pi.Fields.Get("f0").Str()
			pi.Code = merge.Code(merge.Parts(pi.Fields, w.kind.Match.Code), nil)
		}
	}
}

func (w *world) payload() wire.Payload {
	w.rev++
	items := slices.Clone(w.source)
	for i := range items {
		items[i].SyncRev = w.rev
	}
	return wire.Payload{Source: "head", HubEpoch: "h", Kinds: []wire.PayloadKind{w.kind}, Items: items}
}

// check holds one carried-out plan to the rules.
func (w *world) check(before map[string]item.Item, pi wire.PayloadItem, plan merge.ItemPlan) {
	now := w.lab.get("k", plan.Local.Key)
	was, known := before[plan.Local.Key]
	if plan.Local.Key == "" || !known || !plan.Writes() {
		w.others(before, "")
		return
	}
	for _, f := range w.kind.Fields {
		source := pi.Fields.Get(f.Name)
		if source.IsAbsent() || f.Policy == item.Never {
			continue
		}
		fp := planned(plan, f.Name)
		if fp.Name == "" {
			w.tb.Errorf("%s: the field %s is in no plan", pi.UID, f.Name)
		}
		if fp.Reason != merge.FieldNotMapped && source.Type() != item.TypeRows {
			w.checkScalar(pi.UID, f, was, now, source)
		}
	}
	w.others(before, now.Key)
	before[now.Key] = now
}

func (w *world) checkScalar(uid string, f wire.PayloadField, was, now item.Item, source item.Value) {
	got, had := now.Fields.Get(f.Name), was.Fields.Get(f.Name)
	base, synced := was.Link.Field(f.Name)
	switch {
	case f.Policy == item.Locked:
		if !got.Equal(w.lab.storedValue(source)) {
			w.tb.Errorf("%s: locked %s is %s, the source has %s", uid, f.Name, canonical(got), canonical(source))
		}
	case !synced || !had.Equal(base.Base):
		if !got.Equal(had) {
			w.tb.Errorf("%s: the branch's %s was %s and is %s", uid, f.Name, canonical(had), canonical(got))
		}
	}
}

// others: every item but the one of the plan is as it was.
func (w *world) others(before map[string]item.Item, except string) {
	for key, was := range before {
		if now := w.lab.get("k", key); key != except && !now.Fields.Equal(was.Fields) {
			w.tb.Errorf("item %s was written, which the job does not bring", key)
		}
	}
}

// again: of what was applied, the same job finds nothing to write, and no link
// changes. A parked item may fare better once others have new names.
func (w *world) again(p wire.Payload, applied []bool) {
	planner := w.lab.planner(p, wire.Own{})
	for n := range planner.Len() {
		plan, err := planner.Plan(n)
		if err != nil {
			w.tb.Fatal(err)
		}
		if !applied[n] {
			continue
		}
		now := w.lab.get("k", plan.Local.Key)
		if len(plan.Write) > 0 || plan.Local.Key == "" {
			w.tb.Errorf("%s: the same job again writes %v (%s)", plan.UID, plan.Write, plan.Action)
		} else if a, b := linkText(now.Link), linkText(plan.Link(now)); a != b {
			w.tb.Errorf("%s: the same job again makes the link\n%s of\n%s", plan.UID, b, a)
		}
	}
}

func linkText(l *item.Link) string {
	if l == nil {
		return "(no link)"
	}
	return string(item.AppendLink(nil, l))
}

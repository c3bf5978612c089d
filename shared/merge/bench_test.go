package merge_test

import (
	"fmt"
	"strconv"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// BenchmarkMerge merges 2,000 linked items of 20 fields each on one core, as a
// later sync does: some fields changed at the source, some at the branch, one a
// rows field. It reports merges a second, the new link included.
func BenchmarkMerge(b *testing.B) {
	const items, width = 2000, 20
	for _, changed := range []int{0, 5} {
		b.Run(fmt.Sprintf("%d of %d fields changed", changed, width), func(b *testing.B) {
			l, p := benchStore(b, items, width, changed)
			planner := l.planner(p, wire.Own{})
			b.ReportAllocs()
			for b.Loop() {
				for n := range items {
					plan, err := planner.Plan(n)
					if err != nil {
						b.Fatal(err)
					}
					if plan.Link(plan.Local) == nil {
						b.Fatal("no link")
					}
				}
			}
			b.ReportMetric(float64(b.N)*items/b.Elapsed().Seconds(), "merges/s")
		})
	}
}

// BenchmarkIndex builds the index of a store of 10,000 items with codes.
func BenchmarkIndex(b *testing.B) {
	const items = 10_000
	l, p := benchStore(b, items, 20, 0)
	b.ReportAllocs()
	for b.Loop() {
		l.planner(p, wire.Own{})
	}
	b.ReportMetric(float64(b.N)*items/b.Elapsed().Seconds(), "items/s")
}

// BenchmarkFirstSync creates items in a store that has as many: matching by code
// and name, and keeping the index.
func BenchmarkFirstSync(b *testing.B) {
	for _, items := range []int{1000, 10_000} {
		b.Run(strconv.Itoa(items), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				l, _ := benchStore(b, items, 20, 0)
				_, p := benchStore(b, items, 20, 0)
				for i := range p.Items {
					pi := &p.Items[i]
					pi.UID, pi.Name = "new"+pi.UID, "new "+pi.Name
					pi.Fields = pi.Fields.With("f00", item.MustText(pi.Name)).With("f01", item.MustText("new"+strconv.Itoa(i)))
					pi.Code = "new" + strconv.Itoa(i)
				}
				planner := l.planner(p, wire.Own{})
				b.StartTimer()
				for n := range planner.Len() {
					plan, err := planner.Plan(n)
					if err != nil || plan.Action != merge.Create {
						b.Fatal(plan.Action, plan.Why, err)
					}
					l.apply(planner, plan)
				}
			}
			b.ReportMetric(float64(b.N*items)/b.Elapsed().Seconds(), "merges/s")
		})
	}
}

func benchStore(b *testing.B, items, width, changed int) (*lab, wire.Payload) {
	kind := wire.PayloadKind{Name: "k", Match: wire.PayloadMatch{Name: "f00", Code: []string{"f01"}}}
	mapped := wire.ProfileKind{Kind: "k"}
	for f := range width {
		policy := []item.Policy{item.Locked, item.Unlocked}[f%2]
		kind.Fields = append(kind.Fields, wire.PayloadField{Name: fmt.Sprintf("f%02d", f), Title: "Field", Policy: policy})
		mapped.Fields = append(mapped.Fields, wire.ProfileField{Name: fmt.Sprintf("f%02d", f), Columns: []string{"rate"}})
	}
	l := &lab{t: b, store: "branch", items: map[[2]string]item.Item{}, referred: map[[2]string]string{}, profile: wire.Profile{Kinds: []wire.ProfileKind{mapped}}}
	p := wire.Payload{Source: "head", HubEpoch: "h", Kinds: []wire.PayloadKind{kind}}
	for n := range items {
		var f item.Fields
		for i := range width {
			f = append(f, item.Field{Name: fmt.Sprintf("f%02d", i), Value: benchValue(b, n, i)})
		}
		p.Items = append(p.Items, wire.PayloadItem{Op: wire.OpPut, Kind: "k", UID: "u" + strconv.Itoa(n), SyncRev: 1, Name: f[0].Value.Str(), Fields: f})
	}
	l.run(p, wire.Own{})
	for n := range p.Items {
		p.Items[n].SyncRev = 2
		for i := range changed {
			name := fmt.Sprintf("f%02d", 2+i)
			p.Items[n].Fields = p.Items[n].Fields.With(name, item.MustText("changed at the source"))
		}
	}
	return l, p
}

func benchValue(b *testing.B, n, i int) item.Value {
	switch i % 5 {
	case 0, 1:
		return item.MustText("Item " + strconv.Itoa(n) + " field " + strconv.Itoa(i))
	case 2:
		return item.MustDecimal(strconv.Itoa(n) + ".25")
	case 3:
		return item.Integer(int64(n))
	}
	if i == 19 {
		return value(b, []item.Row{row(b, 1, "rate", n), row(b, 2, "rate", n+1)})
	}
	return item.Bool(n%2 == 0)
}

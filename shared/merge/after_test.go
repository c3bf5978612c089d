package merge_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// Items that are planned before those that follow are written get the plans that they
// would get one after the other.
func TestAfter(t *testing.T) {
	together, apart := planSeeds(t, (*merge.Planner).After)
	if together < 1000 || apart < 1000 {
		t.Errorf("%d items were planned before the one in front of them was there, %d after it: the payloads try too little", together, apart)
	}
}

// The control: whoever plans all of them at once is caught.
func TestAfterControl(t *testing.T) {
	caught := &counter{TB: t}
	planSeeds(caught, func(*merge.Planner, int) int { return -1 })
	if caught.n == 0 {
		t.Error("nothing was caught")
	}
}

func planSeeds(t testing.TB, after func(*merge.Planner, int) int) (together, apart int) {
	for seed := uint64(1); seed <= 400; seed++ {
		r := rand.New(rand.NewPCG(seed, 3))
		one, many := newLab(t), newLab(t)
		for range r.IntN(4) {
			one.put("service", "name", anyName(r), "sku", anyName(r))
		}
		many.items, many.next = maps.Clone(one.items), one.next
		p := similar(t, r)
		var want, got []string
		for _, plan := range one.run(p, wire.Own{}) {
			want = append(want, planText(plan))
		}
		got, a, b := many.regions(p, after)
		together, apart = together+a, apart+b
		if w, g := strings.Join(want, "\n"), strings.Join(got, "\n"); w != g {
			t.Errorf("seed %d: one by one\n%s\nahead\n%s", seed, w, g)
		}
	}
	return together, apart
}

func anyName(r *rand.Rand) string { return fmt.Sprint("n", r.IntN(12)) }

// similar is a payload of items that often share a name, a code or an alias, or refer
// to one another.
func similar(t testing.TB, r *rand.Rand) wire.Payload {
	var items []wire.PayloadItem
	code, names := []string{"sku"}, map[string]string{"c3": "n3"}
	if r.IntN(2) == 0 {
		code = []string{"category", "sku"}
	}
	for i := range 3 {
		uid, name := fmt.Sprint("c", i), anyName(r)
		names[uid] = name
		items = append(items, put(t, "category", uid, "name", name))
	}
	for i := range 10 {
		values := []any{"name", anyName(r), "category", item.UIDRef("category", fmt.Sprint("c", r.IntN(4)))}
		if r.IntN(2) == 0 {
			values = append(values, "sku", anyName(r))
		}
		if r.IntN(3) == 0 {
			values = append(values, "parts", set(t, item.UIDRef("service", fmt.Sprint("s", r.IntN(10)))))
		}
		pi := put(t, "service", fmt.Sprint("s", i), values...)
		pi.Code = merge.Code(merge.Parts(pi.Fields, code), func(v item.Value) string { return names[v.Str()] })
		if r.IntN(8) == 0 {
			pi.Aliases = []string{fmt.Sprint("s", r.IntN(10))}
		}
		items = append(items, pi)
	}
	p := job(1, items...)
	p.Kinds[2].Match.Code = code
	return p
}

// regions plans the items from one on for as long as After allows it, and carries out
// then what the store lacks.
func (l *lab) regions(p wire.Payload, after func(*merge.Planner, int) int) (out []string, together, apart int) {
	planner := l.planner(p, wire.Own{})
	start := 0
	var lacking []merge.ItemPlan
	write := func() {
		for _, plan := range lacking {
			l.apply(planner, plan)
		}
		lacking = nil
	}
	for n := range planner.Len() {
		if after(planner, n) >= start {
			write()
			start = n
			apart++
		}
		if len(lacking) > 0 {
			together++
		}
		plan, err := planner.Plan(n)
		if err != nil {
			l.t.Fatal(err)
		}
		out = append(out, planText(plan))
		if plan.Action == merge.Create {
			lacking = append(lacking, plan)
		} else {
			l.apply(planner, plan)
		}
	}
	write()
	return out, together, apart
}

func planText(p merge.ItemPlan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s %s %q %s", p.N, p.UID, p.Action, p.Reason, p.Why, p.Local.Key)
	for _, f := range p.Fields {
		fmt.Fprintf(&b, " %s=%s %s %v", f.Name, canonical(*f.Result), f.Reason, f.Missing)
	}
	return b.String()
}

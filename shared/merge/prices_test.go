package merge_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"

	"pgregory.net/rapid"
)

var priceRule = wire.PayloadPrices{Fields: []string{"price", "duration", "points"}, Rows: "rates", Active: "active"}

// priceKinds: a service with a price of its own and one for each provider, as a
// job carries it while price sync is on or off.
func priceKinds(on bool) []wire.PayloadKind {
	p := item.Unlocked
	cols := []wire.PayloadColumn{{Name: "active", Policy: p}, {Name: "duration", Policy: p}, {Name: "note", Policy: p}, {Name: "points", Policy: p}, {Name: "price", Policy: p}}
	service := wire.PayloadKind{Name: "service", Match: wire.PayloadMatch{Name: "name"}, Fields: []wire.PayloadField{
		{Name: "duration", Title: "Duration", Policy: p}, {Name: "name", Title: "Service Name", Policy: item.Locked},
		{Name: "points", Title: "Points Given", Policy: p}, {Name: "price", Title: "Price", Policy: p},
		{Name: "rates", Title: "Prices by Provider", Policy: p, Columns: cols},
	}}
	if on {
		service.Prices = &priceRule
		for i := range service.Fields {
			if f := &service.Fields[i]; f.Name != "name" {
				f.Policy, f.LockedBy = item.Locked, "price_sync"
			}
		}
		service.Fields[4].Policy = item.Never
		for i := range cols {
			cols[i].Policy = item.Never
			if slices.Contains(priceRule.Fields, cols[i].Name) {
				cols[i].Policy = item.Locked
			}
		}
	}
	return []wire.PayloadKind{{Name: "employee", Match: wire.PayloadMatch{Name: "name"}}, service}
}

func newPriceLab(t testing.TB) *lab {
	l := newLab(t)
	service := wire.ProfileKind{Kind: "service", CanDelete: true}
	for _, f := range priceKinds(false)[1].Fields {
		pf := wire.ProfileField{Name: f.Name}
		for _, c := range f.Columns {
			pf.Columns = append(pf.Columns, c.Name)
		}
		service.Fields = append(service.Fields, pf)
	}
	l.profile.Kinds = []wire.ProfileKind{{Kind: "employee", Fields: []wire.ProfileField{{Name: "name"}}}, service}
	l.put("employee", "name", "Mia")
	l.put("employee", "name", "Jo")
	return l
}

// provider is one element of the store's: its key, and columns.
func provider(t testing.TB, key string, cols ...any) item.Row {
	return item.Row{Key: item.Ref("employee", key), Cols: fields(t, cols...)}
}

// priceJob sends an item of the source as price sync sends it.
func priceJob(t testing.TB, rev int64, source ...any) wire.Payload {
	pi := put(t, "service", "u1", source...)
	lowest, ok := merge.LowestPrice(priceRule, pi.Fields)
	pi.NoPrice, pi.Code = !ok, ""
	for _, name := range append([]string{"rates"}, priceRule.Fields...) {
		pi.Fields = pi.Fields.With(name, lowest.Get(name))
	}
	p := job(rev, pi)
	p.Kinds = priceKinds(true)
	return p
}

// "the lowest active price offered for each mapped service is synced"; "duration
// and points come from that same variant".
func TestLowestPrice(t *testing.T) {
	rows := func(list ...item.Row) []item.Row { return list }
	for name, c := range map[string]struct {
		source []any
		want   []any // price, duration, points; nil: no active price
	}{
		"the item's own":                        {[]any{"price", 20.0, "duration", 30, "points", 2}, []any{20.0, 30, 2}},
		"a provider's, with its duration":       {[]any{"price", 20.0, "duration", 30, "points", 2, "rates", rows(row(t, "a", "price", 18.5, "duration", 45, "points", 1))}, []any{18.5, 45, 1}},
		"a provider's, who has no duration":     {[]any{"price", 20.0, "duration", 30, "points", 2, "rates", rows(row(t, "a", "price", 18.5, "duration", nil))}, []any{18.5, 30, 2}},
		"of providers alone":                    {[]any{"price", nil, "rates", rows(row(t, "a", "price", 22.0, "duration", 1), row(t, "b", "price", 21.0, "duration", 2))}, []any{21.0, 2, nil}},
		"an inactive one does not count":        {[]any{"price", 20.0, "rates", rows(row(t, "a", "price", 5.0, "active", false), row(t, "b", "price", 6.0, "active", nil))}, []any{20.0, nil, nil}},
		"an active one does":                    {[]any{"price", 20.0, "rates", rows(row(t, "a", "price", 5.0, "active", true))}, []any{5.0, nil, nil}},
		"equal prices: the item's own first":    {[]any{"price", 20.0, "duration", 30, "rates", rows(row(t, "a", "price", "20", "duration", 5), row(t, "b", "price", 20.0, "duration", 6))}, []any{20.0, 30, nil}},
		"equal prices: then by element key":     {[]any{"price", 21.0, "rates", rows(row(t, "c", "price", 20.0, "duration", 3), row(t, "b", "price", item.MustDecimal("20.00"), "duration", 2))}, []any{20.0, 2, nil}},
		"nine is less than ten":                 {[]any{"price", 10.0, "rates", rows(row(t, "a", "price", item.MustDecimal("9.999999999999999999")))}, []any{item.MustDecimal("9.999999999999999999"), nil, nil}},
		"a free service":                        {[]any{"price", 10.0, "rates", rows(row(t, "a", "price", 0.0))}, []any{0.0, nil, nil}},
		"none at all":                           {[]any{"price", nil, "duration", 30, "rates", rows(row(t, "a", "price", nil), row(t, "b", "price", 5.0, "active", false))}, nil},
		"none: this POS has no prices":          {[]any{"duration", 30}, nil},
		"text is no price, however it is spelt": {[]any{"price", "20"}, nil},
	} {
		got, ok := merge.LowestPrice(priceRule, fields(t, c.source...))
		if ok != (c.want != nil) {
			t.Errorf("%s: there is an active price: %t", name, ok)
			continue
		}
		for i, want := range c.want {
			if v := got.Get(priceRule.Fields[i]); !v.Equal(value(t, want)) && (want != nil || !v.IsEmpty()) {
				t.Errorf("%s: %s is %s, want %v", name, priceRule.Fields[i], canonical(v), want)
			}
		}
	}
}

// "synced … to all active prices, regardless of the provider".
func TestPriceGoesToAllActivePrices(t *testing.T) {
	l := newPriceLab(t)
	key := l.put("service", "name", "Cut", "price", 25.0, "duration", 20, "points", 9, "rates", []item.Row{
		provider(t, "1", "price", 30.0, "duration", 60, "points", 1, "note", "ours", "active", true),
		provider(t, "2", "price", 40.0, "duration", nil, "points", 2, "active", false),
		provider(t, "3", "price", nil, "note", "no price of its own", "active", true),
	})
	plans := l.run(priceJob(t, 1, "name", "Cut", "price", 22.0, "duration", 30, "rates", []item.Row{row(t, "a", "price", 20.0, "duration", 45)}), wire.Own{})
	wantPlan(t, plans[0], merge.Adopt, "")
	for name, want := range map[string]any{"price": 20.0, "duration": 45, "points": 9, "rates": []item.Row{
		provider(t, "1", "price", 20.0, "duration", 45, "points", 1, "note", "ours", "active", true),
		provider(t, "2", "price", 40.0, "duration", nil, "points", 2, "active", false),
		provider(t, "3", "price", nil, "note", "no price of its own", "active", true),
	}} {
		l.wantField("service", key, name, want)
	}
	// "only copied prices are locked": the base holds them and nothing else.
	base, _ := l.get("service", key).Link.Field("rates")
	if want := value(t, []item.Row{provider(t, "1", "price", 20.0, "duration", 45)}); !base.Base.Equal(want) {
		t.Errorf("the base is %s, want %s", canonical(base.Base), canonical(want))
	}
	if base.Policy != item.Never || !slices.Equal(base.Cols, []item.ColPolicy{{Name: "duration", Policy: item.Locked}, {Name: "points", Policy: item.Locked}, {Name: "price", Policy: item.Locked}}) {
		t.Errorf("the link carries %s, %v", base.Policy, base.Cols)
	}
	// Price by price, and never silent.
	told := told(plans[0])
	for _, want := range []string{
		"Price was “25” and is “20”; price sync locks it", "Duration was “20” and is “45”; price sync locks it",
		"Prices by Provider: Duration of “Mia” was “60” and is “45”, Price of “Mia” was “30” and is “20”; price sync locks it",
	} {
		if !slices.Contains(told, want) {
			t.Errorf("nobody says %q: %q", want, told)
		}
	}
}

func told(p merge.ItemPlan) (out []string) {
	for _, e := range p.Exceptions() {
		out = append(out, e.Why)
	}
	return out
}

// "After syncing, prices that were copied from the flagship location are no longer
// editable": what was edited is drift, and undone; what was not copied is free.
func TestCopiedPricesAreLocked(t *testing.T) {
	l := newPriceLab(t)
	source := []any{"name", "Cut", "price", 20.0, "duration", 30}
	key := l.put("service", "name", "Cut", "price", 25.0, "rates", []item.Row{
		provider(t, "1", "price", 30.0, "active", true), provider(t, "2", "price", 40.0, "active", false)})
	l.run(priceJob(t, 1, source...), wire.Own{})
	l.set("service", key, "price", 19.0, "rates", []item.Row{
		provider(t, "1", "price", 18.0, "duration", 30, "note", "busy", "active", true), provider(t, "2", "price", 41.0, "active", false), provider(t, "9", "price", 50.0)})
	plans := l.run(priceJob(t, 2, source...), wire.Own{})
	l.wantField("service", key, "price", 20.0)
	l.wantField("service", key, "rates", []item.Row{
		provider(t, "1", "price", 20.0, "duration", 30, "note", "busy", "active", true), provider(t, "2", "price", 41.0, "active", false),
		provider(t, "9", "price", 20.0, "duration", 30),
	})
	if r := planned(plans[0], "price").Reason; r != merge.OverwroteDrift {
		t.Errorf("an edited price is told as %s", r)
	}
	// Of the elements one drifted, and one is new here: that is the branch's own loss.
	if r := planned(plans[0], "rates").Reason; r != merge.OverwroteOwn {
		t.Errorf("edited elements are told as %s", r)
	}
	// An element that is switched off is free again.
	l.set("service", key, "rates", []item.Row{provider(t, "1", "price", 99.0, "active", false)})
	l.run(priceJob(t, 3, source...), wire.Own{})
	l.wantField("service", key, "rates", []item.Row{provider(t, "1", "price", 99.0, "active", false)})
	if base, ok := l.get("service", key).Link.Field("rates"); !ok || len(base.Base.Rows()) != 0 {
		t.Errorf("the base still holds %s", canonical(base.Base))
	}
}

// "with no active source price the field is kept, and said".
func TestWithoutASourcePriceTheFieldIsKept(t *testing.T) {
	l := newPriceLab(t)
	rates := []item.Row{provider(t, "1", "price", 30.0)}
	key := l.put("service", "name", "Cut", "price", 25.0, "duration", 20, "rates", rates)
	plans := l.run(priceJob(t, 1, "name", "Cut", "price", nil, "duration", 45), wire.Own{})
	for name, want := range map[string]any{"price": 25.0, "duration": 20, "rates": rates} {
		l.wantField("service", key, name, want)
		if _, ok := l.get("service", key).Link.Field(name); ok {
			t.Errorf("%s has a base, though nothing was copied", name)
		}
	}
	if want := "Price stays “25”: the source has no active price"; !slices.Contains(told(plans[0]), want) || len(told(plans[0])) != 2 {
		t.Errorf("want %q once beside the adoption: %q", want, told(plans[0]))
	}
}

// "a created service gets one price without a provider".
func TestACreatedServiceGetsOnePrice(t *testing.T) {
	l := newPriceLab(t)
	plans := l.run(priceJob(t, 1, "name", "Cut", "price", 22.0, "duration", 30, "rates", []item.Row{row(t, "a", "price", 20.0, "duration", 45)}), wire.Own{})
	wantPlan(t, plans[0], merge.Create, "")
	key := plans[0].Name
	for k, it := range l.items {
		if k[0] == "service" {
			key = it.Key
		}
	}
	l.wantField("service", key, "price", 20.0)
	l.wantField("service", key, "duration", 45)
	if v := l.get("service", key).Fields.Get("rates"); !v.IsAbsent() {
		t.Errorf("it has elements: %s", canonical(v))
	}
}

// A store whose prices are all in elements gets no other; one that has no price
// at all gets one, as a new item does.
func TestPricesOfProvidersAlone(t *testing.T) {
	l := newPriceLab(t)
	key := l.put("service", "name", "Cut", "price", nil, "duration", 20, "rates", []item.Row{provider(t, "1", "price", 30.0)})
	plans := l.run(priceJob(t, 1, "name", "Cut", "price", 20.0, "duration", 45), wire.Own{})
	l.wantField("service", key, "price", nil)
	l.wantField("service", key, "duration", 20)
	l.wantField("service", key, "rates", []item.Row{provider(t, "1", "price", 20.0, "duration", 45)})
	if r := planned(plans[0], "price").Reason; r != merge.NoPriceHere {
		t.Errorf("the empty price is told as %s", r)
	}
	l.set("service", key, "rates", []item.Row{})
	l.run(priceJob(t, 2, "name", "Cut", "price", 20.0, "duration", 45), wire.Own{})
	l.wantField("service", key, "price", 20.0)
	l.wantField("service", key, "duration", 45)
}

// Turned off again, the elements are the store's: that prices were copied into
// them does not make them the source's.
func TestPriceSyncOffLeavesTheElements(t *testing.T) {
	l := newPriceLab(t)
	key := l.put("service", "name", "Cut", "price", 25.0, "rates", []item.Row{provider(t, "1", "price", 30.0, "note", "ours")})
	l.run(priceJob(t, 1, "name", "Cut", "price", 20.0), wire.Own{})
	l.set("service", key, "price", 26.0)
	off := job(2, put(t, "service", "u1", "name", "Cut", "price", 21.0, "rates", []item.Row{}))
	off.Kinds = priceKinds(false)
	plans := l.run(off, wire.Own{})
	l.wantField("service", key, "price", 26.0)
	l.wantField("service", key, "rates", []item.Row{provider(t, "1", "price", 20.0, "note", "ours")})
	if r := planned(plans[0], "rates").Reason; r != merge.KeptFirstSync {
		t.Errorf("the elements are told as %s", r)
	}
}

// A POS that rounds, one that has not all columns, one that cannot be written.
func TestPricesOfAnotherPOS(t *testing.T) {
	t.Run("has no durations by provider", func(t *testing.T) {
		l := newPriceLab(t)
		l.field("service", "rates").Columns = []string{"price"}
		key := l.put("service", "name", "Cut", "price", 25.0, "rates", []item.Row{provider(t, "1", "price", 30.0)})
		l.run(priceJob(t, 1, "name", "Cut", "price", 20.0, "duration", 45), wire.Own{})
		l.wantField("service", key, "rates", []item.Row{provider(t, "1", "price", 20.0)})
	})
	t.Run("is read only", func(t *testing.T) {
		l := newPriceLab(t)
		l.field("service", "rates").ReadOnly = true
		l.put("service", "name", "Cut", "price", 25.0, "rates", []item.Row{provider(t, "1", "price", 30.0)})
		_, planner := l.runWith(priceJob(t, 1, "name", "Cut", "price", 20.0), wire.Own{})
		if list := planner.Unmapped(); len(list) != 1 || !strings.Contains(list[0].Why, "Prices by Provider has no place") {
			t.Errorf("told as %+v", list)
		}
	})
	t.Run("asked to reset, the elements stay", func(t *testing.T) {
		l := newPriceLab(t)
		rows := []item.Row{provider(t, "1", "price", 20.0), provider(t, "2", "price", 7.0, "active", false)}
		key := l.put("service", "name", "Cut", "price", 25.0, "rates", rows)
		l.run(priceJob(t, 1, "name", "Cut", "price", 20.0), wire.Own{Reset: map[string][]string{"u1": {"rates", "price"}}})
		l.wantField("service", key, "rates", rows)
	})
	t.Run("holds a newer price", func(t *testing.T) {
		l := newPriceLab(t)
		key := l.put("service", "name", "Cut", "price", 25.0, "rates", []item.Row{provider(t, "1", "price", 30.0)})
		l.run(priceJob(t, 5, "name", "Cut", "price", 20.0), wire.Own{})
		l.run(priceJob(t, 4, "name", "Cut", "price", 10.0), wire.Own{})
		l.wantField("service", key, "price", 20.0)
		l.wantField("service", key, "rates", []item.Row{provider(t, "1", "price", 20.0)})
	})
}

// Over random services at both ends, sync after sync: every active price of the
// receiver is the source's lowest, whatever else there is stays, exactly the
// copied prices have a base, and the same job again writes nothing.
func TestPriceSyncHoldsForAllPrices(test *testing.T) {
	money := rapid.Custom(func(t *rapid.T) item.Value {
		return rapid.SampledFrom([]item.Value{item.Null(), item.MustDecimal("9"), item.MustDecimal("10.50"), item.MustDecimal("10.5"), item.MustDecimal("0"), item.MustDecimal("100"), item.Integer(10)}).Draw(t, "money")
	})
	rates := func(t *rapid.T, keys []item.Value) item.Value {
		var list []item.Row
		for _, key := range keys {
			if rapid.Bool().Draw(t, "there") {
				cols := item.Fields{}.With("price", money.Draw(t, "price")).With("note", item.MustText(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "note")))
				if rapid.Bool().Draw(t, "has active") {
					cols = cols.With("active", item.Bool(rapid.Bool().Draw(t, "active")))
				}
				list = append(list, item.Row{Key: key, Cols: cols.With("duration", item.Integer(rapid.Int64Range(1, 3).Draw(t, "duration")))})
			}
		}
		v, err := item.Rows(list)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	mine := []item.Value{item.Ref("employee", "1"), item.Ref("employee", "2"), item.Ref("employee", "3")}
	theirs := []item.Value{item.MustText("x"), item.MustText("y"), item.MustText("z")}
	rapid.Check(test, func(t *rapid.T) {
		l := newPriceLab(test)
		key := l.put("service", "name", "Cut", "price", money.Draw(t, "own price"), "duration", 7, "rates", rates(t, mine))
		for rev := range int64(3) {
			source := []any{"name", "Cut", "price", money.Draw(t, "source price"), "duration", int(rev), "rates", rates(t, theirs)}
			before := l.get("service", key)
			p := priceJob(test, rev+1, source...)
			l.run(p, wire.Own{})
			checkPrices(t, before, l.get("service", key), fields(test, source...))
			if again := l.run(p, wire.Own{}); len(again[0].Write) > 0 {
				t.Fatalf("the same job again writes %v", again[0].Write)
			}
			l.set("service", key, "price", money.Draw(t, "edited"), "rates", rates(t, mine))
		}
	})
}

func checkPrices(t *rapid.T, before, now item.Item, source item.Fields) {
	lowest := lowestByHand(source)
	had, has := before.Fields.Get("rates").Rows(), now.Fields.Get("rates").Rows()
	if len(had) != len(has) {
		t.Fatalf("there were %d elements, and there are %d", len(had), len(has))
	}
	base, _ := now.Link.Field("rates")
	copied := 0
	for i, r := range has {
		was := had[i].Cols
		active := was.Get("price").IsNumber() && (was.Get("active").IsAbsent() || was.Get("active").True())
		want := was.Get("price")
		if active && lowest != nil {
			copied++
			want = *lowest
		}
		if !r.Cols.Get("price").Equal(want) || !r.Cols.Get("note").Equal(was.Get("note")) || !r.Cols.Get("active").Equal(was.Get("active")) {
			t.Fatalf("element %s was %s and is %s, the lowest price is %v", r.Key.Display(), canonicalFields(was), canonicalFields(r.Cols), lowest)
		}
	}
	if lowest != nil && len(base.Base.Rows()) != copied {
		t.Fatalf("%d prices were copied and %s has a base", copied, canonical(base.Base))
	}
	if own := before.Fields.Get("price"); lowest != nil && (own.IsNumber() || copied == 0) && !now.Fields.Get("price").Equal(*lowest) {
		t.Fatalf("the price is %s, the source's lowest %s", canonical(now.Fields.Get("price")), canonical(*lowest))
	}
}

// lowestByHand is the rule's minimum, in exact rationals.
func lowestByHand(source item.Fields) (out *item.Value) {
	var least *big.Rat
	see := func(v, active item.Value) {
		r, ok := new(big.Rat).SetString(v.Display())
		if ok && (active.IsAbsent() || active.True()) && (least == nil || r.Cmp(least) < 0) {
			least, out = r, &v
		}
	}
	see(source.Get("price"), item.Value{})
	for _, r := range source.Get("rates").Rows() {
		see(r.Cols.Get("price"), r.Cols.Get("active"))
	}
	return out
}

func canonicalFields(f item.Fields) string { return string(item.AppendFields(nil, f)) }

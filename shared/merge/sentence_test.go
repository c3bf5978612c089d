package merge_test

import (
	"slices"
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// Every way in which a field can end is told in a sentence that names the field
// and the values that decided it.
func TestEveryReasonHasASentence(t *testing.T) {
	l := newLab(t)
	l.field("service", "vendor").ReadOnly = true
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old", "cleanup", 5, "price", 10, "active", true, "parts", set(t, "a"))), wire.Own{})
	l.set("service", "1", "cleanup", 7, "description", "edited")
	kinds := labKinds()
	for i, f := range kinds[2].Fields {
		switch f.Name {
		case "sku":
			kinds[2].Fields[i].Leave = wire.LeaveFound
		case "tiers":
			kinds[2].Fields[i].Leave = wire.LeaveAll
		case "price":
			kinds[2].Fields[i].Policy, kinds[2].Fields[i].LockedBy = item.Locked, "price_sync"
		}
	}
	p := job(2, put(t, "service", "u1", "name", "New Cut", "description", "new", "cleanup", 9, "price", 12, "active", false, "sku", "4711",
		"house_call", true, "vendor", "Acme", "parts", set(t, "a", "b"), "ips", set(t)), put(t, "service", "u2", "name", "Wax", "tiers", []item.Row{row(t, 1, "amount", 5)}))
	p.Kinds = kinds
	own := wire.Own{Reset: map[string][]string{"u1": {"house_call"}}}
	l.set("service", "1", "house_call", false)
	plans := l.run(p, own)
	for field, want := range map[string]string{
		"name":        "Service Name was “Cut” and is “New Cut”: it is locked",
		"description": "Service Description was “edited” here, though it is locked; it is “new” again",
		"cleanup":     "Cleanup Time stays “7”: the branch changed it since the last sync (“5” there, “9” at the source)",
		"price":       "Price was “10” and is “12”: price sync locks it",
		"active":      "Active was “yes” and is “no”: nobody changed it here after the last sync",
		"sku":         "Barcode ID stays as it is: this sync leaves it out (“4711” at the source)",
		"house_call":  "House Call was “no” and was set to “yes”, as chosen in the Test",
		"vendor":      "Vendor has no place in this store's POS, or is not written there",
		"parts":       "Services Attached follows the source, element by element: it is locked",
		"ips":         "Safe IP Addresses: there is nothing to write",
	} {
		if got := planned(plans[0], field).Sentence(); got != want {
			t.Errorf("%s: %q\nwant %q", field, got, want)
		}
	}
	if got, want := planned(plans[1], "name").Sentence(), "Service Name comes with the new item: “Wax”"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := planned(plans[1], "tiers").Sentence(), "Tiers was left out by this sync (“(1 rows)” at the source): the new item is not restricted by it"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i, want := range []string{"6 of its fields are written", "the store has none, so it is created"} {
		if got := plans[i].Sentence(); got != want {
			t.Errorf("item %d: %q, want %q", i, got, want)
		}
	}
}

// A reason that nobody gave words ends as its code: none does.
func TestNoReasonIsWordless(t *testing.T) {
	for _, r := range []merge.Reason{
		merge.Created, merge.FollowsSource, merge.OverwroteDrift, merge.OverwroteOwn, merge.OwnGoes, merge.WasReset, merge.SameValue, merge.KeptFirstSync, merge.KeptBranch,
		merge.NewerHere, merge.FieldNotMapped, merge.MissingRef, merge.ReferenceAbsent, merge.Reverted, merge.ChangedSince, merge.NoSourcePrice,
		merge.NoPriceHere, merge.WithPrice, merge.LeftOut, merge.Unrestricted,
	} {
		l := newLab(t)
		plans := l.run(job(1, put(t, "service", "u1", "name", "Cut")), wire.Own{})
		f := planned(plans[0], "name")
		f.Reason, f.Missing = r, []string{"vendor “Acme”"}
		if got := f.Sentence(); !strings.HasPrefix(got, "Service Name") || strings.HasSuffix(got, string(r)) {
			t.Errorf("%s: %q", r, got)
		}
	}
}

// What changes inside rows, and what the two ends do not agree on.
func TestParts(t *testing.T) {
	l := newLab(t)
	tiers := func(amount, rate int) item.Row { return row(t, 1, "amount", amount, "rate", rate) }
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "tiers", []item.Row{tiers(100, 5), row(t, 2, "amount", 1)})), wire.Own{})
	l.set("service", "1", "tiers", []item.Row{tiers(100, 7), row(t, 2, "amount", 1), row(t, 3, "amount", 9)})
	plans := l.run(job(2, put(t, "service", "u1", "name", "Cut", "tiers", []item.Row{tiers(150, 6), row(t, 2, "amount", 1), row(t, 4, "amount", 2)})), wire.Own{})
	var got []string
	for _, p := range planned(plans[0], "tiers").Parts(func(key item.Value) string { return "tier " + key.Display() }) {
		got = append(got, strings.Join([]string{p.Element, p.Column, canonical(p.Base), canonical(p.Branch), canonical(p.Source), canonical(p.Result)}, " "))
	}
	want := []string{
		"tier 1 amount 100 100 150 150", "tier 1 rate 5 7 6 7",
		"tier 3  (absent) true (absent) (absent)", "tier 3 amount (absent) 9 (absent) (absent)",
		"tier 4  (absent) (absent) true true", "tier 4 amount (absent) (absent) 2 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if parts := planned(plans[0], "name").Parts(nil); parts != nil {
		t.Errorf("a name has parts: %v", parts)
	}
}

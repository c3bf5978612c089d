package storesync_test

import (
	"strings"
	"testing"

	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/item"
)

// lagOf is what is said of each store that lags, by name.
func (h *hub) lagOf(ask storesync.LagAsk) (storesync.LagPage, map[string]storesync.LagAt) {
	h.Helper()
	page, err := h.sync.Lag(h.Context(), "n", ask)
	if err != nil {
		h.Fatal(err)
	}
	out := map[string]storesync.LagAt{}
	for _, at := range page.Stores {
		out[at.Store.ID] = at
	}
	return page, out
}

// The old price: at a store that has not come, at one that keeps its own, at one
// whose job waits, and at one that is switched off.
func TestWhoStillHasTheOldPrice(t *testing.T) {
	h := newPricedHub(t, false)
	h.put("head", thing("service", "1", "name", "Cut", "price", money("20")))
	h.run(h.test(request(all("service"), "uptown", "downtown")))
	h.takes("uptown")
	h.takes("downtown")
	h.run(h.test(request(all("service"), "uptown", "downtown"))) // the same again brings nothing new
	h.takes("uptown")
	h.takes("downtown")
	ask := storesync.LagAsk{ItemRef: ref("service", "Cut"), Field: "price"}
	if page, lag := h.lagOf(ask); len(lag) != 0 || said(page.Value) != "20" || page.Source.ID != "head" {
		t.Fatalf("everyone has the price, and the answer is %+v", page)
	}
	h.edit("head", "service", "Cut", "price", money("24.50"))
	h.edit("uptown", "service", "Cut", "price", money("19"))
	page, lag := h.lagOf(ask)
	if said(page.Value) != "24.5" || len(lag) != 2 {
		t.Fatalf("the source has %s, and %d stores lag", said(page.Value), len(lag))
	}
	if at := lag["uptown"]; at.State != storesync.LagKeeps || said(at.Value) != "19" || !strings.Contains(at.Why, "the branch changed it since the last sync") || at.Since == nil {
		t.Errorf("uptown: %+v", at)
	}
	if at := lag["downtown"]; at.State != storesync.LagBehind || said(at.Value) != "20" || !strings.Contains(at.Why, "the next one writes it") || at.Since.Number != 1 {
		t.Errorf("downtown: %+v", at)
	}
	// By the old value, however it is written.
	ask.Value = "20.00"
	if _, lag := h.lagOf(ask); len(lag) != 1 || lag["downtown"].State == "" {
		t.Errorf("20.00 is still at %v", lag)
	}
	ask.Value = ""
	h.run(h.test(request(all("service"), "downtown")))
	if _, lag := h.lagOf(ask); lag["downtown"].State != storesync.LagWaits || !strings.Contains(lag["downtown"].Why, "job 3, “spring”, brings it and is queued") {
		t.Errorf("downtown with a job: %+v", lag["downtown"])
	}
	h.turn("downtown", store.Off)
	if _, lag := h.lagOf(ask); lag["downtown"].State != storesync.LagCannot || !strings.Contains(lag["downtown"].Why, "switch it on") {
		t.Errorf("downtown switched off: %+v", lag["downtown"])
	}
	for name, c := range map[string]struct{ field, says string }{"no field": {"cost", "no field \"cost\""}} {
		if _, err := h.sync.Lag(t.Context(), "n", storesync.LagAsk{ItemRef: ref("service", "Cut"), Field: c.field}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// While prices are copied the source's value is its lowest, and providers' prices
// lag like any other.
func TestLagOfCopiedPrices(t *testing.T) {
	h := newPricedHub(t, true)
	h.put("head", thing("employee", "1", "name", "Ann"), thing("service", "1", "name", "Cut", "price", money("22"), "rates", rates(t, rate("1", "20"))))
	h.put("uptown", thing("employee", "7", "name", "Mia"), thing("service", "5", "name", "Cut", "price", money("25"), "rates", rates(t, rate("7", "30"))))
	h.run(h.test(request(all("service"), "uptown")))
	h.takes("uptown")
	h.edit("uptown", "service", "Cut", "rates", rates(t, rate("7", "31")))
	if page, lag := h.lagOf(storesync.LagAsk{ItemRef: ref("service", "Cut"), Field: "price"}); said(page.Value) != "20" || len(lag) != 0 {
		t.Errorf("the price is %s, and lags at %v", said(page.Value), lag)
	}
	if _, lag := h.lagOf(storesync.LagAsk{ItemRef: ref("service", "Cut"), Field: "rates"}); said(lag["uptown"].Value) != "Mia: price 31" || lag["uptown"].State != storesync.LagBehind {
		t.Errorf("the rates: %+v", lag["uptown"])
	}
}

// References are compared by what they mean, and what never travels has no lag.
func TestLagOfReferences(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.run(h.test(request(all("category", "service"), "uptown")))
	h.takes("uptown")
	ask := storesync.LagAsk{ItemRef: ref("service", "Cut"), Field: "category"}
	if page, lag := h.lagOf(ask); said(page.Value) != "Hair" || len(lag) != 0 {
		t.Errorf("the category is %s, and lags at %v", said(page.Value), lag)
	}
	h.edit("uptown", "service", "Cut", "category", item.Ref("category", h.keyOf("uptown", "category", "All")))
	if _, lag := h.lagOf(ask); said(lag["uptown"].Value) != "All" {
		t.Errorf("moved, and told as %+v", lag["uptown"])
	}
	ask.Field = "tax"
	if _, err := h.sync.Lag(t.Context(), "n", ask); err == nil || !strings.Contains(err.Error(), "never travels") {
		t.Errorf("what never travels: %v", err)
	}
}

func (h *hub) keyOf(id, kind, name string) string {
	for _, it := range h.pos(id).items {
		if it.Kind == kind && it.Fields.Get("name").Str() == name {
			return it.Key
		}
	}
	h.Fatalf("%s has no %s %s", id, kind, name)
	return ""
}

func (h *hub) why(name, id, field string) storesync.Why {
	h.Helper()
	out, err := h.sync.Why(h.Context(), "n", storesync.WhyAsk{ItemRef: ref("service", name), Store: id, Field: field})
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// Why a field was not synced: kept, never, not linked, refused, switched off.
func TestWhyAFieldWasNotSynced(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.run(h.test(request(all("category", "service"), "uptown")))
	h.takes("uptown", "Wash")
	h.edit("uptown", "service", "Cut", "note", "ours")
	h.edit("head", "service", "Cut", "note", "long")
	tells := func(w storesync.Why, texts ...string) {
		t.Helper()
		all := strings.Join(w.Says, "\n")
		for _, text := range texts {
			if !strings.Contains(all, text) {
				t.Errorf("%s of %s: %q does not say %q", w.Field, w.Item.Name, all, text)
			}
		}
	}
	kept := h.why("Cut", "uptown", "note")
	tells(kept, "note stays “ours”: the branch changed it since the last sync (“short” there, “long” at the source)")
	if kept.Link == nil || said(kept.Link.Base) != "short" || kept.Link.Source != "head" || kept.Link.Since == nil || kept.Link.Since.Number != 1 || kept.Link.Newest <= kept.Link.SyncRev {
		t.Errorf("its link is %+v", kept.Link)
	}
	if kept.Policy != item.Unlocked || kept.Action != "keep" || kept.Now == nil || said(kept.Now.Source) != "long" {
		t.Errorf("told as %+v", kept)
	}
	tells(h.why("Cut", "uptown", "tax"), "tax never travels")
	tells(h.why("Cut", "head", "note"), "usually comes from this very store")
	tells(h.why("Cut", "downtown", "note"), "a sync could not bring the item: this store lacks category “Hair”")
	refused := h.why("Wash", "uptown", "name")
	tells(refused, "no sync has linked the item there yet: at the next one the store has none, so it is created")
	if len(refused.Told) != 1 || refused.Told[0].Code != "pos_refused" || !strings.Contains(refused.Told[0].Why, "the drawer is locked") {
		t.Errorf("the store told %+v", refused.Told)
	}
	h.edit("head", "service", "Colour", "sku", "c9")
	tells(h.why("Colour", "uptown", "sku"), "nothing has brought it yet; the next sync would: sku was “c2” and is “c9”: it is locked")
	h.run(h.test(request(all("service"), "uptown")))
	tells(h.why("Colour", "uptown", "sku"), "job 2, “spring”, brings the item and is queued")
	h.turn("uptown", store.Off)
	tells(h.why("Colour", "uptown", "sku"), "the store can receive nothing now: its sync switch is off")
	tells(h.why("Colour", "uptown", "vendors"), "the source has no value of it")
}

// What needs local setup: fields that never travel, references left empty, and
// what the POS refused, until somebody or a later job settles it.
func TestSetup(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("head", thing("vendor", "1", "name", "Acme"))
	h.in("uptown", func(tx *store.StoreTx) error {
		p := profile()
		for i := range p.Kinds {
			for j := range p.Kinds[i].Fields {
				if f := &p.Kinds[i].Fields[j]; f.Name == "tax" {
					f.Default, f.DefaultValue = true, `"7"`
				}
			}
		}
		return tx.SetProfile("with a default", p)
	})
	h.put("head", service("4", "Perm", "2", "vendors", rates(t, item.Row{Key: item.Ref("vendor", "1")})))
	h.run(h.test(request(all("category", "service"), "uptown")))
	h.takes("uptown", "Wash")
	h.edit("uptown", "service", "Colour", "tax", "7") // as the POS does, by the mapping's default
	setup := func(ask storesync.SetupAsk) (storesync.SetupPage, map[string]storesync.SetupItem) {
		t.Helper()
		page, err := h.sync.Setup(t.Context(), "uptown", ask)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]storesync.SetupItem{}
		for _, it := range page.Items {
			out[it.Sort+" "+it.Name] = it
		}
		return page, out
	}
	page, list := setup(storesync.SetupAsk{})
	if len(list) != 5 || page.Next != "" {
		t.Fatalf("the list is %+v", page)
	}
	if it := list["parked Wash"]; it.Key != "" || it.Job != 1 || !strings.Contains(it.Why, "the drawer is locked") || it.Mend == "" {
		t.Errorf("parked: %+v", it)
	}
	if it := list["reference Perm"]; len(it.Fields) != 1 || it.Fields[0].Field != "vendors" || !strings.Contains(it.Why, "vendor “Acme”") {
		t.Errorf("a reference: %+v", it)
	}
	if it := list["local Colour"]; len(it.Fields) != 1 || said(it.Fields[0].Value) != "7" || it.Fields[0].Why != "it has what the store's mapping gives every new item" {
		t.Errorf("with the default: %+v", it)
	}
	if it := list["local Cut"]; it.Fields[0].Value != nil || it.Fields[0].Why != "it is empty" {
		t.Errorf("empty: %+v", it)
	}
	counts, err := h.sync.SetupOfAll(t.Context(), "n", storesync.StoresAsk{})
	if err != nil || len(counts.Stores) != 1 || counts.Stores[0] != (storesync.SetupCount{Store: page.Store, Parked: 1, References: 1, Local: 3}) {
		t.Errorf("counted as %+v, %v", counts, err)
	}
	// Page by page: what jobs told of comes with the first.
	first, _ := setup(storesync.SetupAsk{Limit: 1})
	second, _ := setup(storesync.SetupAsk{Limit: 1, After: first.Next})
	third, _ := setup(storesync.SetupAsk{Limit: 1, After: second.Next})
	if len(first.Items) != 3 || len(second.Items) != 1 || len(third.Items) != 1 || third.Next != "" {
		t.Errorf("pages of %d, %d and %d, then %q", len(first.Items), len(second.Items), len(third.Items), third.Next)
	}
	if _, err := h.sync.Setup(t.Context(), "uptown", storesync.SetupAsk{After: "nonsense"}); err == nil || !strings.Contains(err.Error(), "no place in the list") {
		t.Errorf("a made-up place: %v", err)
	}
	// Settled: set at the store, and brought by the next job.
	if again, err := h.sync.SetupOfAll(t.Context(), "n", storesync.StoresAsk{}); err != nil || again.Stores[0] != counts.Stores[0] {
		t.Errorf("counted again as %+v, %v", again, err)
	}
	h.edit("uptown", "service", "Cut", "tax", "19")
	if now, err := h.sync.SetupOfAll(t.Context(), "n", storesync.StoresAsk{}); err != nil || len(now.Stores) != 1 || now.Stores[0].Local != 2 {
		t.Errorf("one was set at the store, and there are %+v, %v", now, err)
	}
	h.run(h.test(request(all("category", "service", "vendor"), "uptown")))
	h.takes("uptown")
	if _, list := setup(storesync.SetupAsk{}); len(list) != 3 || list["local Wash"].Name == "" || list["local Perm"].Name == "" || list["local Colour"].Name == "" {
		t.Errorf("afterwards: %+v", list)
	}
}

// A store that never came has no answers, and says so.
func TestQuestionsToAStoreThatNeverCame(t *testing.T) {
	h := newHub(t)
	h.salonList()
	storetest.AddNetwork(t, h.db, "third", "new")
	storetest.SetCatalog(t, h.db, "third", kinds())
	if _, err := h.sync.Setup(t.Context(), "new", storesync.SetupAsk{}); err == nil || !strings.Contains(err.Error(), "has not uploaded yet") {
		t.Errorf("its setup: %v", err)
	}
	if counts, err := h.sync.SetupOfAll(t.Context(), "third", storesync.StoresAsk{}); err != nil || len(counts.Stores) != 0 {
		t.Errorf("the counts: %+v, %v", counts, err)
	}
	if _, err := h.sync.Why(t.Context(), "n", storesync.WhyAsk{ItemRef: ref("service", "Cut"), Store: "new", Field: "note"}); err == nil {
		t.Error("a store of another network is told of")
	}
}

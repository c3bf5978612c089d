package storesync_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"

	"github.com/google/go-cmp/cmp"
)

func (h *hub) items(p storesync.Plan, id string, ask storesync.ItemsAsk) storesync.ItemsPage {
	h.Helper()
	page, err := h.sync.Items(h.Context(), "n", p.Digest, id, ask)
	if err != nil {
		h.Fatal(err)
	}
	return page
}

func first() storesync.ItemsAsk { return storesync.ItemsAsk{After: -1} }

func said(v *string) string {
	if v == nil {
		return "-"
	}
	return *v
}

// Item by item and field by field: base, branch, source, result, and why.
func TestItemsOfATest(t *testing.T) {
	h := newPricedHub(t, true)
	h.put("head", thing("employee", "1", "name", "Ann"),
		thing("service", "1", "name", "Cut", "price", money("22"), "rates", rates(t, rate("1", "20"))), thing("service", "2", "name", "Perm", "price", money("50")))
	h.put("uptown", thing("employee", "7", "name", "Mia"), thing("service", "5", "name", "cut", "price", money("25"), "rates", rates(t, rate("7", "30"))))
	p := h.test(request(all("service"), "uptown"))
	page := h.items(p, "uptown", first())
	if page.Matching != 2 || page.Next != -1 || page.Moved || page.Store.Name != "uptown" || len(page.Items) != 2 {
		t.Fatalf("the page is %+v", page)
	}
	cut := page.Items[0]
	if cut.Action != "adopt" || cut.Key != "5" || cut.Why != "the store's own item “cut” is linked" {
		t.Errorf("Cut is told as %s %s: %s", cut.Action, cut.Key, cut.Why)
	}
	var fields []string
	for _, f := range cut.Fields {
		fields = append(fields, strings.Join([]string{f.Field, said(f.Base), said(f.Branch), said(f.Source), said(f.Result), f.Code}, " · "))
	}
	if diff := cmp.Diff([]string{
		"name · - · cut · Cut · Cut · follows_source",
		"price · - · 25 · 20 · 20 · overwrote_own",
		"rates · - · (1 rows) · (1 rows) · (1 rows) · overwrote_own",
	}, fields); diff != "" {
		t.Error(diff)
	}
	thirty, twenty := "30", "20"
	if diff := cmp.Diff([]storesync.PartDetail{{Element: "Mia", Column: "Price", Branch: &thirty, Source: &twenty, Result: &twenty}}, cut.Fields[2].Parts); diff != "" {
		t.Error(diff)
	}
	if perm := page.Items[1]; perm.Action != "create" || perm.Key != "" || perm.Fields[1].Why != "Price comes with the new item: “50”" {
		t.Errorf("Perm is told as %+v", perm)
	}
	// By the name of what a reference refers to.
	h = newHub(t)
	h.salonList()
	p = h.test(request(all("category", "service"), "uptown"))
	wash := h.items(p, "uptown", storesync.ItemsAsk{Item: " WASH", After: -1}).Items[0]
	if i := slices.IndexFunc(wash.Fields, func(f storesync.FieldDetail) bool { return f.Field == "category" }); said(wash.Fields[i].Source) != "Hair" {
		t.Errorf("a reference is shown as %s", said(wash.Fields[i].Source))
	}
}

// Pages meet without a gap or an item twice, whatever their size and filter.
func TestPagesOfItems(t *testing.T) {
	h := newHub(t)
	h.put("head", append(many(23), thing("category", "2", "name", "Hair"))...)
	h.put("uptown", service("90", "Service 7", "77", "sku", "s7"))
	p := h.test(request(all("category", "service"), "uptown"))
	for name, c := range map[string]struct {
		ask  storesync.ItemsAsk
		want int
	}{
		"all":       {first(), 24},
		"of a kind": {storesync.ItemsAsk{Kind: "service", After: -1}, 23},
		"created":   {storesync.ItemsAsk{Action: "create", After: -1}, 23},
		"adopted":   {storesync.ItemsAsk{Action: "adopt", After: -1}, 1},
		"by key":    {storesync.ItemsAsk{Item: "90", After: -1}, 1},
		"by name":   {storesync.ItemsAsk{Item: "service 11", After: -1}, 1},
		"by uid":    {storesync.ItemsAsk{Item: service("4", "", "").UID("head"), After: -1}, 1},
		"none":      {storesync.ItemsAsk{Kind: "vendor", After: -1}, 0},
	} {
		for _, limit := range []int{1, 5, 0, 1_000_000} {
			ask, seen := c.ask, map[int]bool{}
			ask.Limit = limit
			for {
				page := h.items(p, "uptown", ask)
				if page.Matching != c.want || len(page.Items) > max(limit, storesync.DefaultItemsPage) {
					t.Fatalf("%s by %d: %d match, want %d; the page has %d", name, limit, page.Matching, c.want, len(page.Items))
				}
				for _, it := range page.Items {
					if seen[it.N] || it.N <= ask.After {
						t.Errorf("%s by %d: item %d comes twice", name, limit, it.N)
					}
					seen[it.N] = true
				}
				if ask.After = page.Next; page.Next < 0 {
					break
				}
			}
			if len(seen) != c.want {
				t.Errorf("%s by %d: %d items were shown, want %d", name, limit, len(seen), c.want)
			}
		}
	}
}

// A store that moved since is said to have, and a deletion is an item too.
func TestItemsSayThatTheStoreMoved(t *testing.T) {
	h := newHub(t)
	h.salonList()
	r := request(all("category"), "uptown")
	r.Options.DeleteMissing = storesync.DeleteAll
	h.put("uptown", thing("category", "9", "name", "Tanning"))
	p := h.test(r)
	gone := h.items(p, "uptown", storesync.ItemsAsk{Action: "delete", After: -1})
	if gone.Moved || len(gone.Items) != 1 || gone.Items[0].Name != "Tanning" || gone.Items[0].Why != "the source does not have it" {
		t.Errorf("the deletion is told as %+v", gone)
	}
	h.put("uptown", thing("category", "5", "name", "hair"))
	if page := h.items(p, "uptown", first()); !page.Moved || page.Items[1].Action != "adopt" {
		t.Errorf("the store has Hair by now, and is told %+v", page)
	}
}

func TestItemsOfWhomTheTestHasNone(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.turn("downtown", store.Off)
	p := h.test(request(all("category"), "uptown", "downtown"))
	if _, err := h.sync.Items(t.Context(), "n", p.Digest, "downtown", first()); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), "switch it on") {
		t.Errorf("of a store that cannot receive: %v", err)
	}
	if _, err := h.sync.Items(t.Context(), "n", p.Digest, "head", first()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of the source: %v", err)
	}
	if _, err := h.sync.Items(t.Context(), "other", p.Digest, "uptown", first()); !errors.Is(err, storesync.ErrExpired) {
		t.Errorf("of another network: %v", err)
	}
}

// A rows field of thousands of elements is cut short, and says by how many.
func TestPartsAreBounded(t *testing.T) {
	h := newPricedHub(t, false)
	var list []item.Row
	for i := range 500 {
		list = append(list, item.Row{Key: item.MustText(strings.Repeat("x", i%100) + string(rune('a'+i/100)))})
	}
	h.put("head", thing("level", "1", "name", "Manager", "ips", rates(t, list...)))
	h.put("uptown", thing("level", "1", "name", "Manager", "ips", rates(t)))
	f := h.items(h.test(request(all("level"), "uptown")), "uptown", first()).Items[0].Fields[0]
	if len(f.Parts)+f.More != 500 || len(f.Parts) > 200 {
		t.Errorf("%d parts are shown and %d more are there, of 500", len(f.Parts), f.More)
	}
}

// A field that never travels, that the store's POS demands, and for which its
// mapping has no default: the item cannot be created, and the Test says so.
func TestNobodyGivesWhatThePOSDemands(t *testing.T) {
	h := newHub(t)
	h.salonList()
	demand := func(hasDefault bool) storesync.Plan {
		h.in("uptown", func(tx *store.StoreTx) error {
			p := profile()
			for i := range p.Kinds {
				for j := range p.Kinds[i].Fields {
					if f := &p.Kinds[i].Fields[j]; p.Kinds[i].Kind == "service" && f.Name == "tax" {
						f.Required, f.Default = true, hasDefault
					}
				}
			}
			return tx.SetProfile(fmt.Sprint("demands, with a default: ", hasDefault), p)
		})
		return h.test(request(all("category", "service"), "uptown"))
	}
	p := demand(false)
	if codes(p.Stores[0].Warnings)["required_missing"] != 3 || p.Counts.Parked != 3 || p.Counts.Created != 2 {
		t.Errorf("three services need a tax: %+v, %v", p.Counts, p.Stores[0].Warnings)
	}
	cut := h.items(p, "uptown", storesync.ItemsAsk{Item: "Cut", After: -1}).Items[0]
	if len(cut.Fields) > 0 {
		t.Errorf("nothing of it is written, and its fields are shown: %+v", cut.Fields)
	}
	if cut.Action != "park" || !strings.Contains(cut.Why, "demands a value for tax") || !strings.Contains(cut.Why, "set a default in the mapping") {
		t.Errorf("Cut is told as %s: %s", cut.Action, cut.Why)
	}
	if p := demand(true); p.Counts.Parked != 0 || len(p.Stores[0].Warnings) > 0 {
		t.Errorf("the mapping has a default: %+v, %v", p.Counts, p.Stores[0].Warnings)
	}
}

package storesync_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// heldKinds are the test's kinds, with what S3 forbids of a service.
func heldKinds() *catalog.Catalog {
	c := kinds()
	for i := range c.Kinds {
		if k := &c.Kinds[i]; k.Name == "service" {
			k.Operations = []catalog.Operation{{Name: "convert_to_vendor"}, {Name: "delete"}, {Name: "move"}, {Name: "edit", Allowed: true}}
		}
	}
	return c
}

// heldHub is a network whose branch uptown has taken head office's list.
func heldHub(t *testing.T) *hub {
	h := newHub(t)
	storetest.SetCatalog(t, h.db, "n", heldKinds())
	h.salonList()
	h.run(h.test(request(all("category", "service"), "uptown")))
	h.takes("uptown")
	return h
}

// drops is the POS deleting an item: its tombstone keeps values and link.
func (h *hub) drops(id, kind, name string) {
	h.Helper()
	for _, it := range h.pos(id).items {
		if it.Kind == kind && it.Fields.Get("name").Str() == name {
			it.Deleted = true
			h.put(id, it)
			return
		}
	}
	h.Fatalf("%s has no %s %s", id, kind, name)
}

// drift is a store's, a line for each item.
func (h *hub) drift(id string, ask storesync.DriftAsk) string {
	h.Helper()
	page, err := h.sync.Drift(h.Context(), id, ask)
	if err != nil {
		h.Fatal(err)
	}
	var lines []string
	for _, it := range page.Items {
		line := strings.TrimSpace(it.Kind + " " + it.Name + " " + it.Operation + " " + it.To)
		for _, f := range it.Fields {
			line += fmt.Sprintf(" %s %s>%s", f.Field, said(f.Base), said(f.Value))
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(append(lines, page.Lifted), "\n")
}

func TestDrift(t *testing.T) {
	h := heldHub(t)
	is := func(when string, want ...string) {
		t.Helper()
		want = append(want, "")
		if got := h.drift("uptown", storesync.DriftAsk{}); got != strings.Join(want, "\n") {
			t.Errorf("%s the drift is\n%swant\n%s", when, got, strings.Join(want, "\n"))
		}
	}
	is("after the sync")
	h.edit("uptown", "service", "Cut", "note", "ours", "price", money("99"), "tax", "3")
	is("after edits of what is the branch's own")
	h.edit("uptown", "service", "Cut", "name", "Cutt", "sku", "x")
	h.edit("uptown", "service", "Colour", "category", item.Ref("category", h.key("uptown", "category", "All")))
	is("after edits of what is locked",
		"service Colour moved category Hair>All", "service Cutt name Cut>Cutt sku c1>x")
	h.drops("uptown", "service", "Wash")
	is("with one deleted",
		"service Colour moved category Hair>All", "service Cutt name Cut>Cutt sku c1>x", "service Wash deleted")
	h.put("uptown", thing("vendor", "77", "name", "wash"))
	is("with a vendor of its name",
		"service Colour moved category Hair>All", "service Cutt name Cut>Cutt sku c1>x", "service Wash converted vendor")
	if got := h.drift("uptown", storesync.DriftAsk{Kind: "category"}); got != "" {
		t.Errorf("of categories alone: %q", got)
	}
	h.counted(storesync.DriftCount{Store: storesync.StoreName{ID: "uptown", Name: "uptown"}, Fields: 1, Moved: 1, Converted: 1})
	// A duplicate is a local item (1-domain), and no drift.
	h.put("uptown", service("55", "Cut (copy)", h.key("uptown", "category", "Hair"), "sku", "own"))
	// The next sync undoes it, and what became of the service stays.
	h.run(h.test(request(all("category", "service"), "uptown")))
	h.takes("uptown")
	is("after the next sync")
	h.counted()
	if h.key("uptown", "vendor", "wash") != "77" {
		t.Error("the vendor that it was made into is gone")
	}
}

func TestDriftPageByPage(t *testing.T) {
	h := heldHub(t)
	for _, name := range []string{"Cut", "Colour"} {
		h.edit("uptown", "service", name, "sku", "x")
	}
	h.drops("uptown", "service", "Wash")
	var names []string
	ask := storesync.DriftAsk{Limit: 1}
	for range 4 {
		page, err := h.sync.Drift(t.Context(), "uptown", ask)
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%+v, %v", page, err)
		}
		names = append(names, page.Items[0].Name)
		if ask.After = page.Next; page.Next == "" {
			break
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"Colour", "Cut", "Wash"}) {
		t.Errorf("page by page: %q", names)
	}
	for _, ask := range []storesync.DriftAsk{{After: "nonsense"}, {Kind: "spaceship"}} {
		if _, err := h.sync.Drift(t.Context(), "uptown", ask); err == nil {
			t.Errorf("%+v was answered", ask)
		}
	}
}

// What lifts locks lifts drift; what a sync or the source deleted is nobody's; and
// the usual source of a kind is held to nothing.
func TestWhatIsNoDrift(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(h *hub)
		want string
	}{
		"the switch is off": {func(h *hub) { h.turn("uptown", store.Off) }, "its sync switch is off, which lifts all locks"},
		"it is no longer in the network": {func(h *hub) {
			h.in("uptown", func(tx *store.StoreTx) error {
				s := tx.Store
				s.Role = store.Single
				return tx.SetStore(s)
			})
		}, "it is a single store, linked into no network"},
		"the kind comes from it": {func(h *hub) {
			h.settings(func(s *storesync.Settings) { s.Usual = map[string]string{"service": "uptown"} })
		}, ""},
		"the source deleted it too": {func(h *hub) {
			h.edit("uptown", "service", "Cutt", "name", "Cut", "sku", "c1")
			h.drops("head", "service", "Wash")
		}, ""},
		"a sync deleted it": {func(h *hub) {
			h.edit("uptown", "service", "Cutt", "name", "Cut", "sku", "c1")
			h.view("uptown", func(v *store.StoreView) error {
				rows, err := v.Items("service", item.ID{}, 100)
				for _, r := range rows {
					it, _ := r.Decode()
					if it.Deleted {
						it.Link = it.Link.Ended()
						defer h.put("uptown", it)
					}
				}
				return err
			})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := heldHub(t)
			h.edit("uptown", "service", "Cut", "name", "Cutt", "sku", "x")
			h.drops("uptown", "service", "Wash")
			if got := h.drift("uptown", storesync.DriftAsk{}); !strings.Contains(got, "Cutt") || !strings.Contains(got, "Wash deleted") {
				t.Fatalf("before, the drift is %q", got)
			}
			c.do(h)
			if got := h.drift("uptown", storesync.DriftAsk{}); got != c.want {
				t.Errorf("the drift is %q, want %q", got, c.want)
			}
			h.counted()
		})
	}
}

// counted holds the counts of all stores against what is wanted.
func (h *hub) counted(want ...storesync.DriftCount) {
	h.Helper()
	got, err := h.sync.DriftOfAll(h.Context(), "n", storesync.StoresAsk{})
	if err != nil || !slices.Equal(got.Stores, want) {
		h.Errorf("counted as %+v, %v; want %+v", got.Stores, err, want)
	}
}

// key is the key of a store's item of that name.
func (h *hub) key(id, kind, name string) string {
	h.Helper()
	for _, it := range h.pos(id).items {
		if it.Kind == kind && it.Fields.Get("name").Str() == name {
			return it.Key
		}
	}
	h.Fatalf("%s has no %s %s", id, kind, name)
	return ""
}

// settings changes what the network has settled for its syncs.
func (h *hub) settings(change func(*storesync.Settings)) {
	h.Helper()
	err := h.db.WithNetwork(h.Context(), "n", func(tx *store.NetworkTx) (err error) {
		n := tx.Network
		if n.Settings, err = storesync.Change(n, change); err != nil {
			return err
		}
		return tx.SetNetwork(n)
	})
	if err != nil {
		h.Fatal(err)
	}
}

// Which kinds a store repairs by itself: none before the network asks for it, none
// where locks are lifted, and never those that come from it.
func TestWhatAStoreRepairs(t *testing.T) {
	h := heldHub(t)
	repairs := func(id string) (out []string) {
		t.Helper()
		h.view(id, func(v *store.StoreView) (err error) { out, err = storesync.RepairedBy(v); return err })
		return out
	}
	if got := repairs("uptown"); len(got) > 0 {
		t.Errorf("before the network asks for it: %q", got)
	}
	h.settings(func(s *storesync.Settings) { s.Repair, s.Usual = true, map[string]string{"vendor": "uptown"} })
	for id, want := range map[string]string{"uptown": "category service", "downtown": "category service vendor", "head": "vendor", "stranger": ""} {
		if got := strings.Join(repairs(id), " "); got != want {
			t.Errorf("%s repairs %q, want %q", id, got, want)
		}
	}
	// A field that travels while a switch is on alone is left to the store while it is off.
	shared := heldKinds()
	for i := range shared.Kinds {
		for j := range shared.Kinds[i].Fields {
			if f := &shared.Kinds[i].Fields[j]; shared.Kinds[i].Name == "service" && f.Name == "note" {
				f.Policy, f.LockedWhen = item.Never, "shared_number"
			}
		}
	}
	storetest.SetCatalog(t, h.db, "n", shared)
	if got := strings.Join(repairs("uptown"), " "); got != "category service service.note" {
		t.Errorf("with a field that a switch leaves to it: %q", got)
	}
	h.turn("uptown", store.Off)
	if got := repairs("uptown"); len(got) > 0 {
		t.Errorf("with the switch off: %q", got)
	}
}

// What a store could not repair is said beside its drift, and what it did is listed.
func TestRepairsAreListed(t *testing.T) {
	h := heldHub(t)
	h.edit("uptown", "service", "Cut", "sku", "x")
	key := h.key("uptown", "service", "Cut")
	h.in("uptown", func(tx *store.StoreTx) error {
		_, err := tx.PutRepair(wire.Repair{ID: "r1", Kind: "service", Key: key, UID: "u", Name: "Cut", Refused: "the POS refuses it: the drawer is locked"})
		_, err2 := tx.PutRepair(wire.Repair{ID: "r2", Kind: "category", Key: "1", UID: "v", Name: "Hair", Fields: []wire.RepairField{{Field: "name", Base: "Hair", Value: "Hare"}}})
		return errors.Join(err, err2)
	})
	page, err := h.sync.Drift(t.Context(), "uptown", storesync.DriftAsk{})
	if err != nil || len(page.Items) != 1 || !strings.Contains(page.Items[0].Why, "by itself, but the POS refuses it: the drawer is locked") {
		t.Errorf("the drift: %+v, %v", page, err)
	}
	first, err := h.sync.Repairs(t.Context(), "uptown", storesync.DriftAsk{Limit: 1})
	if err != nil || len(first.Items) != 1 || first.Items[0].Name != "Hair" || said(first.Items[0].Fields[0].Value) != "Hare" || first.Next == "" {
		t.Fatalf("the repairs: %+v, %v", first, err)
	}
	rest, err := h.sync.Repairs(t.Context(), "uptown", storesync.DriftAsk{Limit: 1, After: first.Next})
	if err != nil || len(rest.Items) != 1 || rest.Items[0].Refused == "" || rest.Next != "" {
		t.Errorf("the rest: %+v, %v", rest, err)
	}
}

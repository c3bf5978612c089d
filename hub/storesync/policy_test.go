package storesync_test

import (
	"context"
	"errors"
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

func (h *hub) testPolicy(p storesync.Proposed) storesync.PolicyTest {
	h.Helper()
	out, err := h.sync.TestPolicy(context.Background(), storesync.PolicyRequest{Network: "n", By: "ann", Label: "policies", Proposed: p})
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// newPolicies is a hub at which uptown has head office's list, with notes of its
// own, downtown a thing of its own, and nobody anything else.
func newPolicies(t *testing.T) *hub {
	h := newHub(t)
	h.salonList()
	h.mirror("uptown")
	mine := service("1", "Cut", "2", "sku", "c1", "note", "mine", "tax", "7", "price", item.MustDecimal("25"))
	h.put("uptown", linked(mine, mine, "head"))
	h.put("downtown", service("7", "Own", "2"))
	return h
}

func TestAPolicyIsTestedBeforeItIsChanged(t *testing.T) {
	h := newPolicies(t)
	other := kinds().With(map[string]item.Policy{"service.note": item.Locked})
	out := h.testPolicy(storesync.Proposed{Catalog: other})
	if want := []storesync.FieldChange{{Kind: "service", Field: "note", From: item.Unlocked, To: item.Locked}}; !slices.Equal(out.Changes, want) || len(out.Tests) != 1 {
		t.Fatalf("it changes %+v, with %d Tests", out.Changes, len(out.Tests))
	}
	plan, at := out.Tests[0].Plan, out.Tests[0].Stores
	if len(at) != 2 || at[0].Store.Name != "downtown" || at[0].Blocked == "" || at[0].Linked != 0 {
		t.Errorf("a store that has nothing of it: %+v", at[0])
	}
	if f := at[1].Fields; at[1].Linked != 3 || len(f) != 1 || f[0].Field != "note" || f[0].Locks != 1 || f[0].Frees != 0 || f[0].Overwrites != 1 ||
		!slices.Equal(f[0].Items, []storesync.FieldItem{{Name: "Cut", Key: "1", Branch: "mine", Result: "short"}}) {
		t.Errorf("uptown: %+v", at[1])
	}
	if plan.Sentence() == "" || plan.Policy == nil || plan.Policy.Catalog != other.Digest() {
		t.Errorf("the plan is %+v", plan.Policy)
	}

	ctx := context.Background()
	if _, err := h.sync.Run(ctx, "n", plan.Digest, storesync.Confirm{}, "ann"); !errors.Is(err, storesync.ErrRequest) {
		t.Errorf("run as a sync: %v", err)
	}
	// The network and the sync are changed together, or not at all.
	refused := errors.New("not now")
	if _, err := h.sync.RunAlso(ctx, "n", plan.Digest, storesync.Confirm{}, "ann", func(*store.NetworkTx, storesync.Plan) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("run, and the network does not change: %v", err)
	}
	h.applies("uptown", 0)
	did := 0
	also := func(tx *store.NetworkTx, p storesync.Plan) error {
		did++
		if !p.Policy.Stands(tx.Network) || p.Policy.Done(tx.Network) {
			t.Errorf("before it is changed, the network is %+v", tx.Network)
		}
		err := tx.SetCatalog(other.Digest(), other.Encode())
		if n, _ := tx.View.Network("n"); p.Policy.Stands(n) || !p.Policy.Done(n) {
			t.Errorf("after it was changed, the network is %+v", n)
		}
		return err
	}
	for range 2 {
		if _, err := h.sync.RunAlso(ctx, "n", plan.Digest, storesync.Confirm{}, "ann", also); err != nil || did != 1 {
			t.Fatalf("run: %v; the network was changed %d times", err, did)
		}
	}
	if h.next("uptown") == nil || h.next("downtown") != nil {
		t.Fatal("not uptown alone has a job")
	}
	_, payload, _ := h.job("uptown")
	if len(payload.Kinds) == 0 || !payload.Options.OnlyLinked {
		t.Fatalf("the job carries %+v", payload)
	}
	for _, k := range payload.Kinds {
		if want := map[bool]int{true: 1}[k.Name == "service"]; len(k.Fields) != want {
			t.Errorf("of %s travel %+v", k.Name, k.Fields)
		}
	}
	if r := h.takesJob("uptown"); r.Counts != (wire.Counts{Updated: 1, Equal: 2}) {
		t.Errorf("uptown did %+v", r.Counts)
	}
	if c, ok := h.cursor("uptown", "service"); ok {
		t.Errorf("a cursor begins where a part of it came: %+v", c)
	}
}

// A field that is never to be synced any more: where it was, and in how many items, is
// told; it travels in no job, and is no drift, until it is synced again.
func TestWhatStopsBeingSynced(t *testing.T) {
	h := newHub(t)
	now := kinds().With(map[string]item.Policy{"service.note": item.Locked})
	storetest.SetCatalog(t, h.db, "n", now)
	h.salonList()
	h.run(h.test(request(all("category", "service"), "uptown")))
	h.takes("uptown")
	stopped := kinds().With(map[string]item.Policy{"service.note": item.Never, "service.tax": item.Locked})
	out := h.testPolicy(storesync.Proposed{Catalog: stopped})
	if len(out.Tests) != 0 || len(out.Stops) != 1 || out.Stopped() != 1 {
		t.Fatalf("it stops %+v, with %d Tests", out.Stops, len(out.Tests))
	}
	if s := out.Stops[0]; s.Field != "note" || len(s.Stores) != 1 || s.Stores[0] != (storesync.StopAt{Store: storesync.StoreName{ID: "uptown", Name: "uptown"}, Items: 1, Locked: 1}) {
		t.Errorf("it stops %+v", s)
	}
	// With a change that sends something, it is among that Test's warnings.
	both := h.testPolicy(storesync.Proposed{Catalog: stopped.With(map[string]item.Policy{"service.name": item.Unlocked})})
	if len(both.Tests) != 1 || codes(both.Tests[0].Plan.Warnings)[storesync.WarnStops] != 1 {
		t.Errorf("beside another change: %+v", both.Tests)
	}

	h.edit("uptown", "service", "Cut", "note", "ours")
	if got := h.drift("uptown", storesync.DriftAsk{}); !strings.Contains(got, "short>ours") {
		t.Fatalf("the edit of a locked field is no drift, so this shows nothing: %q", got)
	}
	storetest.SetCatalog(t, h.db, "n", stopped)
	if got := h.drift("uptown", storesync.DriftAsk{}); got != "" {
		t.Errorf("of a field that is never synced there is drift: %s", got)
	}
	h.edit("head", "service", "Cut", "note", "long", "name", "Cut!")
	h.run(h.test(request(all("service"), "uptown")))
	_, payload, _ := h.job("uptown")
	for _, it := range payload.Items {
		if !it.Fields.Get("note").IsAbsent() {
			t.Errorf("%s travels with its note", it.Name)
		}
	}
	h.takes("uptown")
	// Synced again, it is looked at like any other change of policy.
	back := h.testPolicy(storesync.Proposed{Catalog: now})
	if len(back.Tests) != 1 || len(back.Stops) != 0 {
		t.Fatalf("synced again: %+v", back)
	}
	if _, _, overwrites := back.Tests[0].Stores[1].Sums(); overwrites != 1 {
		t.Errorf("synced again, it overwrites %+v", back.Tests[0].Stores)
	}
}

// A switch locks what policies name it for; a field that is freed is told too.
func TestASwitchAndWhatItFrees(t *testing.T) {
	h := newPolicies(t)
	on := h.testPolicy(storesync.Proposed{Catalog: kinds(), Switches: map[string]bool{"price_sync": true}})
	if len(on.Tests) != 1 || on.Changes[0].String() != "service.price is locked, it was unlocked" {
		t.Fatalf("price sync: %+v", on)
	}
	if locks, frees, overwrites := on.Tests[0].Stores[1].Sums(); locks != 1 || frees != 0 || overwrites != 1 {
		t.Errorf("it locks %d, frees %d, overwrites %d", locks, frees, overwrites)
	}
	free := h.testPolicy(storesync.Proposed{Catalog: kinds().With(map[string]item.Policy{"service.name": item.Unlocked})})
	if locks, frees, overwrites := free.Tests[0].Stores[1].Sums(); locks != 0 || frees != 3 || overwrites != 0 {
		t.Errorf("names: it locks %d, frees %d, overwrites %d", locks, frees, overwrites)
	}
	if c := free.Tests[0].Plan.Counts; c.Created+c.Adopted != 0 {
		t.Errorf("it would do %+v", c)
	}
}

// A kind that is new or goes touches nothing that stores have, and no Test is made
// where nothing is linked.
func TestAKindIsAddedOrGoes(t *testing.T) {
	h := newPolicies(t)
	poster := &catalog.Catalog{Kinds: []catalog.Kind{{Name: "poster", Title: "Posters", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name"},
		Fields: []catalog.Field{{Name: "name", Title: "Name", Type: "text", Policy: item.Locked}}}}}
	if out := h.testPolicy(storesync.Proposed{Catalog: kinds().Overlay(poster)}); !slices.Equal(out.Added, []string{"poster"}) || len(out.Tests) != 0 {
		t.Errorf("a new kind: %+v", out)
	}
	fewer := &catalog.Catalog{Kinds: slices.DeleteFunc(kinds().Kinds, func(k catalog.Kind) bool { return k.Name == "vendor" })}
	if out := h.testPolicy(storesync.Proposed{Catalog: fewer}); !slices.Equal(out.Removed, []string{"vendor"}) || len(out.Tests) != 0 {
		t.Errorf("a kind that goes: %+v", out)
	}
	if out := h.testPolicy(storesync.Proposed{Catalog: kinds().With(map[string]item.Policy{"vendor.name": item.Unlocked})}); len(out.Changes) != 1 || len(out.Tests) != 0 {
		t.Errorf("of a kind that nobody has: %+v", out)
	}
	_, err := h.sync.TestPolicy(context.Background(), storesync.PolicyRequest{Network: "n", By: "ann", Proposed: storesync.Proposed{Catalog: kinds()}})
	if !errors.Is(err, storesync.ErrRequest) {
		t.Errorf("the same again: %v", err)
	}
}

func TestASyncOfSomeFields(t *testing.T) {
	h := newPolicies(t)
	r := request(all("service"), "uptown")
	r.Fields = []string{"service.price"}
	p := h.test(r)
	if p.Counts != (wire.Counts{Equal: 2, Kept: 1}) {
		t.Errorf("prices alone: %+v", p.Counts)
	}
	for _, bad := range []string{"price", "service.nothing", "sale.service", "service.tax"} {
		r.Fields = []string{bad}
		if _, err := h.sync.Test(context.Background(), r, nil); !errors.Is(err, storesync.ErrRequest) {
			t.Errorf("the field %s: %v", bad, err)
		}
	}
}

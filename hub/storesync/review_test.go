package storesync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"plait/hub/store"
	"plait/hub/storesync"
)

func (h *hub) review(id string, synced bool) storesync.Review {
	h.Helper()
	r, err := h.sync.Review(context.Background(), storesync.ReviewRequest{Network: "n", Store: id, By: "ann", Synced: synced})
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func (h *hub) coming(id string) (out []string) {
	h.Helper()
	h.view(id, func(v *store.StoreView) error {
		list, err := storesync.ComesTo(v)
		for _, c := range list {
			out = append(out, fmt.Sprintf("%s of %s, %d changes, held: %s", c.Kind, c.Source, c.Changes, c.Held))
			if (c.Why() == "") != (c.Held == "") {
				h.Errorf("%+v is held because %q", c, c.Why())
			}
		}
		return err
	})
	return out
}

func kindsIn(p storesync.Plan) (out []string) {
	for _, s := range p.Request.Kinds {
		out = append(out, s.Kind)
	}
	return out
}

// A store that was off is told what it misses, and gets it by the Test that it is
// looked at with once it is on again; nothing comes by itself before.
func TestAStoreThatWasOffIsLookedAt(t *testing.T) {
	h := newContinuous(t, "category", "service")
	h.turn("uptown", store.Off)
	h.put("head", service("9", "Perm", "2"), service("1", "Cut and dry", "2", "sku", "c1"))
	var misses []string
	h.view("uptown", func(v *store.StoreView) error {
		list, err := storesync.Misses(v)
		for _, m := range list {
			misses = append(misses, m.String())
		}
		return err
	})
	if want := []string{"what head changes of category from now on", "what head changes of service from now on, and 2 changes that waited for it"}; !slices.Equal(misses, want) {
		t.Errorf("it misses %q, want %q", misses, want)
	}
	h.turn("uptown", store.On)
	h.spread()
	h.applies("uptown", 0)
	if got, want := h.coming("uptown"), []string{"category of head, 0 changes, held: switched_on", "service of head, 2 changes, held: switched_on"}; !slices.Equal(got, want) {
		t.Errorf("there comes %q, want %q", got, want)
	}
	r := h.review("uptown", true)
	if len(r.Tests) != 1 || len(r.Tests[0].Stores) != 1 || !slices.Equal(kindsIn(r.Tests[0].Plan), []string{"category", "service", "vendor"}) {
		t.Fatalf("the review is %+v", r)
	}
	if c := r.Tests[0].Plan.Counts; c.Created != 1 || c.Updated != 1 || c.Parked != 0 {
		t.Errorf("it would do %+v", c)
	}
	h.run(r.Tests[0].Plan)
	h.applies("uptown", 1)
	h.mirror("uptown")
	h.put("head", service("11", "Dye", "2"))
	h.applies("uptown", 1)
	if _, p, _ := h.job("uptown"); namesOf(p) != "service Dye" {
		t.Errorf("after the review came %s", namesOf(p))
	}
}

// Whoever declines a review leaves out what the store missed, and that alone.
func TestADeclinedReview(t *testing.T) {
	h := newContinuous(t, "category", "service")
	h.turn("uptown", store.Off)
	h.put("head", service("9", "Perm", "2"))
	h.turn("uptown", store.On)
	ask := storesync.ReviewRequest{Network: "n", Store: "uptown", By: "ann"}
	out, err := h.sync.Decline(context.Background(), ask)
	if err != nil || len(out) != 1 || out[0].Name != "uptown" || !slices.Equal(out[0].Kinds, []string{"category", "service"}) {
		t.Fatalf("declined: %+v, %v", out, err)
	}
	h.audited("review.decline", "ann")
	h.applies("uptown", 0)
	h.put("head", service("11", "Dye", "2"))
	h.applies("uptown", 1)
	if _, p, _ := h.job("uptown"); namesOf(p) != "service Dye" {
		t.Errorf("after it was declined came %s", namesOf(p))
	}
	if out, err := h.sync.Decline(context.Background(), ask); err != nil || len(out) > 0 {
		t.Errorf("declined again: %+v, %v", out, err)
	}
}

// What is reviewed comes from the usual source of each kind, and a store that has
// never been looked at is reviewed for every kind that is not synced by hand.
func TestAReviewOfEverySource(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("downtown", thing("vendor", "1", "name", "Acme"))
	err := h.db.WithNetwork(context.Background(), "n", func(tx *store.NetworkTx) error {
		n := tx.Network
		settings, err := storesync.Change(n, func(s *storesync.Settings) { s.Usual = map[string]string{"vendor": "downtown"} })
		if err != nil {
			return err
		}
		n.Settings = settings
		return tx.SetNetwork(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	h.continuous("service", "vendor")
	if got, want := h.coming("uptown"), []string{"service of head, 5 changes, held: new", "vendor of downtown, 1 changes, held: new"}; !slices.Equal(got, want) {
		t.Errorf("there comes %q, want %q", got, want)
	}
	r := h.review("uptown", false)
	if len(r.Tests) != 2 || r.Tests[0].Plan.Source.ID != "downtown" || r.Tests[1].Plan.Source.ID != "head" ||
		!slices.Equal(kindsIn(r.Tests[0].Plan), []string{"vendor"}) || !slices.Equal(kindsIn(r.Tests[1].Plan), []string{"category", "service"}) {
		t.Fatalf("the review is %+v", r)
	}
	for _, p := range r.Tests {
		h.run(p.Plan)
	}
	for _, c := range h.coming("uptown") {
		if c[len(c)-6:] != "held: " {
			t.Errorf("reviewed, and there comes %s", c)
		}
	}
	h.in("uptown", func(tx *store.StoreTx) error { s := tx.Store; s.Role = store.Single; return tx.SetStore(s) })
	_, err = h.sync.Review(context.Background(), storesync.ReviewRequest{Network: "n", Store: "uptown", By: "ann"})
	if !errors.Is(err, storesync.ErrRequest) {
		t.Errorf("the review of a single store: %v", err)
	}
}

// A kind of which the source has nothing yet comes by itself once it has.
func TestAReviewBeginsKindsThatAreEmptyYet(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.continuous("service", "vendor")
	h.run(h.review("uptown", false).Tests[0].Plan)
	h.applies("uptown", 1)
	h.mirror("uptown")
	h.put("head", thing("vendor", "1", "name", "Acme"))
	h.applies("uptown", 1)
	if _, p, _ := h.job("uptown"); namesOf(p) != "vendor Acme" {
		t.Errorf("uptown got %s", namesOf(p))
	}
}

// A store that is off misses syncs that have yet to reach it, and those that run
// by themselves.
func TestMissedSyncs(t *testing.T) {
	h := newHub(t)
	h.salonList()
	later := request(all("category"), "uptown")
	later.ApplyFrom = "2026-03-03 22:00"
	h.run(h.test(later))
	saved := storesync.Saved{Name: "nightly", Request: storesync.Request{Source: "head", Kinds: all("category"), AllReceivers: true}, Schedule: "0 3 * * *"}
	if _, err := h.sync.Save(context.Background(), "n", saved, false, "ann"); err != nil {
		t.Fatal(err)
	}
	h.view("uptown", func(v *store.StoreView) error {
		list, err := storesync.Misses(v)
		if len(list) != 2 || list[0].What != storesync.MissSync || list[0].Name != "spring" || list[0].At.IsZero() ||
			list[1].What != storesync.MissSchedule || list[1].Name != "nightly" || list[1].At.Before(v.Now().Add(-time.Minute)) {
			t.Errorf("it misses %+v", list)
		}
		for _, m := range list {
			if m.String() == "" {
				t.Errorf("%+v is no words", m)
			}
		}
		return err
	})
}

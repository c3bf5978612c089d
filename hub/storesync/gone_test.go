package storesync_test

import (
	"strings"
	"testing"

	"plait/hub/storesync"
	"plait/shared/item"
)

// newGone is a head office that has deleted a service of which uptown has a copy,
// and downtown none.
func newGone(t *testing.T) (h *hub, gone item.Item) {
	h = newHub(t)
	h.salonList()
	cut := service("1", "Cut", "2", "sku", "c1")
	h.put("uptown", linked(service("71", "Cut", "8"), cut, "head"))
	cut.Deleted = true
	h.put("head", cut)
	return h, cut
}

// TestTestSaysWhatIsNoLongerAtTheSource: of kinds that are selected whole, at stores
// that have copies, where the sync deletes nothing.
func TestTestSaysWhatIsNoLongerAtTheSource(t *testing.T) {
	h, _ := newGone(t)
	plan := h.test(request(all("service"), "uptown", "downtown"))
	for _, at := range plan.Stores {
		if n := codes(at.Warnings)[storesync.WarnGoneAtSource]; (n == 1) != (at.ID == "uptown") {
			t.Errorf("%s: %+v", at.Name, at.Warnings)
		}
	}
	part := []storesync.Selection{{Kind: "service", Names: []string{"Wash"}}}
	if at := h.test(request(part, "uptown")).Stores[0]; codes(at.Warnings)[storesync.WarnGoneAtSource] != 0 {
		t.Errorf("a part of the list is selected, and the Test says %+v", at.Warnings)
	}
	r := request(all("service"), "uptown")
	r.Options.DeleteMissing = storesync.DeleteLinked
	if at := h.test(r).Stores[0]; codes(at.Warnings)[storesync.WarnGoneAtSource] != 0 || at.Deletes != 1 {
		t.Errorf("it is deleted, and the Test says %+v, %d deletions", at.Warnings, at.Deletes)
	}
}

// TestWhatWasEnteredAnewIsNotGone: the copy goes on as that of the new item.
func TestWhatWasEnteredAnewIsNotGone(t *testing.T) {
	h, _ := newGone(t)
	h.put("head", service("9", "Cut", "2", "sku", "c1"))
	if at := h.test(request(all("service"), "uptown")).Stores[0]; codes(at.Warnings)[storesync.WarnGoneAtSource] != 0 {
		t.Errorf("the Test says %+v", at.Warnings)
	}
}

// TestWhereFindsWhatHeadOfficeDeleted: by name and by key, for as long as some store
// has a copy.
func TestWhereFindsWhatHeadOfficeDeleted(t *testing.T) {
	h, gone := newGone(t)
	for _, called := range []string{"cut", "1", gone.UID("head")} {
		page, err := h.sync.Where(t.Context(), "n", storesync.WhereAsk{ItemRef: storesync.ItemRef{Kind: "service", Item: called}})
		if err != nil || len(page.Stores) != 1 || page.Stores[0].Store.ID != "uptown" {
			t.Errorf("%s is at %+v, %v", called, page.Stores, err)
		}
		if found := page.Item; found.UID != gone.UID("head") || found.Gone != (called != gone.UID("head")) {
			t.Errorf("%s is %+v", called, found)
		}
	}
	lacking, err := h.sync.Where(t.Context(), "n", storesync.WhereAsk{ItemRef: storesync.ItemRef{Kind: "service", Item: "Cut"}, Lacking: true})
	if err != nil || len(lacking.Stores) != 2 || !strings.Contains(lacking.Stores[1].Why+lacking.Stores[0].Why, "it was deleted there, and its copies stay") {
		t.Errorf("it lacks at %+v, %v", lacking.Stores, err)
	}
	last := h.pos("uptown").items[[2]string{"service", "71"}]
	last.Deleted = true
	h.put("uptown", last)
	if _, err := h.sync.Where(t.Context(), "n", storesync.WhereAsk{ItemRef: storesync.ItemRef{Kind: "service", Item: "Cut"}}); err == nil {
		t.Error("nobody has it, and it is found")
	}
}

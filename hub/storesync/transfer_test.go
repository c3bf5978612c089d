package storesync_test

import (
	"strings"
	"testing"

	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/catalog"
)

// peopleHub is a network whose vendors are people: one goes to one store at a time.
func peopleHub(t *testing.T) *hub {
	h := newHub(t)
	c := kinds()
	for i := range c.Kinds {
		if k := &c.Kinds[i]; k.Name == "vendor" {
			k.ByHand, k.OneReceiver = true, true
			k.Operations = []catalog.Operation{{Name: "edit", Allowed: true}}
		}
	}
	storetest.SetCatalog(t, h.db, "n", c)
	h.put("head", thing("vendor", "1", "name", "Ann"), thing("vendor", "2", "name", "Bea"))
	return h
}

// transfer transfers people from a store to another.
func (h *hub) transfer(from, to string, names ...string) storesync.Plan {
	h.Helper()
	r := request([]storesync.Selection{{Kind: "vendor", Names: names}}, to)
	r.Source = from
	p := h.test(r)
	h.run(p)
	return p
}

// moved tells, store by store, where each has transferred a person to.
func (h *hub) moved(name, at string) string {
	h.Helper()
	page, err := h.sync.Where(h.Context(), "n", storesync.WhereAsk{ItemRef: storesync.ItemRef{Kind: "vendor", Item: name, At: at}})
	if err != nil {
		h.Fatal(err)
	}
	var out []string
	for _, s := range page.Stores {
		if s.Moved != nil {
			out = append(out, s.Store.Name+" to "+s.Moved.To.Name+" by "+s.Moved.Label)
			if s.Moved.At.IsZero() || s.Moved.Sync == "" {
				h.Errorf("it is not said when, or by which sync: %+v", s.Moved)
			}
		}
	}
	return strings.Join(out, ", ")
}

// S1: "the source record is marked as moved, not deleted".
func TestATransferMarksTheSourcesItemAsMoved(t *testing.T) {
	h := peopleHub(t)
	is := func(when, name, at, want string) {
		t.Helper()
		if got := h.moved(name, at); got != want {
			t.Errorf("%s, %s moved %q, want %q", when, name, got, want)
		}
	}
	h.transfer("head", "uptown", "Ann", "Bea")
	is("before it arrived", "Ann", "head", "")
	h.takes("uptown", "Bea") // whom the POS refuses
	is("once it arrived", "Ann", "head", "head to uptown by spring")
	is("and was refused", "Bea", "head", "")
	if h.key("head", "vendor", "Ann") != "1" {
		t.Error("the source's own item is gone")
	}
	again := h.test(request([]storesync.Selection{{Kind: "vendor", Names: []string{"Ann", "Bea"}}}, "downtown"))
	if n := codes(again.Warnings)[storesync.WarnMoved]; n != 1 {
		t.Errorf("a Test of her again warns of %d: %+v", n, again.Warnings)
	}
	// On to the next store, and home again: she is where she came last.
	h.clock.Advance(60e9)
	if p := h.transfer("uptown", "downtown", "Ann"); codes(p.Warnings)[storesync.WarnMoved] != 0 {
		t.Errorf("from where she is now, it warns: %+v", p.Warnings)
	}
	h.takes("downtown")
	is("and on to the next store", "Ann", "head", "head to uptown by spring, uptown to downtown by spring")
	h.clock.Advance(60e9)
	r := request([]storesync.Selection{{Kind: "vendor", Names: []string{"Ann"}}}, "head")
	r.Source = "downtown"
	h.run(h.test(r))
	h.takes("head")
	is("and home again", "Ann", "downtown", "downtown to head by spring, uptown to downtown by spring")
}

// The mark is the hub's own, by uid: whatever the source uploads, it stands.
func TestTheMarkOutlivesUploads(t *testing.T) {
	h := peopleHub(t)
	h.salonList()
	p := h.transfer("head", "uptown", "Ann")
	h.takes("uptown")
	h.edit("head", "vendor", "Ann", "name", "Ann Miller")
	if got := h.moved("Ann Miller", "head"); got != "head to uptown by spring" {
		t.Errorf("after an edit: %q", got)
	}
	h.put("head", thing("vendor", "1", "name", "Ann"), thing("vendor", "2", "name", "Bea")) // all of it anew
	if got := h.moved("Ann", "head"); got != "head to uptown by spring" {
		t.Errorf("after an upload of everything: %q", got)
	}
	if !p.Transfers || h.test(request(all("category", "service"), "uptown")).Transfers {
		t.Error("a Test does not tell transfers from other syncs")
	}
}

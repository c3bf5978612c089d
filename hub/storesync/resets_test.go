package storesync_test

import (
	"errors"
	"strings"
	"testing"

	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/wire"
)

// customised makes uptown hold head office's services with values of its own:
// the note of the first changed, the others as they came.
func (h *hub) customised() (cut item.Item) {
	h.salonList()
	hair := linked(thing("category", "7", "name", "Hair"), thing("category", "2"), "head")
	as := func(it item.Item, base string) item.Item {
		it.Link.Fields = append(it.Link.Fields, item.LinkField{Name: "note", Base: item.MustText(base), Sent: item.ShortDigestOf(item.MustText(base)),
			Policy: item.Unlocked, From: item.Origin{Store: "head", HubEpoch: "e", SyncRev: 1}})
		return it
	}
	cut = as(linked(service("1", "Cut", "7", "note", "ours", "sku", "c1"), service("1", "", ""), "head"), "long")
	colour := as(linked(service("2", "Colour", "7", "note", "old", "sku", "c2"), service("2", "", ""), "head"), "old")
	h.put("uptown", hair, cut, colour)
	h.put("head", service("2", "Colour", "2", "sku", "c2", "note", "new"))
	return cut
}

// What a reset by name costs a store is listed, counted and confirmed, and
// nothing else is reset: a value that merely follows the source is none.
func TestResetByName(t *testing.T) {
	h := newHub(t)
	cut := h.customised()
	r := request(all("service"), "uptown", "downtown")
	r.ResetFields = []string{"service.note"}
	p := h.test(r)
	d := h.detail(p, "uptown")
	if p.Resets != 1 || len(d.Resets) != 1 || d.Resets[0].Name != "Cut" || d.Resets[0].Field != "note" || !strings.Contains(d.Resets[0].Why, "ours") {
		t.Fatalf("the plan resets %d: %+v", p.Resets, d.Resets)
	}
	if !strings.Contains(p.Sentence(), "1 value that stores chose") {
		t.Errorf("the sentence is %q", p.Sentence())
	}
	for _, wrong := range []int{0, 2} {
		if _, err := h.sync.Run(t.Context(), "n", p.Digest, storesync.Confirm{Resets: wrong}, "ann"); !errors.Is(err, storesync.ErrConfirm) {
			t.Errorf("%d typed for one reset: %v", wrong, err)
		}
	}
	h.run(p)
	j, _, own := h.job("uptown")
	if !j.Resets || len(own.Reset) != 1 || own.Reset[cut.Link.UID][0] != "note" {
		t.Errorf("the job resets %v (%t)", own.Reset, j.Resets)
	}
	if j, _, _ := h.job("downtown"); j.Resets || j.Own != "" {
		t.Errorf("downtown has nothing to lose, and its job is %+v", j)
	}
}

func TestResetsThatCannotBe(t *testing.T) {
	h := newHub(t)
	h.salonList()
	for name, says := range map[string]string{
		"note": "kind.field", "category.name": "brings no category", "vendor.name": "brings no vendor",
		"service.tax": "no field that travels", "service.colour": "no field that travels", "service.name": "is locked",
	} {
		r := request(all("service"), "uptown")
		r.ResetFields = []string{name}
		if _, err := h.sync.Test(t.Context(), r, nil); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("resetting %s: %v, want %q", name, err, says)
		}
	}
}

// A sync that only creates changes nothing that is there.
func TestOnlyNew(t *testing.T) {
	h := newHub(t)
	h.customised()
	r := request(all("service"), "uptown")
	r.Options.OnlyNew = true
	p := h.test(r)
	if want := (wire.Counts{Created: 1, Skipped: 2}); p.Counts != want {
		t.Errorf("only new: %+v, want %+v", p.Counts, want)
	}
	h.run(p)
	if _, payload, _ := h.job("uptown"); !payload.Options.OnlyNew {
		t.Error("the job does not say that it only creates")
	}
}

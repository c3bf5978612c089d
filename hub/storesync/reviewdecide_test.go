package storesync_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/wire"
)

// newLinking is a hub at which uptown has things of its own: a list of head
// office's that it copied by hand, more or less.
func newLinking(t *testing.T) *hub {
	h := newHub(t)
	h.salonList()
	h.continuous("category", "service")
	h.put("uptown",
		thing("category", "20", "name", "All", "parent", item.Null()),
		thing("category", "21", "name", "Hair", "parent", item.Ref("category", "20")),
		service("50", "colour", "21"),
		service("51", "Wash", "21"), service("52", "Wash", "21", "note", "with a massage"),
		service("53", "Cut", "21", "sku", "x9"),
		service("54", "Own", "21"),
	)
	return h
}

func (h *hub) reviewed(d storesync.Decide) (storesync.ReviewTest, string) {
	h.Helper()
	r, err := h.sync.Review(context.Background(), storesync.ReviewRequest{Network: "n", Store: "uptown", By: "ann", Decide: d})
	if err != nil {
		h.Fatal(err)
	}
	if len(r.Tests) != 1 || len(r.Tests[0].Stores) != 1 {
		h.Fatalf("the review is %+v", r)
	}
	return r.Tests[0], told(r.Tests[0].Stores[0])
}

// told puts a review's groups into words.
func told(r storesync.StoreReview) string {
	var out []string
	for _, g := range []struct {
		name string
		storesync.Group
	}{{"adopt", r.Adopt}, {"separate", r.Separate}, {"left", r.Left}, {"ambiguous", r.Ambiguous}, {"create", r.Create}, {"refused", r.Refused}} {
		var names []string
		for _, it := range g.Items {
			names = append(names, it.Name)
		}
		if len(names) > 0 {
			out = append(out, g.name+" "+sorted(names))
		}
	}
	if r.Linked > 0 {
		out = append(out, fmt.Sprint("linked ", r.Linked))
	}
	return strings.Join(out, "; ")
}

func TestReviewsAreDecidedInBulkAndByName(t *testing.T) {
	h := newLinking(t)
	for _, c := range []struct {
		name   string
		decide storesync.Decide
		want   string
	}{
		{"nothing", storesync.Decide{}, "adopt All, Colour, Hair; ambiguous Cut, Wash"},
		{"what is ambiguous is separate", storesync.Decide{Separate: []string{"ambiguous"}}, "adopt All, Colour, Hair; separate Cut, Wash"},
		{"one is separate", storesync.Decide{Separate: []string{"service:COLOUR", "service:Wash"}}, "adopt All, Hair; separate Colour, Wash; ambiguous Cut"},
		{"these are linked, and no others", storesync.Decide{Adopt: []string{"category:All", "category:21"}}, "adopt All, Hair; separate Colour; ambiguous Cut, Wash"},
		{"all are", storesync.Decide{Adopt: []string{"all"}}, "adopt All, Colour, Hair; ambiguous Cut, Wash"},
		// Into a category that is created beside theirs come services that they have none of there.
		{"none is", storesync.Decide{Adopt: []string{"none"}}, "separate All, Colour, Hair; create Cut, Wash"},
		{"all are separate", storesync.Decide{Separate: []string{"all"}}, "separate All, Colour, Cut, Hair, Wash"},
		{"for another store", storesync.Decide{Separate: []string{"all"}, At: "downtown"}, "adopt All, Colour, Hair; ambiguous Cut, Wash"},
	} {
		if _, got := h.reviewed(c.decide); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, bad := range []storesync.Decide{
		{Adopt: []string{"Cut"}}, {Adopt: []string{"all", "service:Cut"}}, {Adopt: []string{"all"}, Separate: []string{"all"}},
		{Adopt: []string{"service:Nothing"}}, {Same: []storesync.SameItem{{Kind: "service", Item: "Nothing", As: "51"}}},
		{Same: []storesync.SameItem{{Kind: "service", Item: "Wash", As: "99"}}}, {Same: []storesync.SameItem{{Kind: "service", Item: "Cut", As: "Wash"}}},
	} {
		_, err := h.sync.Review(context.Background(), storesync.ReviewRequest{Network: "n", Store: "uptown", By: "ann", Decide: bad})
		if !errors.Is(err, storesync.ErrRequest) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// What was decided stands in the Test, in those after it, and at the store.
func TestWhatAReviewDecidedIsDone(t *testing.T) {
	h := newLinking(t)
	first, _ := h.reviewed(storesync.Decide{Same: []storesync.SameItem{{Kind: "service", Item: "Wash", As: "52"}}})
	h.audited("item.same", "ann")
	second, got := h.reviewed(storesync.Decide{Separate: []string{"service:Cut"}, After: []string{first.Plan.Digest}})
	if want := "adopt All, Colour, Hair, Wash; separate Cut"; got != want {
		t.Errorf("decided in two steps: %s, want %s", got, want)
	}
	third, got := h.reviewed(storesync.Decide{Adopt: []string{"category:All", "category:Hair", "service:Wash"}, After: []string{second.Plan.Digest}})
	if want := "adopt All, Hair, Wash; separate Colour, Cut"; got != want {
		t.Errorf("in three: %s, want %s", got, want)
	}
	h.applies("uptown", 0)
	h.run(third.Plan)
	j := h.next("uptown")
	if j == nil {
		t.Fatal("uptown has no job")
	}
	if r := h.takesJob("uptown"); r.Counts != third.Plan.Stores[0].Counts || r.Counts != (wire.Counts{Created: 2, Adopted: 3}) {
		t.Errorf("uptown did %+v, the Test said %+v", r.Counts, third.Plan.Stores[0].Counts)
	}
	if c := h.coming("uptown"); len(c) != 2 || !strings.HasSuffix(c[0], "held: ") {
		t.Errorf("reviewed, and there comes %q", c)
	}
}

// That two are the same is taken back: before a sync has linked them they are two again
// for the next Test; afterwards they stay linked, until that sync is taken back.
func TestTwoAreNoLongerTheSame(t *testing.T) {
	h := newLinking(t)
	same := storesync.Decide{Same: []storesync.SameItem{{Kind: "service", Item: "Wash", As: "52"}}}
	untouched, before := h.reviewed(storesync.Decide{})
	marked, got := h.reviewed(same)
	if got == before {
		t.Fatalf("the mark decides nothing: %s", got)
	}
	marks := func() []storesync.SameMark {
		list, err := h.sync.Marks(t.Context(), "n", "service")
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := marks()
	if len(list) != 1 || list[0].By != "ann" || list[0].Name == "" || list[0].As != "Wash" || len(list[0].Stores) != 1 || list[0].Stores[0].ID != "uptown" {
		t.Fatalf("marked are %+v", list)
	}
	for kind, uid := range map[string]string{"service": list[0].SameAs, "vendor": list[0].UID, "nothing": list[0].UID} {
		if _, err := h.sync.Apart(t.Context(), "n", kind, uid, "bob"); !errors.Is(err, storesync.ErrRequest) {
			t.Errorf("what is not marked: %v", err)
		}
	}
	apart, err := h.sync.Apart(t.Context(), "n", "service", list[0].UID, "bob")
	if err != nil || len(apart.Linked) != 0 || !strings.Contains(apart.Says, "next sync that brings the other to “uptown” matches it anew") || len(marks()) != 0 {
		t.Fatalf("taken back: %+v, %v", apart, err)
	}
	h.audited("item.apart", "bob")
	if again, got := h.reviewed(storesync.Decide{}); got != before || again.Plan.State != untouched.Plan.State {
		t.Errorf("once it is taken back, a Test finds %s; before it was %s", got, before)
	}

	// The Test of before carries the mark, and links them all the same.
	h.run(marked.Plan)
	h.next("uptown")
	h.takesJob("uptown")
	h.reviewed(same) // changes nothing: they are one by now
	if list = marks(); len(list) != 0 {
		t.Errorf("of linked items it is kept that they are the same: %+v", list)
	}
}

// Taken back after the sync that linked them, it says so.
func TestTwoThatWereLinkedStaySo(t *testing.T) {
	h := newLinking(t)
	marked, _ := h.reviewed(storesync.Decide{Same: []storesync.SameItem{{Kind: "service", Item: "Wash", As: "52"}}})
	h.run(marked.Plan)
	h.next("uptown")
	h.takesJob("uptown")
	list, err := h.sync.Marks(t.Context(), "n", "service")
	if err != nil || len(list) != 1 || len(list[0].Stores) != 0 {
		t.Fatalf("once they are linked: %+v, %v", list, err)
	}
	apart, err := h.sync.Apart(t.Context(), "n", "service", list[0].UID, "bob")
	if err != nil || len(apart.Linked) != 1 || apart.Linked[0].ID != "uptown" || !strings.Contains(apart.Says, "sync revert") {
		t.Errorf("taken back: %+v, %v", apart, err)
	}
	if c := h.test(request(all("service"), "uptown")).Counts; c.Created+c.Adopted != 0 || c.Equal != 2 {
		t.Errorf("they are two for the next sync: %+v", c)
	}
}

// A network that links nothing by itself leaves it to whoever reviews.
func TestAReviewWithoutAdoption(t *testing.T) {
	h := newLinking(t)
	err := h.db.WithNetwork(context.Background(), "n", func(tx *store.NetworkTx) (err error) {
		n := tx.Network
		if n.Settings, err = storesync.Change(n, func(s *storesync.Settings) { s.NoAdopt = true }); err != nil {
			return err
		}
		return tx.SetNetwork(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	// Head office's categories are left alone, so its services are in none of theirs.
	if _, got := h.reviewed(storesync.Decide{}); !strings.HasPrefix(got, "left All, Hair") {
		t.Errorf("nothing decided: %s", got)
	}
	test, got := h.reviewed(storesync.Decide{Adopt: []string{"all"}, Same: []storesync.SameItem{{Kind: "service", Item: "Wash", As: "51"}}})
	if want := "adopt All, Colour, Hair, Wash; ambiguous Cut"; got != want {
		t.Errorf("all linked: %s, want %s", got, want)
	}
	h.run(test.Plan)
	h.next("uptown")
	if r := h.takesJob("uptown"); r.Counts != (wire.Counts{Adopted: 4, Parked: 1}) {
		t.Errorf("uptown did %+v", r.Counts)
	}
}

// A store that becomes head office is reviewed for all branches at once.
func TestTheReviewOfANewHeadOffice(t *testing.T) {
	h := newLinking(t)
	h.in("head", func(tx *store.StoreTx) error { s := tx.Store; s.Role = store.Branch; return tx.SetStore(s) })
	h.in("uptown", func(tx *store.StoreTx) error {
		s := tx.Store
		s.Role = store.HeadOffice
		if err := tx.SetStore(s); err != nil {
			return err
		}
		return storesync.Settle(tx.View, "n", tx.SetContinuous)
	})
	r := h.review("uptown", false)
	if len(r.Tests) != 1 || r.Tests[0].Plan.Source.ID != "uptown" || len(r.Tests[0].Stores) != 2 {
		t.Fatalf("the review is %+v", r)
	}
	if got, want := told(r.Tests[0].Stores[0]), "create All, Cut, Hair, Own, Wash, Wash, colour"; got != want {
		t.Errorf("downtown: %s, want %s", got, want)
	}
	if got, want := told(r.Tests[0].Stores[1]), "adopt All, Hair, colour; ambiguous Cut, Wash, Wash; create Own"; got != want {
		t.Errorf("the head office of before: %s, want %s", got, want)
	}
	_, err := h.sync.Review(context.Background(), storesync.ReviewRequest{Network: "n", Store: "uptown", By: "ann",
		Decide: storesync.Decide{Same: []storesync.SameItem{{Kind: "service", Item: "Cut", As: "1"}}}})
	if !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), "of which store") {
		t.Errorf("the same as an item of nobody says whose: %v", err)
	}
	declined, err := h.sync.Decline(context.Background(), storesync.ReviewRequest{Network: "n", Store: "uptown", By: "ann"})
	if err != nil || len(declined) != 2 || len(declined[0].Kinds) != 2 {
		t.Errorf("declined: %+v, %v", declined, err)
	}
}

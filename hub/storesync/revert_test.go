package storesync_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

func (h *hub) testRevert(r storesync.RevertRequest) storesync.Plan {
	h.Helper()
	r.Network, r.By = "n", "ann"
	p, err := h.sync.TestRevert(context.Background(), r, nil)
	if err != nil {
		h.Fatal(err)
	}
	return p
}

// A revert is a Test and a job like any other, and takes everything back where
// the branch did nothing.
func TestRevertIsASyncLikeAnyOther(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "7", "name", "hair", "parent", item.Null()), service("9", "Ours", "7", "note", "n"))
	before := map[string]string{"uptown": h.state("uptown"), "downtown": h.state("downtown")}
	id := h.syncs([]string{"category", "service"}, "uptown", "downtown")
	p := h.testRevert(storesync.RevertRequest{Sync: id})
	if p.Reverts.Sync != id || p.Deletes != 9 || p.Counts.Deleted != 9 || p.Counts.Unlinked != 1 || p.Items != 0 {
		t.Errorf("the plan is %+v", p)
	}
	for _, want := range []string{"Take back what “spring”, run by ann on ", "did to 5 items at 2 stores (“downtown”, “uptown”)", "9 deleted"} {
		if !strings.Contains(p.Sentence(), want) {
			t.Errorf("%q does not say %q", p.Sentence(), want)
		}
	}
	if d := h.detail(p, "downtown"); len(d.Deletes) != 5 || d.Deletes[0].Name != "Wash" || d.Deletes[0].Action != "delete" {
		t.Errorf("it deletes %+v", d.Deletes)
	}
	if _, err := h.sync.Run(t.Context(), "n", p.Digest, storesync.Confirm{}, "ann"); !errors.Is(err, storesync.ErrConfirm) {
		t.Errorf("nobody typed how many it deletes: %v", err)
	}
	y := h.run(p)
	h.audited("revert.run", "ann")
	for _, name := range []string{"uptown", "downtown"} {
		j, _, _ := h.job(name)
		if j.Sort != "revert" || j.Cause != y.ID || !j.Resets || j.Label != "Revert of spring" || j.Items != 5 {
			t.Errorf("the job is %+v", j)
		}
		if r := h.takesJob(name); h.state(name) != before[name] {
			t.Errorf("%s holds\n%s\nafter %+v; before the sync it held\n%s", name, h.state(name), r.Counts, before[name])
		}
	}
	shown, err := h.sync.Show(t.Context(), "n", y.ID)
	if err != nil || shown.States[store.Applied] != 2 || shown.Stores[0].Outcome != shown.Stores[0].Expected {
		t.Errorf("the revert is shown as %+v, %v", shown, err)
	}

	again := h.run(h.testRevert(storesync.RevertRequest{Sync: y.ID})) // and back
	synced := h.takesJob("uptown")
	if synced.Counts.Created != 4 || again.Sentence == "" || !strings.Contains(h.state("uptown"), "Colour") {
		t.Errorf("the revert of the revert did %+v", synced.Counts)
	}
}

// A changed price goes back, but not where the branch changed it since; of one
// store, or of one item.
func TestRevertOfAPart(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.syncs([]string{"category", "service"}, "uptown", "downtown")
	before := h.state("downtown")
	h.put("head", service("1", "Cut", "2", "sku", "c1", "note", "long", "tax", "7", "price", item.MustDecimal("30")), service("2", "Colours", "2", "sku", "c2"))
	id := h.syncs([]string{"service"}, "uptown", "downtown")

	p := h.testRevert(storesync.RevertRequest{Sync: id, Stores: []string{"downtown"}, Items: []storesync.RevertItem{{Kind: "service", Item: "CUT"}}})
	if len(p.Stores) != 1 || p.Stores[0].Items != 1 || p.Counts.Updated != 1 {
		t.Fatalf("the plan is %+v", p.Stores)
	}
	said := ""
	for _, e := range h.detail(p, "downtown").Exceptions {
		said += e.Why + ". "
	}
	if !strings.Contains(said, "Price goes back from “30” to “20”") || !strings.Contains(said, "note goes back from “long” to “short”") {
		t.Errorf("it says %s", said)
	}
	h.run(p)
	h.takesJob("downtown")
	if now := h.state("downtown"); !strings.Contains(now, `"20"`) || !strings.Contains(now, "Colours") {
		t.Errorf("downtown holds\n%s", now)
	}
	if now := h.state("uptown"); !strings.Contains(now, `"30"`) {
		t.Errorf("uptown holds\n%s", now)
	}
	h.run(h.testRevert(storesync.RevertRequest{Sync: id, Stores: []string{"downtown"}}))
	if h.takesJob("downtown"); h.state("downtown") != before {
		t.Errorf("after the rest downtown holds\n%s\nbefore it was\n%s", h.state("downtown"), before)
	}
	if p := h.test(request(all("service"), "downtown")); p.Counts.Kept != 2 || codes(p.Stores[0].Warnings)[string(merge.RevertStands)] != 2 {
		t.Errorf("the same sync again would do %+v, and warns of %v", p.Counts, p.Stores[0].Warnings)
	}
	for _, r := range []storesync.RevertRequest{
		{Sync: id, Stores: []string{"head"}}, {Sync: id, Items: []storesync.RevertItem{{Kind: "service", Item: "Perm"}}},
		{Sync: id, Items: []storesync.RevertItem{{Kind: "service"}}}, {},
	} {
		r.Network, r.By = "n", "ann"
		if _, err := h.sync.TestRevert(t.Context(), r, nil); !errors.Is(err, storesync.ErrRequest) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if _, err := h.sync.TestRevert(t.Context(), storesync.RevertRequest{Network: "other", By: "ann", Sync: id}, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another network's sync: %v", err)
	}
}

// Where a network syncs continuously, taking a first sync back holds the cursors
// that rest upon it: what head office changes then does not bring it back.
func TestRevertHoldsContinuousSync(t *testing.T) {
	h := newHub(t)
	h.salonList()
	id := h.syncs([]string{"category"}, "uptown")
	if c, ok := h.cursor("uptown", "category"); !ok || c.Held != "" {
		t.Fatalf("after a whole sync the cursor is %+v", c)
	}
	h.put("head", thing("category", "2", "name", "Hairs", "parent", item.Ref("category", "10")))
	h.syncs([]string{"category"}, "uptown")
	j, _, _ := h.job("uptown")
	p := h.testRevert(storesync.RevertRequest{Sync: j.ID}) // a job is named as a sync is
	if p.Reverts.Job != j.ID || p.Counts.Updated != 1 || len(p.Stores) != 1 {
		t.Errorf("the plan is %+v", p)
	}
	h.run(p)
	h.takesJob("uptown")
	if c, ok := h.cursor("uptown", "category"); !ok || c.Held != "" {
		t.Errorf("a change was taken back, and the cursor is %+v", c)
	}
	h.run(h.testRevert(storesync.RevertRequest{Sync: id}))
	h.takesJob("uptown")
	if c, ok := h.cursor("uptown", "category"); ok && c.Held != store.HeldReverted {
		t.Errorf("a whole sync was taken back, and the cursor is %+v", c)
	}
}

// A deletion comes back.
func TestRevertOfADeletion(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "1", "name", "Hair", "parent", item.Null()), service("50", "Perm", "1", "note", "ours"))
	before := h.state("uptown")
	r := request(all("service", "category"), "uptown")
	r.Options.DeleteMissing = storesync.DeleteAll
	y := h.run(h.test(r))
	if done := h.takesJob("uptown"); done.Counts.Deleted != 1 {
		t.Fatalf("the sync did %+v", done.Counts)
	}
	p := h.testRevert(storesync.RevertRequest{Sync: y.ID})
	h.run(p)
	if r := h.takesJob("uptown"); r.Counts != p.Counts || h.state("uptown") != before {
		t.Errorf("the revert did %+v, its Test said %+v, and uptown holds\n%s\nbefore it was\n%s", r.Counts, p.Counts, h.state("uptown"), before)
	}
}

// Where there is nothing to take back, or it is not known, the Test says so by
// name, with the way out.
func TestRevertSaysWhatCannotBe(t *testing.T) {
	h := newHub(t)
	h.salonList()
	y := h.run(h.test(request(all("category"), "uptown", "downtown")))
	says := func(when, id, want string) {
		t.Helper()
		p := h.testRevert(storesync.RevertRequest{Sync: y.ID})
		i := slices.IndexFunc(p.Stores, func(s storesync.StorePlan) bool { return s.ID == id })
		if !strings.Contains(p.Stores[i].Blocked, want) {
			t.Errorf("%s: it says %q, want %q", when, p.Stores[i].Blocked, want)
		}
	}
	says("not applied yet", "uptown", "plait-hub job cancel "+jobID(h, "uptown"))
	h.in("uptown", func(tx *store.StoreTx) error { _, err := queue.Cancel(tx, "ann", jobID(h, "uptown")); return err })
	says("cancelled", "uptown", "nothing of job 1 was applied")
	done := h.takesJob("downtown")
	says("applied", "downtown", "")

	lost := wire.Image{N: 1, Undo: wire.Undo{Did: wire.DidChange, Key: "102", Gen: 1}, Lost: true}
	done.Before = wire.PackImages(wire.AppendImage(nil, lost))
	h.reportsResult("downtown", done)
	p := h.testRevert(storesync.RevertRequest{Sync: y.ID})
	if d := h.detail(p, p.Stores[0].ID); len(d.Exceptions) != 1 || d.Exceptions[0].Code != string(merge.NoBeforeImage) || d.Exceptions[0].Name != "Hair" {
		t.Errorf("it says %+v", d.Exceptions)
	}
	says("without an image", "downtown", "known what was there before")

	h.clock.Advance(91 * 24 * time.Hour)
	if err := h.db.WithNetwork(t.Context(), "n", func(tx *store.NetworkTx) error {
		_, err := tx.PruneResults(tx.Now().Add(-90 * 24 * time.Hour))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	says("after 90 days", "downtown", "kept for 90 days")
	h.turn("downtown", store.Off)
	says("switched off", "downtown", "switch is off")
}

func jobID(h *hub, id string) string {
	j, _, _ := h.job(id)
	return j.ID
}

// A result that a restored receipt told again has no images; those that were
// told before count.
func TestRevertFindsTheImages(t *testing.T) {
	h := newHub(t)
	h.salonList()
	id := h.syncs([]string{"category"}, "uptown")
	j, _, _ := h.job("uptown")
	h.clock.Advance(time.Minute)
	h.reportsResult("uptown", wire.Result{Job: j.ID, HubEpoch: j.EpochName, Number: j.Number, Order: 1, Done: true, POSEpoch: "another"})
	if p := h.testRevert(storesync.RevertRequest{Sync: id}); p.Counts.Deleted != 2 {
		t.Errorf("the plan is %+v", p.Stores)
	}
}

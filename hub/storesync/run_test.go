package storesync_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/wire"
)

func TestRunQueuesWhatWasTested(t *testing.T) {
	h := newHub(t)
	h.salonList()
	p := h.test(request(all("service", "category"), "uptown", "downtown"))
	h.put("head", service("1", "Cut and dry", "2"), thing("category", "44", "name", "New"))
	y := h.run(p)
	if y.States[store.Queued] != 2 || len(y.Stores) != 2 || y.By != "ann" || y.Source.ID != "head" || !strings.Contains(y.Sentence, "2 stores") {
		t.Errorf("the sync is %+v", y)
	}
	j, payload, _ := h.job("uptown")
	if j.Payload != p.Payload || j.Plan != p.Digest || j.Cause != y.ID || j.Label != "spring" || j.Items != 5 || j.Resets || j.CreatedBy != "ann" {
		t.Errorf("the job is %+v", j)
	}
	if payload.Items[2].Name != "Cut" {
		t.Errorf("the source changed after the Test, and %q travels", payload.Items[2].Name)
	}
	h.audited("sync.run", "ann")
	if detail := h.auditDetail("sync.run"); strings.Contains(detail, `"from"`) {
		t.Errorf("nothing is queued for later, and the audit log says %s", detail)
	}
}

// auditDetail is what the newest entry of an act says of it.
func (h *hub) auditDetail(what string) (detail string) {
	h.Helper()
	err := h.db.View(h.Context(), func(v *store.View) error {
		log, err := v.AuditLog("n", 0, 100)
		if i := slices.IndexFunc(log, func(e store.Entry) bool { return e.What == what }); i >= 0 {
			detail = string(log[i].Detail)
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return detail
}

func (h *hub) audited(what, who string) {
	h.Helper()
	err := h.db.View(h.Context(), func(v *store.View) error {
		log, err := v.AuditLog("n", 0, 100)
		for _, e := range log {
			if e.What == what && e.Who == who {
				return err
			}
		}
		h.Errorf("nothing in the audit log says %s by %s", what, who)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
}

func TestRunAgainQueuesNothingTwice(t *testing.T) {
	h := newHub(t)
	h.salonList()
	p := h.test(request(all("service", "category"), "uptown", "downtown"))
	first, again := h.run(p), h.run(p)
	if first.ID != again.ID || again.States[store.Queued] != 2 {
		t.Errorf("run twice, the Test is syncs %s and %s with %v", first.ID, again.ID, again.States)
	}
	h.clock.Advance(25 * time.Hour)
	if late := h.run(p); late.ID != first.ID || late.States[store.Queued] != 2 {
		t.Errorf("repeated after a day: %+v", late)
	}
	if list, err := h.sync.List(t.Context(), "n", 10); err != nil || len(list) != 1 || list[0].ID != first.ID || list[0].States[store.Queued] != 2 {
		t.Errorf("the list has %+v, %v", list, err)
	}
}

func TestTestExpires(t *testing.T) {
	h := newHub(t)
	h.salonList()
	p := h.test(request(all("category"), "uptown"))
	h.clock.Advance(25 * time.Hour)
	if _, err := h.sync.Run(t.Context(), "n", p.Digest, storesync.Confirm{}, "ann"); !errors.Is(err, storesync.ErrExpired) {
		t.Errorf("run after 25 hours: %v", err)
	}
	if _, err := h.sync.Run(t.Context(), "n", strings.Repeat("0", 64), storesync.Confirm{}, "ann"); !errors.Is(err, storesync.ErrExpired) {
		t.Errorf("a digest that nobody gave: %v", err)
	}
}

// A store that was switched off since the Test is refused by name; the others go
// on. Once it can receive again, running the Test again reaches it.
func TestStoresThatCannotReceiveAnyMore(t *testing.T) {
	h := newHub(t)
	h.salonList()
	p := h.test(request(all("category"), "uptown", "downtown"))
	h.turn("uptown", store.Off)
	y := h.run(p)
	if y.States[store.Queued] != 1 || y.Stores[0].ID != "downtown" || y.Stores[1].Job != "" || !strings.Contains(y.Stores[1].Why, "switch") {
		t.Errorf("uptown is off, and the sync says %+v", y.Stores)
	}
	h.turn("uptown", store.On)
	if y := h.run(p); y.States[store.Queued] != 2 {
		t.Errorf("uptown is on again, and the sync has %v", y.States)
	}
}

// Stores that one transaction queues for stand each as it does: off, held, new to the
// kind, brought so far by a moving cursor, with a job of another sync, or with one of
// this already.
func TestStoresOfOneChunkStandApart(t *testing.T) {
	h := chain(t)
	first := h.test(request(all("vendor"), "a", "b", "c"))
	h.run(first)
	h.in("b", func(tx *store.StoreTx) error { return tx.HoldCursors(store.HeldLost) })
	p := h.test(request(all("vendor"), "chain", "uptown"))
	h.turn("c", store.Off)
	y := h.run(p)
	if y.States[store.Queued] != 4 {
		t.Fatalf("c is off, and the sync has %v", y.States)
	}
	h.turn("c", store.On)
	y = h.run(p)
	if len(y.Stores) != 5 || y.States[store.Queued] != 5 {
		t.Fatalf("run again, the sync has %v", y.States)
	}
	for id, want := range map[string]struct {
		number int64
		moves  bool // the cursor rests upon the job
	}{"a": {2, false}, "b": {2, true}, "c": {2, true}, "d": {1, true}, "uptown": {1, true}} {
		j, _, _ := h.job(id)
		if j.Cause != y.ID || j.Number != want.number || (j.Reach != "") != want.moves {
			t.Errorf("store %s has job %d of %s, upon which rests %q; want number %d, %t", id, j.Number, j.Cause, j.Reach, want.number, want.moves)
		}
		h.in(id, func(tx *store.StoreTx) error {
			c, ok, err := tx.Cursor("head", "vendor")
			if !ok || c.Held != "" {
				t.Errorf("the cursor of %s: %+v, %t", id, c, ok)
			}
			return err
		})
	}
}

func TestHeadOfficeReceivesByName(t *testing.T) {
	h := newHub(t)
	h.put("uptown", thing("category", "1", "name", "Hair"))
	r := request(all("category"), "head", "downtown")
	r.Source = "uptown"
	p := h.test(r)
	if p.HeadOffice != "head" {
		t.Fatalf("head office receives, and the plan asks for %q", p.HeadOffice)
	}
	if _, err := h.sync.Run(t.Context(), "n", p.Digest, storesync.Confirm{}, "ann"); !errors.Is(err, storesync.ErrConfirm) {
		t.Errorf("not confirmed, and %v", err)
	}
	if y := h.run(p); y.States[store.Queued] != 2 {
		t.Errorf("confirmed, and %v", y.States)
	}
	r.Receivers, r.AllReceivers = nil, true
	if p := h.test(r); len(p.Stores) != 1 || p.HeadOffice != "" || codes(p.Warnings)[storesync.WarnHeadOfficeOut] != 1 {
		t.Errorf("all receivers are %+v, with %v", p.Stores, p.Warnings)
	}
}

func TestDeletesAreNamedCountedAndConfirmed(t *testing.T) {
	h := newHub(t)
	h.salonList()
	gone := service("5", "Perm", "2")
	gone.Deleted = true
	h.put("head", gone)
	hair := linked(thing("category", "1", "name", "Hair"), thing("category", "2"), "head")
	adopted := linked(service("51", "Curl", "1"), service("6", "Curl", "2"), "head")
	adopted.Link.Adopted, adopted.Link.Birth = true, item.BornLocal
	h.put("uptown", hair,
		linked(service("50", "Perm", "1"), gone, "head"), // its source is deleted
		adopted, // its source is gone, and it was the store's own
		linked(service("52", "Bleach", "1"), service("9", "Bleach", "9"), "downtown"), // another source's
		service("53", "Our own", "1"),
		service("54", "cut", "1"), // as the source calls one of its own
	)
	r := request(all("service"), "uptown")
	r.Options.DeleteMissing = storesync.DeleteLinked
	if names := h.deletions(r); names != "Curl unlink, Perm delete" {
		t.Errorf("linked deletes %s", names)
	}
	r.Options.DeleteMissing = storesync.DeleteAll
	if names := h.deletions(r); names != "Bleach delete, Curl unlink, Our own delete, Perm delete" {
		t.Errorf("all deletes %s", names)
	}
	p := h.test(r)
	for _, wrong := range []int{0, 3, 5} {
		if _, err := h.sync.Run(t.Context(), "n", p.Digest, storesync.Confirm{Deletes: wrong}, "ann"); !errors.Is(err, storesync.ErrConfirm) {
			t.Errorf("%d typed for %d deletions: %v", wrong, p.Deletes, err)
		}
	}
	h.run(p)
	if j, _, own := h.job("uptown"); !j.Resets || len(own.Items) != 4 || j.Items != p.Items+4 {
		t.Errorf("the job deletes %d items of %d (resets %t)", len(own.Items), j.Items, j.Resets)
	}
}

func (h *hub) deletions(r storesync.Request) string {
	h.Helper()
	var names []string
	for _, d := range h.detail(h.test(r), "uptown").Deletes {
		names = append(names, d.Name+" "+d.Action)
	}
	return sorted(names)
}

func TestReferredItemsAreNotDeleted(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "7", "name", "Old"), service("70", "Old cut", "7"), thing("sale", "1", "service", item.Ref("service", "70")))
	r := request(all("category"), "uptown")
	r.Options.DeleteMissing = storesync.DeleteAll
	if names := h.deletions(r); names != "Old unlink" {
		t.Errorf("a service refers to the category, and the plan says %s", names)
	}
	r.Kinds = all("category", "service")
	if names := h.deletions(r); names != "Old cut unlink, Old unlink" {
		t.Errorf("a sale refers to the service, and that to the category, and the plan says %s", names)
	}
	h.put("uptown", item.Item{ID: item.ID{Kind: "sale", Key: "1", Gen: 1}, Deleted: true})
	if names := h.deletions(r); names != "Old cut delete, Old delete" {
		t.Errorf("nothing refers to the service, and nothing but it to the category, and the plan says %s", names)
	}
}

// An empty list, or one that shrank a lot, is no list to delete by.
func TestDeletingByAListThatShrank(t *testing.T) {
	h := newHub(t)
	h.put("head", many(20)...)
	r := request(all("service"), "uptown")
	h.run(h.test(r))
	for i := range 6 {
		it := many(20)[i]
		it.Deleted = true
		h.put("head", it)
	}
	r.Options.DeleteMissing = storesync.DeleteLinked
	if _, err := h.sync.Test(t.Context(), r, nil); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), "from 20 to 14") {
		t.Errorf("6 of 20 are gone: %v", err)
	}
	r.Options.DeleteMissing = ""
	h.run(h.test(r))
	r.Options.DeleteMissing = storesync.DeleteLinked
	if _, err := h.sync.Test(t.Context(), r, nil); err != nil {
		t.Errorf("synced once without deleting, and still %v", err)
	}
	r.Kinds = all("service", "vendor")
	if _, err := h.sync.Test(t.Context(), r, nil); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), "no vendor at all") {
		t.Errorf("the source has no vendors: %v", err)
	}
}

func TestPredictAgreesWithTheTest(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "7", "name", "Old"), thing("category", "5", "name", "hair"))
	r := request(all("category", "service"), "uptown")
	r.Options.DeleteMissing = storesync.DeleteAll
	p := h.test(r)
	h.run(p)
	j, _, _ := h.job("uptown")
	got, err := h.sync.Predict(t.Context(), "uptown", j.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Counts != p.Stores[0].Counts || got.Digest != p.Stores[0].Outcome {
		t.Errorf("the Test said %+v, the job says %+v", p.Stores[0].Counts, got.Counts)
	}
	if _, err := h.sync.Predict(t.Context(), "downtown", j.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another store's job: %v", err)
	}
}

func TestShowFollowsTheJobs(t *testing.T) {
	h := newHub(t)
	h.salonList()
	p := h.test(request(all("category"), "uptown", "downtown"))
	y := h.run(p)
	second := h.run(h.test(request(all("service", "category"), "uptown")))
	if w := second.Stores[0].Waits; !strings.Contains(w, "job 1") {
		t.Errorf("the second job waits for %q", w)
	}
	j, _, _ := h.job("downtown")
	counts := wire.Counts{Created: 1, Parked: 1}
	h.in("downtown", func(tx *store.StoreTx) error {
		return queue.Result(tx, wire.Result{Job: j.ID, Done: true, Counts: counts, Exceptions: []wire.Exception{{Name: "Hair", Why: "no"}}, POSEpoch: "p"})
	})
	up := y.Stores[1]
	if _, err := h.sync.Cancel(t.Context(), "uptown", up.Job, "bob"); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(48 * time.Hour)
	y, err := h.sync.Show(t.Context(), "n", y.ID)
	if err != nil {
		t.Fatal(err)
	}
	if y.States[store.Applied] != 1 || y.States[store.Cancelled] != 1 {
		t.Errorf("states %v", y.States)
	}
	down, up := y.Stores[0], y.Stores[1]
	if down.State != store.Applied || down.Outcome != counts || down.Reported.IsZero() || down.Waits != "" {
		t.Errorf("downtown reported, and is shown as %+v", down)
	}
	if up.State != store.Cancelled || !strings.Contains(up.Why, "bob") {
		t.Errorf("uptown's job was cancelled, and is shown as %+v", up)
	}
	results, err := h.sync.Exceptions(t.Context(), "downtown", j.ID)
	if err != nil || len(results) != 1 || results[0].Exceptions[0].Name != "Hair" {
		t.Errorf("results %+v, %v", results, err)
	}
	second, err = h.sync.Show(t.Context(), "n", second.ID)
	if err != nil || second.Stores[0].Age != int64(48*3600) || !strings.Contains(second.Stores[0].Waits, "48 hours ago") && !strings.Contains(second.Stores[0].Waits, "2 days ago") {
		t.Errorf("an open job of a silent store is shown as %+v, %v", second.Stores[0], err)
	}
	if _, err := h.sync.Show(t.Context(), "other", y.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another network sees the sync: %v", err)
	}
}

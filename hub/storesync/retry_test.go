package storesync_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

func (h *hub) retryDue() {
	h.Helper()
	if err := h.sync.RetryDue(context.Background(), "n"); err != nil {
		h.Fatal(err)
	}
}

func (h *hub) jobs(id string) (n int) {
	h.Helper()
	err := h.db.ViewStore(context.Background(), id, func(v *store.StoreView) error {
		jobs, err := v.Jobs(100)
		n = len(jobs)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return n
}

// lacksHair syncs services to uptown, which lacks their category and refuses them.
func (h *hub) lacksHair() storesync.Sync {
	h.salonList()
	y := h.run(h.test(request(all("service"), "uptown")))
	h.refuses("uptown", merge.MissingRef, "Cut", "Colour", "Wash")
	return y
}

// hair gives uptown the category that the services need.
func (h *hub) hair(note string) {
	h.put("uptown", linked(thing("category", "7", "name", "Hair "+note), thing("category", "2"), "head"))
}

// What a store refused for want of a reference is tried again once that is there:
// once for each change of it, however often the hub looks.
func TestRefusedItemsAreTriedAgainOncePerChange(t *testing.T) {
	h := newHub(t)
	h.lacksHair()
	h.retryDue()
	if n := h.jobs("uptown"); n != 1 {
		t.Fatalf("nothing changed, and uptown has %d jobs", n)
	}
	h.hair("")
	h.put("head", service("1", "Cut and dry", "2", "sku", "c1"))
	h.retryDue()
	if got := h.brings("uptown"); got != "retry: Colour, Cut and dry, Wash" {
		t.Fatalf("Hair has arrived, and uptown gets %s", got)
	}
	j, _, _ := h.job("uptown")
	if j.CreatedBy != "the hub" || j.Label != "Retry of “spring”" || j.RetryOf == "" {
		t.Errorf("the job is %+v", j)
	}
	h.retryDue()
	if n := h.jobs("uptown"); n != 2 {
		t.Errorf("while it waits, uptown has %d jobs", n)
	}
	h.refuses("uptown", merge.MissingRef, "Colour") // whatever the hub's copy says
	for range 3 {
		h.retryDue()
		h.put("uptown", thing("vendor", "1", "name", "Acme")) // something else changes
	}
	if n := h.jobs("uptown"); n != 2 {
		t.Errorf("refused again, and nothing of it changed, and uptown has %d jobs", n)
	}
	h.hair("and nails")
	h.retryDue()
	if got := h.brings("uptown"); got != "retry: Colour, Cut and dry, Wash" {
		t.Errorf("Hair changed, and uptown gets %s", got) // the others have not arrived either
	}
	h.restartKeeps("uptown", 3)
}

// restartKeeps: what was tried is kept in the database.
func (h *hub) restartKeeps(id string, jobs int) {
	h.Helper()
	h.refuses(id, merge.MissingRef, "Colour")
	h.sync = storesync.New(h.db)
	h.retryDue()
	if n := h.jobs(id); n != jobs {
		h.Errorf("after a restart %s has %d jobs, before %d", id, n, jobs)
	}
}

// What the POS refuses, or a person must decide, is tried again by hand alone.
func TestRefusalsThatTimeDoesNotMend(t *testing.T) {
	for _, reason := range []merge.Reason{merge.POSRefused, merge.Ambiguous, merge.CodesDiffer, merge.LinkedElsewhere} {
		h := newHub(t)
		h.put("head", thing("vendor", "1", "name", "Acme"))
		y := h.run(h.test(request(all("vendor"), "uptown")))
		h.refuses("uptown", reason, "Acme")
		h.retryDue()
		if n := h.jobs("uptown"); n != 1 {
			t.Errorf("%s: tried again by itself", reason)
		}
		out, err := h.sync.RetrySync(t.Context(), "n", y.ID, "ann")
		if err != nil || len(out) != 1 || out[0].Sync == nil || out[0].Sync.By != "ann" || h.brings("uptown") != "retry: Acme" {
			t.Errorf("%s: by hand %+v, %v", reason, out, err)
		}
		if _, err := h.sync.RetryStore(t.Context(), "n", "uptown", "ann"); err == nil {
			t.Errorf("%s: tried again while it waits in the queue", reason)
		}
	}
}

// A kind that could not be applied ends its jobs with all refused; it is tried
// again when the store's mapping is another.
func TestPausedKindsAreTriedAgain(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"))
	h.run(h.test(request(all("vendor"), "uptown")))
	h.refuses("uptown", merge.KindPaused, "Acme")
	paused := profile()
	for i := range paused.Kinds {
		if paused.Kinds[i].Kind == "vendor" {
			paused.Kinds[i].Paused = "its table is gone"
		}
	}
	set := func(digest string, p wire.Profile) {
		h.in("uptown", func(tx *store.StoreTx) error { return tx.SetProfile(digest, p) })
	}
	set("paused", paused)
	h.retryDue()
	if n := h.jobs("uptown"); n != 1 {
		t.Fatalf("the kind is still paused, and uptown has %d jobs", n)
	}
	set("mended", profile())
	h.retryDue()
	if got := h.brings("uptown"); got != "retry: Acme" {
		t.Errorf("mended, uptown gets %s", got)
	}
}

// A store that cannot receive is left for later, and what needs a person waits.
func TestRetriesThatMustWait(t *testing.T) {
	h := newHub(t)
	h.lacksHair()
	h.hair("")
	h.turn("uptown", store.Off)
	h.retryDue()
	h.turn("uptown", store.On)
	h.retryDue()
	if got := h.brings("uptown"); !strings.HasPrefix(got, "retry: ") {
		t.Errorf("switched on again, uptown gets %s", got)
	}

	h = newHub(t)
	h.put("uptown", thing("category", "2", "name", "Hair"), service("1", "Cut", "2"))
	r := request(all("service"), "head")
	r.Source = "uptown"
	y := h.run(h.test(r))
	h.refuses("head", merge.MissingRef, "Cut")
	h.put("head", linked(thing("category", "7", "name", "Hair"), thing("category", "2"), "uptown"))
	h.retryDue()
	if n := h.jobs("head"); n != 1 {
		t.Errorf("head office got a job that nobody confirmed")
	}
	h.audited("retry.waiting", "the hub")
	out, err := h.sync.RetrySync(t.Context(), "n", y.ID, "ann")
	if err != nil || len(out) != 1 || out[0].Sync != nil || out[0].Why != "head office itself receives it" {
		t.Fatalf("by hand: %+v, %v", out, err)
	}
	h.run(out[0].Plan)
	if got := h.brings("head"); got != "retry: Cut" {
		t.Errorf("confirmed, head office gets %s", got)
	}
}

// By hand: what could not arrive is not queued, what has arrived is not named,
// and a month later it is still possible.
func TestRetryByHand(t *testing.T) {
	h := newHub(t)
	y := h.lacksHair()
	h.clock.Advance(40 * 24 * time.Hour)
	h.uploads("head")
	out, err := h.sync.RetryStore(t.Context(), "n", "uptown", "ann")
	if err != nil || len(out) != 1 || out[0].Sync != nil || out[0].Why != "nothing of it could arrive yet" || h.jobs("uptown") != 1 {
		t.Errorf("the category is still missing: %+v, %v", out, err)
	}
	h.hair("")
	h.retryDue()
	if n := h.jobs("uptown"); n != 1 {
		t.Errorf("tried again by itself after 40 days")
	}
	h.arrives("uptown", service("50", "Cut", "7"), service("1", "Cut", "2"), 3)
	if _, err := h.sync.RetryStore(t.Context(), "n", "uptown", "ann"); err != nil {
		t.Fatal(err)
	}
	if got := h.brings("uptown"); got != "retry: Colour, Wash" {
		t.Errorf("Cut has arrived, and uptown gets %s", got)
	}
	h.refuses("uptown", merge.POSRefused, "Wash")
	h.arrives("uptown", service("51", "Colour", "7"), service("2", "Colour", "2"), 4)
	if _, err := h.sync.RetrySync(t.Context(), "n", y.ID, "ann"); err != nil {
		t.Fatal(err)
	}
	if got := h.brings("uptown"); got != "retry: Wash" {
		t.Errorf("a retry was refused, and uptown gets %s", got)
	}
	if _, err := h.sync.RetrySync(t.Context(), "other", y.ID, "ann"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another network's sync: %v", err)
	}
	if _, err := h.sync.RetryStore(t.Context(), "n", "downtown", "ann"); !errors.Is(err, storesync.ErrRequest) {
		t.Errorf("nothing was refused there: %v", err)
	}
}

// Too many refusals to be listed: what has not arrived is tried again.
func TestMoreRefusedThanListed(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"), thing("vendor", "2", "name", "Bolt"), thing("vendor", "3", "name", "Cord"))
	h.run(h.test(request(all("vendor"), "uptown")))
	j, payload, _ := h.job("uptown")
	one := payload.Items[0]
	h.in("uptown", func(tx *store.StoreTx) error {
		_, err := tx.AddResult(wire.Result{Job: j.ID, Done: true, Counts: wire.Counts{Parked: 2, Created: 1}, More: 1, POSEpoch: "p",
			Exceptions: []wire.Exception{{N: 0, Kind: one.Kind, UID: one.UID, Name: one.Name, Action: "park", Code: "pos_refused", Why: "no"}}})
		j.State, j.Ended = store.Applied, tx.Now()
		if err == nil {
			err = tx.SetJob(j)
		}
		return err
	})
	h.arrives("uptown", thing("vendor", "9", "name", "Cord"), thing("vendor", "3"), 3)
	if _, err := h.sync.RetryStore(t.Context(), "n", "uptown", "ann"); err != nil {
		t.Fatal(err)
	}
	if got := h.brings("uptown"); got != "retry: Acme, Bolt" {
		t.Errorf("uptown gets %s", got)
	}
}

// A hub that is killed in any transaction of a retry tries it once more at most,
// and never leaves it out.
func TestRetriesKilledOnTheWay(t *testing.T) {
	kills := 0
	for n := 1; ; n++ {
		m := newMortal(t)
		m.lacksHair()
		m.hair("")
		killed := m.killedAt(n, func(ctx context.Context) error { return m.sync.RetryDue(ctx, "n") })
		m.retryDue()
		if jobs := m.jobs("uptown"); jobs != 2 || m.brings("uptown") != "retry: Colour, Cut, Wash" {
			t.Errorf("killed in transaction %d: %d jobs, the newest %s", n, jobs, m.brings("uptown"))
		}
		m.refuses("uptown", merge.MissingRef, "Cut")
		m.retryDue()
		m.retryDue()
		if jobs := m.jobs("uptown"); jobs > 3 || !killed && jobs > 2 {
			t.Errorf("killed in transaction %d (%t): refused again, it was tried %d times", n, killed, jobs-1)
		}
		if !killed {
			break
		}
		kills++
	}
	if kills < 5 {
		t.Errorf("a retry has only %d transactions to be killed in", kills)
	}
}

// An item that was refused with what it needs in the same store, by uid or by the
// rows that are locked, names all that it cannot be without.
func TestWhatAnItemCannotBeWithout(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.run(h.test(request(all("service", "category"), "uptown")))
	_, payload, _ := h.job("uptown")
	for _, it := range payload.Items {
		got := storesync.HardRefs(payload, it)
		want := ""
		switch it.Kind {
		case "category":
			if p := it.Fields.Get("parent"); p.Type() == item.TypeUIDRef {
				want = "category " + p.Str()
			}
		case "service":
			want = "category " + it.Fields.Get("category").Str()
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s cannot be without %v, want %s", it.Name, got, want)
		}
	}
}

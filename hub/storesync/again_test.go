package storesync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// again is the Test that sends a sync again.
func (h *hub) again(id string) storesync.Plan {
	h.Helper()
	p, err := h.sync.Again(context.Background(), "n", id, "ann", nil)
	if err != nil {
		h.Fatal(err)
	}
	return p
}

// refuses reports that a store has applied its newest job but for some items, by
// name, each for that reason.
func (h *hub) refuses(id string, reason merge.Reason, names ...string) {
	h.Helper()
	j, payload, _ := h.job(id)
	r := wire.Result{Job: j.ID, Done: true, Counts: wire.Counts{Parked: len(names)}, POSEpoch: "p"}
	for n, it := range payload.Items {
		if slices.Contains(names, it.Name) {
			r.Exceptions = append(r.Exceptions, wire.Exception{N: n, Kind: it.Kind, UID: it.UID, Name: it.Name, Action: string(merge.Park), Code: string(reason), Why: "no"})
		}
	}
	if len(r.Exceptions) != len(names) {
		h.Fatalf("the job brings no %v", names)
	}
	h.in(id, func(tx *store.StoreTx) error { return queue.Result(tx, r) })
}

// brought is what a store's newest job brings.
func (h *hub) brings(id string) string {
	h.Helper()
	j, payload, _ := h.job(id)
	var out []string
	for _, it := range payload.Items {
		out = append(out, it.Name)
	}
	return fmt.Sprintf("%s: %s", j.Sort, sorted(out))
}

func receivers(p storesync.Plan) string {
	var out []string
	for _, at := range p.Stores {
		if at.Blocked == "" {
			out = append(out, at.ID)
		}
	}
	return sorted(out)
}

// One Test for all that missed it, each in its way: all of it, or what it refused.
func TestAgainReachesThoseThatMissedIt(t *testing.T) {
	h := chain(t)
	h.put("head", thing("vendor", "2", "name", "Bolt"), thing("vendor", "3", "name", "Cord"))
	h.turn("uptown", store.Off)
	p := h.test(request(all("vendor"), "chain", "uptown", "downtown"))
	h.turn("d", store.Off)
	y := h.run(p)
	byStore := map[string]string{}
	for _, at := range y.Stores {
		byStore[at.ID] = at.Job
	}
	h.reports("a", 0)                                // a has it
	h.cancel("b", byStore["b"])                      // b's job was cancelled
	h.refuses("c", merge.POSRefused, "Bolt", "Cord") // c refused two
	h.end("downtown", byStore["downtown"], store.Lost)
	h.turn("uptown", store.On) // it could not receive when it was tested
	h.turn("d", store.On)      // nor d when it was run
	h.put("head", thing("vendor", "3", "name", "Cord and Co"))

	p = h.again(y.ID)
	if got := receivers(p); got != "b, c, d, downtown, uptown" || p.Label != "spring, again" || p.By != "ann" {
		t.Fatalf("it is sent again to %s: %+v", got, p)
	}
	i := slices.IndexFunc(p.Stores, func(at storesync.StorePlan) bool { return at.ID == "c" })
	if c := p.Stores[i]; c.Items != 2 || c.Counts.Created != 2 || c.RetryOf != byStore["c"] || c.Payload == p.Payload {
		t.Errorf("c gets %+v", c)
	}
	h.run(p)
	for id, want := range map[string]string{"b": "sync: Acme, Bolt, Cord and Co", "c": "retry: Bolt, Cord and Co", "uptown": "sync: Acme, Bolt, Cord and Co"} {
		if got := h.brings(id); got != want {
			t.Errorf("%s gets %s, want %s", id, got, want)
		}
	}
	if j, _, _ := h.job("c"); j.RetryOf != byStore["c"] {
		t.Errorf("c's job is a retry of %q", j.RetryOf)
	}
	if _, err := h.sync.Again(t.Context(), "n", y.ID, "ann", nil); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), "no store has missed it") {
		t.Errorf("sent again, and once more: %v", err)
	}

	// Of what was sent again, too, by either name.
	b, _, _ := h.job("b")
	h.cancel("b", b.ID)
	h.refuses("c", merge.POSRefused, "Bolt")
	for _, id := range []string{y.ID, h.ranSyncs()[0].ID} {
		if p = h.again(id); receivers(p) != "b, c" || p.Request.AgainOf != y.ID {
			t.Errorf("of %s, it is sent again to %s", id, receivers(p))
		}
	}
	h.run(p)
	if got := h.brings("c"); got != "retry: Bolt" {
		t.Errorf("c gets %s", got)
	}
}

// end ends a job as only a conversation does.
func (h *hub) end(id, job, state string) {
	h.Helper()
	h.in(id, func(tx *store.StoreTx) error {
		j, err := tx.Job(job)
		if err != nil {
			return err
		}
		j.State, j.Ended, j.EndedBy = state, tx.Now(), "ann"
		return tx.SetJob(j)
	})
}

// What has arrived by another way is not sent again.
func TestAgainLeavesOutWhatHasArrived(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"), thing("vendor", "2", "name", "Bolt"))
	y := h.run(h.test(request(all("vendor"), "uptown")))
	h.refuses("uptown", merge.POSRefused, "Acme", "Bolt")
	h.arrives("uptown", thing("vendor", "7", "name", "Acme"), thing("vendor", "1"), 1)
	h.run(h.again(y.ID))
	if got := h.brings("uptown"); got != "retry: Bolt" {
		t.Errorf("uptown gets %s", got)
	}
	h.reports("uptown", 0)
	h.arrives("uptown", thing("vendor", "8", "name", "Bolt"), thing("vendor", "2"), 2)
	if _, err := h.sync.Again(t.Context(), "n", y.ID, "ann", nil); !errors.Is(err, storesync.ErrRequest) {
		t.Errorf("all has arrived: %v", err)
	}
}

// arrives puts an item into a store's copy as a job with that sync_rev brings it.
func (h *hub) arrives(id string, it, from item.Item, rev int64) {
	h.Helper()
	it = linked(it, from, "head")
	it.Link.Fields[0].From.SyncRev, it.Link.Fields[0].From.HubEpoch = rev, h.epoch()
	h.put(id, it)
}

func (h *hub) epoch() (epoch string) {
	h.Helper()
	err := h.db.View(context.Background(), func(v *store.View) error {
		e, err := v.HubEpoch()
		epoch = e.Epoch
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return epoch
}

// Changes are counted from where the sync counted them, and what the source has
// lost since is left out and said.
func TestAgainCountsAsTheSyncDid(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"))
	h.run(h.test(request(all("vendor"), "uptown", "downtown")))
	h.put("head", thing("vendor", "2", "name", "Bolt"))
	y := h.run(h.test(request([]storesync.Selection{{Kind: "vendor", ChangedSince: storesync.SinceLast}}, "uptown", "downtown")))
	down, _, _ := h.job("downtown")
	h.cancel("downtown", down.ID)
	h.put("head", thing("vendor", "3", "name", "Cord"))
	h.run(h.again(y.ID))
	if got := h.brings("downtown"); got != "sync: Bolt, Cord" {
		t.Errorf("downtown gets %s", got)
	}

	y = h.run(h.test(request([]storesync.Selection{{Kind: "vendor", Names: []string{"Acme", "Bolt"}}}, "uptown")))
	up, _, _ := h.job("uptown")
	h.cancel("uptown", up.ID)
	gone := thing("vendor", "1", "name", "Acme")
	gone.Deleted = true
	h.put("head", gone)
	p := h.again(y.ID)
	if p.Items != 1 || codes(p.Warnings)[storesync.WarnGone] != 1 {
		t.Errorf("Acme is gone, and the plan has %d items and says %v", p.Items, p.Warnings)
	}
}

// A store whose wave is still to come has missed nothing.
func TestAgainLeavesOutWhatIsToCome(t *testing.T) {
	h := chain(t)
	y := h.runIn(h.test(request(all("vendor"), "chain")), storesync.Waves{Canary: []string{"a"}})
	job := y.Stores[0].Job
	h.cancel("a", job)
	if p := h.again(y.ID); receivers(p) != "a" {
		t.Errorf("it is sent again to %s", receivers(p))
	}
	if _, err := h.sync.End(t.Context(), "n", y.ID, "ann"); err != nil {
		t.Fatal(err)
	}
	if p := h.again(y.ID); receivers(p) != "a, b, c, d" {
		t.Errorf("ended, it is sent again to %s", receivers(p))
	}
	if _, err := h.sync.Again(t.Context(), "other", y.ID, "ann", nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another network's sync: %v", err)
	}
}

// A part is no beginning for "since the last sync", and begins no cursor.
func TestPartsGiveNothingWhole(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"), thing("vendor", "2", "name", "Bolt"))
	y := h.run(h.test(request(all("vendor"), "uptown", "downtown")))
	down, _, _ := h.job("downtown")
	h.cancel("downtown", down.ID)
	h.refuses("uptown", merge.POSRefused, "Acme")
	h.put("head", thing("vendor", "3", "name", "Cord"))
	h.run(h.again(y.ID))
	since := []storesync.Selection{{Kind: "vendor", ChangedSince: storesync.SinceLast}}
	if p := h.test(request(since, "uptown")); p.Items != 1 || p.Kinds[0].After != 2 {
		t.Errorf("uptown got a part, and lacks %d items after %d", p.Items, p.Kinds[0].After)
	}
	if _, err := h.sync.Test(t.Context(), request(since, "downtown"), nil); !errors.Is(err, storesync.ErrNothing) {
		t.Errorf("downtown got all of it: %v", err)
	}
}

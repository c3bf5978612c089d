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
	"plait/shared/wire"
)

// chain is a network with four branches more: "a" to "d".
func chain(t *testing.T) *hub {
	h := newHub(t)
	err := h.db.WithNetwork(t.Context(), "n", func(tx *store.NetworkTx) error {
		for _, id := range []string{"a", "b", "c", "d"} {
			if _, err := tx.AddStore(store.Store{ID: id, Name: id, Role: store.Branch, Labels: []string{"chain"}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		h.uploads(id)
	}
	h.put("head", thing("vendor", "1", "name", "Acme"))
	return h
}

func (h *hub) runIn(p storesync.Plan, w storesync.Waves) storesync.Sync {
	h.Helper()
	y, err := h.sync.Run(h.Context(), "n", p.Digest, storesync.Confirm{Waves: &w}, "ann")
	if err != nil {
		h.Fatal(err)
	}
	return y
}

// reports says that a store has applied its newest job, and that it refused
// some items.
func (h *hub) reports(id string, refused int) {
	h.Helper()
	j, _, _ := h.job(id)
	h.in(id, func(tx *store.StoreTx) error {
		return queue.Result(tx, wire.Result{Job: j.ID, Done: true, Counts: wire.Counts{Created: 1, Parked: refused}, POSEpoch: "p"})
	})
}

// advance lets the hub take what steps are due, and shows the sync.
func (h *hub) advance(id string) storesync.Sync {
	h.Helper()
	if err := h.sync.Advance(h.Context(), "n"); err != nil {
		h.Fatal(err)
	}
	return h.shown(id)
}

func (h *hub) shown(id string) storesync.Sync {
	h.Helper()
	y, err := h.sync.Show(h.Context(), "n", id)
	if err != nil {
		h.Fatal(err)
	}
	return y
}

// queued are the stores that got a job of the sync, sorted.
func queued(y storesync.Sync) string {
	var out []string
	for _, s := range y.Stores {
		if s.Job != "" {
			out = append(out, s.ID)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestCanariesFirst(t *testing.T) {
	h := chain(t)
	y := h.runIn(h.test(request(all("vendor"), "chain", "uptown")), storesync.Waves{Canary: []string{"b", "uptown"}, Size: 2})
	if queued(y) != "b uptown" || y.State != store.SyncRunning || y.Course.Wave != 1 || y.Course.Of != 3 || !strings.Contains(y.Stands, "2 stores have applied it") {
		t.Fatalf("the canaries: %s, %+v", queued(y), y)
	}
	if i := slices.IndexFunc(y.Stores, func(s storesync.SyncStore) bool { return s.ID == "d" }); y.Stores[i].Waits != "wave 3 of 3" || y.Stores[i].Wave != 3 {
		t.Errorf("the last store is shown as %+v", y.Stores[i])
	}
	h.reports("b", 0)
	if y = h.advance(y.ID); queued(y) != "b uptown" || !strings.Contains(y.Stands, "uptown") {
		t.Errorf("one canary applied it: %s, %s", queued(y), y.Stands)
	}
	h.reports("uptown", 0)
	if y = h.advance(y.ID); queued(y) != "a b c uptown" || y.State != store.SyncRunning {
		t.Errorf("both canaries applied it: %s, %s", queued(y), y.State)
	}
	h.reports("a", 0)
	h.reports("c", 0)
	if y = h.advance(y.ID); queued(y) != "a b c d uptown" || y.State != store.SyncDone || y.Stands != "all its jobs are queued" {
		t.Errorf("the last wave: %s, %+v", queued(y), y)
	}
	h.audited("sync.wave", "the hub")
}

func TestHaltedSyncsWaitForAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		waves storesync.Waves
		fail  func(*hub, string)
		says  string
	}{
		"more refused than foreseen": {storesync.Waves{Canary: []string{"a", "b"}}, func(h *hub, _ string) { h.reports("a", 1) }, "“a”"},
		"cancelled":                  {storesync.Waves{Canary: []string{"a"}}, func(h *hub, job string) { h.cancel("a", job) }, "“a”"},
		"two refuse more than two":   {storesync.Waves{Size: 3, HaltAfter: 2, Refused: 2}, func(h *hub, _ string) { h.reports("a", 3); h.reports("b", 2); h.reports("c", 4) }, "2 stores did not apply it as foreseen: “a”, “c”"},
		"no canary can receive":      {storesync.Waves{Canary: []string{"c"}}, nil, "no canary has applied it"},
	} {
		t.Run(name, func(t *testing.T) {
			h := chain(t)
			p := h.test(request(all("vendor"), "chain"))
			if c.fail == nil {
				h.turn("c", store.Off)
			}
			y := h.runIn(p, c.waves)
			if c.fail != nil {
				c.fail(h, y.Stores[0].Job)
			}
			before := queued(y)
			y = h.advance(y.ID)
			if y.State != store.SyncHalted || !strings.Contains(y.Stands, c.says) || queued(y) != before {
				t.Fatalf("it stands as %s: %s, with jobs for %s, before %s", y.State, y.Stands, queued(y), before)
			}
			h.audited("sync.halt", "the hub")
			if y = h.advance(y.ID); queued(y) != before {
				t.Errorf("halted, it queued for %s", queued(y))
			}
			if err := h.sync.Continue(t.Context(), "n", y.ID, "bob"); err != nil {
				t.Fatal(err)
			}
			if y = h.shown(y.ID); len(queued(y)) <= len(before) || y.State == store.SyncHalted || y.Course.By != "bob" && y.State == store.SyncRunning {
				t.Errorf("continued, it stands as %s with jobs for %s", y.State, queued(y))
			}
			h.audited("sync.continue", "bob")
		})
	}
}

func (h *hub) cancel(id, job string) {
	h.Helper()
	if _, err := h.sync.Cancel(h.Context(), id, job, "bob"); err != nil {
		h.Fatal(err)
	}
}

// What the Test foresaw that a store refuses is no failure.
func TestForeseenRefusalsAreNoFailure(t *testing.T) {
	h := chain(t)
	h.salonList()
	p := h.test(request(all("service"), "a", "b")) // without the categories that they need
	if p.Stores[0].Counts.Parked != 3 {
		t.Fatalf("the Test foresees %+v", p.Stores[0].Counts)
	}
	y := h.runIn(p, storesync.Waves{Canary: []string{"a"}})
	h.reports("a", 3)
	if y = h.advance(y.ID); y.State != store.SyncDone || queued(y) != "a b" {
		t.Errorf("it stands as %s: %s", y.State, y.Stands)
	}
}

// A store that has been silent for a day since its job was queued holds nobody;
// one that came, and still has the job, does.
func TestSilentStoresHoldNobody(t *testing.T) {
	h := chain(t)
	y := h.runIn(h.test(request(all("vendor"), "chain")), storesync.Waves{Size: 2})
	h.reports("a", 0)
	h.clock.Advance(23 * time.Hour)
	if y = h.advance(y.ID); queued(y) != "a b" {
		t.Errorf("after 23 hours: %s", queued(y))
	}
	h.uploads("b")
	h.clock.Advance(3 * time.Hour)
	if y = h.advance(y.ID); queued(y) != "a b" {
		t.Errorf("b was here, and has not applied it, and the next wave is queued: %s", queued(y))
	}
	if err := h.sync.Continue(t.Context(), "n", y.ID, "bob"); err != nil {
		t.Fatal(err)
	}
	if y = h.shown(y.ID); queued(y) != "a b c d" {
		t.Errorf("continued: %s", queued(y))
	}
	if err := h.sync.Continue(t.Context(), "n", y.ID, "bob"); !errors.Is(err, storesync.ErrConfirm) {
		t.Errorf("continuing what is done: %v", err)
	}

	y = h.runIn(h.test(request(all("vendor"), "c", "d")), storesync.Waves{Size: 1})
	h.clock.Advance(25 * time.Hour)
	if y = h.advance(y.ID); queued(y) != "c d" {
		t.Errorf("c was not heard of for a day: %s", queued(y))
	}
}

func TestAppliedFromATime(t *testing.T) {
	h := chain(t) // 9:00 UTC on 2 March
	h.sync.Zone = time.FixedZone("CET", 3600)
	for _, wrong := range []string{"2026-03-02 10:00", "2027-03-05", "soon"} {
		r := request(all("vendor"), "chain")
		r.ApplyFrom = wrong
		if _, err := h.sync.Test(t.Context(), r, nil); !errors.Is(err, storesync.ErrRequest) {
			t.Errorf("from %q: %v", wrong, err)
		}
	}
	r := request(all("vendor"), "chain")
	r.ApplyFrom = "2026-03-05 08:00"
	p := h.test(r)
	if !p.ApplyFrom.Equal(time.Date(2026, 3, 5, 7, 0, 0, 0, time.UTC)) || codes(p.Warnings)[storesync.WarnLater] != 1 || !strings.Contains(p.Sentence(), "queued at 2026-03-05 08:00 CET") {
		t.Errorf("from %s: %q, %v", p.ApplyFrom, p.Sentence(), p.Warnings)
	}
	y := h.run(p)
	if queued(y) != "" || y.State != store.SyncRunning || !strings.Contains(y.Stands, "2026-03-05 08:00") || y.Stores[0].Waits == "" {
		t.Fatalf("three days before: %+v", y)
	}
	if detail := h.auditDetail("sync.run"); !strings.Contains(detail, `"from":"2026-03-05T08:00:00+01:00"`) {
		t.Errorf("the audit log does not say when: %s", detail)
	}
	if err := h.sync.Continue(t.Context(), "n", y.ID, "bob"); !errors.Is(err, storesync.ErrConfirm) {
		t.Errorf("continuing before its time: %v", err)
	}
	h.put("head", thing("vendor", "1", "name", "Bolt")) // not in it
	h.test(request(all("vendor"), "uptown"))            // drops Tests that have expired
	h.clock.Advance(69*time.Hour + 59*time.Minute)
	h.test(request(all("vendor"), "uptown"))
	if y = h.advance(y.ID); queued(y) != "" {
		t.Errorf("a minute before: %s", queued(y))
	}
	h.turn("c", store.Off)
	h.clock.Advance(time.Minute)
	y = h.advance(y.ID)
	if queued(y) != "a b d" || y.State != store.SyncDone {
		t.Fatalf("at its time: %s, %+v", queued(y), y)
	}
	if c := y.Stores[3]; c.ID != "c" || !strings.Contains(c.Why, "switch is off") || !strings.Contains(c.Why, "sync again") {
		t.Errorf("c was off then, and is shown as %+v", c)
	}
	if _, payload, _ := h.job("a"); payload.Items[0].Name != "Acme" {
		t.Errorf("the Test froze Acme, and %q travels", payload.Items[0].Name)
	}
}

// Nothing holds a sync for ever, and a restored hub's counters are not the Test's.
func TestSyncsThatEnd(t *testing.T) {
	waits := func(h *hub) storesync.Sync {
		return h.runIn(h.test(request(all("vendor"), "chain")), storesync.Waves{Canary: []string{"a"}})
	}
	t.Run("by a person", func(t *testing.T) {
		h := chain(t)
		y := waits(h)
		if ended, err := h.sync.End(t.Context(), "n", y.ID, "bob"); err != nil || !ended {
			t.Fatalf("ended %t, %v", ended, err)
		}
		h.reports("a", 0)
		if y = h.advance(y.ID); y.State != store.SyncEnded || queued(y) != "a" || !strings.Contains(y.Stands, "bob ended it with 1 of 2 waves queued") || !strings.Contains(y.Stores[1].Why, "bob") {
			t.Errorf("it stands as %+v", y)
		}
		if ended, err := h.sync.End(t.Context(), "n", y.ID, "bob"); err != nil || ended {
			t.Errorf("ended again: %t, %v", ended, err)
		}
		if err := h.sync.Continue(t.Context(), "n", y.ID, "bob"); !errors.Is(err, storesync.ErrConfirm) {
			t.Errorf("continued: %v", err)
		}
		h.audited("sync.end", "bob")
	})
	t.Run("its time ran out", func(t *testing.T) {
		h := chain(t)
		y := waits(h)
		h.uploads("a")
		h.clock.Advance(29 * 24 * time.Hour)
		h.uploads("a")
		h.test(request(all("vendor"), "uptown"))
		if y = h.advance(y.ID); y.State != store.SyncRunning {
			t.Fatalf("after 29 days it stands as %s: %s", y.State, y.Stands)
		}
		h.clock.Advance(25 * time.Hour)
		if y = h.advance(y.ID); y.State != store.SyncEnded || queued(y) != "a" || !strings.Contains(y.Stands, "time ran out") {
			t.Errorf("after 30 days it stands as %s: %s", y.State, y.Stands)
		}
	})
	t.Run("halted, its time ran out", func(t *testing.T) {
		h := chain(t)
		y := waits(h)
		h.reports("a", 9)
		h.advance(y.ID)
		h.clock.Advance(31 * 24 * time.Hour)
		if y = h.advance(y.ID); y.State != store.SyncEnded {
			t.Errorf("after 31 days it stands as %s: %s", y.State, y.Stands)
		}
	})
	t.Run("the hub was restored", func(t *testing.T) {
		h := chain(t)
		y := waits(h)
		h.reports("a", 0)
		err := h.db.WithHub(t.Context(), func(tx *store.HubTx) error { _, err := tx.NewHubEpoch("restored"); return err })
		if err != nil {
			t.Fatal(err)
		}
		if y = h.advance(y.ID); y.State != store.SyncEnded || queued(y) != "a" || !strings.Contains(y.Stands, "restored") {
			t.Errorf("it stands as %s: %s", y.State, y.Stands)
		}
	})
}

// Running a Test again does not start its waves anew.
func TestRunAgainKeepsItsWaves(t *testing.T) {
	h := chain(t)
	p := h.test(request(all("vendor"), "chain"))
	h.runIn(p, storesync.Waves{Canary: []string{"a"}})
	y := h.runIn(p, storesync.Waves{Canary: []string{"b"}})
	if queued(y) != "a" {
		t.Errorf("run again with another canary: %s", queued(y))
	}
	if y = h.run(p); queued(y) != "a" {
		t.Errorf("run again without: %s", queued(y))
	}
	h.reports("a", 0)
	if y = h.run(p); queued(y) != "a b c d" {
		t.Errorf("run again once the canary applied it: %s", queued(y))
	}
}

// A wave that was about to be queued is not, once somebody has ended the sync or
// another has queued it.
func TestStepsThatComeTooLate(t *testing.T) {
	h := chain(t)
	y := h.runIn(h.test(request(all("vendor"), "chain")), storesync.Waves{Size: 1})
	h.reports("a", 0)
	if err := h.sync.StepAfter(t.Context(), "n", y.ID, func() { h.advance(y.ID) }); err != nil {
		t.Fatal(err)
	}
	if y = h.shown(y.ID); queued(y) != "a b" || y.Course.Wave != 2 {
		t.Errorf("a step that was taken already queued for %s, wave %d", queued(y), y.Course.Wave)
	}
	h.reports("b", 0)
	err := h.sync.StepAfter(t.Context(), "n", y.ID, func() {
		if _, err := h.sync.End(t.Context(), "n", y.ID, "bob"); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if y = h.shown(y.ID); queued(y) != "a b" || y.State != store.SyncEnded {
		t.Errorf("ended, it queued for %s, and is %s", queued(y), y.State)
	}
}

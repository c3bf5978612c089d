package storesync_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/wire"
)

// newContinuous is a hub whose network syncs kinds continuously, and whose
// branches have had all of head office's list.
func newContinuous(t *testing.T, kinds ...string) *hub {
	h := newHub(t)
	h.salonList()
	h.continuous(kinds...)
	h.run(h.test(request(all("service", "category", "vendor"), "uptown", "downtown")))
	for _, id := range []string{"uptown", "downtown"} {
		h.applies(id, 1)
		h.mirror(id)
	}
	return h
}

func (h *hub) continuous(kinds ...string) {
	h.Helper()
	err := h.db.WithNetwork(h.Context(), "n", func(tx *store.NetworkTx) error {
		n := tx.Network
		settings, err := storesync.Change(n, func(s *storesync.Settings) { s.Continuous = kinds })
		if err != nil {
			return err
		}
		n.Settings = settings
		if err := tx.SetNetwork(n); err != nil {
			return err
		}
		return storesync.Settle(tx.View, "n", tx.SetContinuous)
	})
	if err != nil {
		h.Fatal(err)
	}
}

// mirror gives a branch a copy of all that head office has, as the agent would
// upload it after applying.
func (h *hub) mirror(id string) {
	h.Helper()
	var items []item.Item
	err := h.db.ViewStore(h.Context(), "head", func(v *store.StoreView) error {
		for _, kind := range []string{"category", "service", "vendor"} {
			rows, err := v.Items(kind, item.ID{}, 1000)
			if err != nil {
				return err
			}
			for _, r := range rows {
				it, err := r.Decode()
				if err != nil {
					return err
				}
				if r.Live() {
					items = append(items, linked(it, it, "head"))
				}
			}
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
	h.put(id, items...)
}

func (h *hub) next(id string) *wire.Job {
	h.Helper()
	a, err := queue.New(h.db, h.sync).Next(h.Context(), id, wire.NextAsk{})
	if err != nil {
		h.Fatal(err)
	}
	return a.Job
}

// applies lets a branch take and report so many jobs, and no more.
func (h *hub) applies(id string, jobs int) {
	h.Helper()
	for range jobs {
		j := h.next(id)
		if j == nil {
			h.Fatalf("%s has no job", id)
		}
		if _, err := queue.New(h.db, h.sync).Begin(h.Context(), id, wire.Begin{Job: j.ID}); err != nil {
			h.Fatal(err)
		}
		h.in(id, func(tx *store.StoreTx) error {
			return queue.Result(tx, wire.Result{Job: j.ID, HubEpoch: j.HubEpoch, Number: j.Number, Order: j.Number, Done: true})
		})
	}
	if j := h.next(id); j != nil {
		h.Fatalf("%s is offered %+v past %d jobs", id, j, jobs)
	}
}

func (h *hub) spread() {
	h.Helper()
	if err := h.sync.Spread(h.Context(), "n"); err != nil {
		h.Fatal(err)
	}
}

func (h *hub) open(id string) (states []string) {
	h.Helper()
	h.view(id, func(v *store.StoreView) error {
		jobs, err := v.OpenJobs(0)
		for _, j := range jobs {
			states = append(states, j.State)
		}
		return err
	})
	return states
}

func (h *hub) view(id string, fn func(*store.StoreView) error) {
	h.Helper()
	if err := h.db.ViewStore(context.Background(), id, fn); err != nil {
		h.Fatal(err)
	}
}

func (h *hub) cursor(id, kind string) (c store.Cursor, ok bool) {
	h.Helper()
	h.view(id, func(v *store.StoreView) (err error) { c, ok, err = v.Cursor("head", kind); return err })
	return c, ok
}

func namesOf(p wire.Payload) string {
	var names []string
	for _, it := range p.Items {
		names = append(names, it.Kind+" "+it.Name)
	}
	return strings.Join(names, ", ")
}

func TestContinuousSync(t *testing.T) {
	h := newContinuous(t, "service", "category")
	h.spread()
	if open := slices.Concat(h.open("uptown"), h.open("downtown")); len(open) > 0 {
		t.Fatalf("nothing has changed, and %v are open", open)
	}
	h.put("head", service("1", "Cut and dry", "2", "sku", "c1"))
	h.spread()
	h.spread()
	for _, id := range []string{"uptown", "downtown", "head"} {
		if open := h.open(id); id == "head" && len(open) > 0 || id != "head" && !slices.Equal(open, []string{store.Pending}) {
			t.Errorf("head office changed something, and %s has open: %v", id, open)
		}
	}
	h.put("head", service("3", "Wash", "2", "note", "cold"))
	if j := h.next("uptown"); j == nil || j.State != store.Queued || j.Items != 2 || j.Label != "Continuous sync from head: 2 service" {
		t.Fatalf("uptown is offered %+v", j)
	}
	j, payload, _ := h.job("uptown")
	if namesOf(payload) != "service Cut and dry, service Wash" || j.Plan == "" || j.Cause != "continuous" || j.Sort != "sync" || j.CreatedBy != "the hub" {
		t.Errorf("the job brings %s: %+v", namesOf(payload), j)
	}
	h.audited("job.cut", "the hub")
	h.applies("uptown", 1)
	h.next("downtown")
	if d, _, _ := h.job("downtown"); d.Payload != j.Payload {
		t.Errorf("the same changes travel as %s and %s", d.Payload, j.Payload)
	}
	h.applies("downtown", 1)
	h.spread()
	if open := slices.Concat(h.open("uptown"), h.open("downtown")); len(open) > 0 {
		t.Errorf("all has been sent, and %v are open", open)
	}
}

// A change that no entry was made for, because the hub was killed after the
// upload, is found when the store asks.
func TestContinuousSyncForgetsNothing(t *testing.T) {
	h := newContinuous(t, "service", "category")
	h.put("head", service("9", "Perm", "2"))
	if h.applies("uptown", 1); len(h.open("uptown")) > 0 {
		t.Errorf("uptown has open: %v", h.open("uptown"))
	}
	_, payload, _ := h.job("uptown")
	if namesOf(payload) != "service Perm" {
		t.Errorf("uptown got %s", namesOf(payload))
	}
}

func TestContinuousSyncEndsWhereNothingIsLeft(t *testing.T) {
	h := newContinuous(t, "service", "category")
	gone := service("3", "Wash", "2")
	gone.Deleted = true
	h.put("head", gone)
	h.spread()
	h.applies("uptown", 0)
	var j store.Job
	h.view("uptown", func(v *store.StoreView) error {
		jobs, err := v.Jobs(1)
		j = jobs[0]
		return err
	})
	if j.State != store.Cancelled || j.EndedBy != "the hub" || j.Why != "nothing was left to send" {
		t.Errorf("the entry is %+v", j)
	}
	if c, _ := h.cursor("uptown", "service"); c.Held != "" {
		t.Errorf("the cursor is %+v", c)
	}
	h.spread()
	if open := h.open("uptown"); len(open) > 0 {
		t.Errorf("again %v are open", open)
	}
	h.put("head", service("4", "Set", "2"))
	h.applies("uptown", 1)
}

// What a changed item needs comes with it, and so do the items that refer to what
// the store did not have.
func TestContinuousSyncBringsWhatBelongsTogether(t *testing.T) {
	h := newContinuous(t, "service")
	h.put("head", thing("category", "5", "name", "Nails", "parent", item.Ref("category", "10")), service("6", "Manicure", "5"))
	h.applies("uptown", 1)
	if _, p, _ := h.job("uptown"); namesOf(p) != "category Nails, service Manicure" {
		t.Errorf("uptown got %s", namesOf(p))
	}
	// Downtown was sent the service once, and could not take it.
	h.continuous("service", "category")
	lost := thing("category", "2", "name", "Hair")
	lost.Deleted = true
	h.put("downtown", lost)
	h.put("head", thing("category", "2", "name", "Hair!", "parent", item.Ref("category", "10")))
	h.applies("downtown", 1)
	if _, p, _ := h.job("downtown"); namesOf(p) != "category Hair!, category Nails, service Cut, service Colour, service Wash, service Manicure" {
		t.Errorf("downtown got %s", namesOf(p))
	}
}

func TestContinuousSyncComesInBoundedJobs(t *testing.T) {
	defer storesync.CatchUpItems(4)()
	h := newContinuous(t, "service", "category")
	h.put("head", many(10)...)
	var got []string
	for range 3 {
		h.next("uptown")
		_, p, _ := h.job("uptown")
		if len(p.Items) > 4 {
			t.Errorf("a job brings %d items", len(p.Items))
		}
		for _, it := range p.Items {
			got = append(got, it.Name)
		}
		h.in("uptown", func(tx *store.StoreTx) error {
			jobs, err := tx.OpenJobs(1)
			if err != nil {
				return err
			}
			return queue.Result(tx, wire.Result{Job: jobs[0].ID, Done: true})
		})
	}
	if j := h.next("uptown"); j != nil || len(got) != 10 {
		t.Errorf("in three jobs came %s, then %+v", sorted(got), j)
	}
}

func TestContinuousSyncWaitsForAPausedKind(t *testing.T) {
	h := newContinuous(t, "service", "category")
	pause := func(why string) {
		p := profile()
		for i := range p.Kinds {
			if p.Kinds[i].Kind == "service" {
				p.Kinds[i].Paused = why
			}
		}
		h.in("uptown", func(tx *store.StoreTx) error { return tx.SetProfile("profile "+why, p) })
	}
	pause("its table is gone")
	h.put("head", service("9", "Perm", "2"))
	h.spread()
	h.applies("uptown", 0)
	if open := h.open("uptown"); len(open) > 0 {
		t.Errorf("a kind is paused, and %v are open", open)
	}
	pause("")
	h.applies("uptown", 1)
}

// Whatever does not arrive holds the kind at the store until a person has looked.
func TestContinuousSyncIsHeldByWhatDidNotArrive(t *testing.T) {
	h := newContinuous(t, "service", "category")
	before, _ := h.cursor("uptown", "service")
	cancel := func(state string) {
		t.Helper()
		h.in("uptown", func(tx *store.StoreTx) error {
			jobs, err := tx.OpenJobs(1)
			if err != nil {
				return err
			}
			if jobs[0].State != state {
				t.Fatalf("the job is %s, want %s", jobs[0].State, state)
			}
			_, err = queue.Cancel(tx, "ann", jobs[0].ID)
			return err
		})
		h.spread()
		h.applies("uptown", 0)
		c, ok := h.cursor("uptown", "service")
		if want := (store.Cursor{Source: "head", Kind: "service", SyncRev: before.SyncRev, Epoch: 1, Held: store.HeldCancelled, At: h.clock.Now()}); !ok || c != want {
			t.Errorf("%s, cancelled: the cursor is %+v, want %+v", state, c, want)
		}
		if c, _ := h.cursor("uptown", "category"); c.Held != "" {
			t.Errorf("%s, cancelled: categories are held too", state)
		}
	}
	h.put("head", service("9", "Perm", "2"))
	h.spread()
	cancel(store.Pending)

	h.run(h.test(request(all("service"), "uptown")))
	h.applies("uptown", 1)
	before, _ = h.cursor("uptown", "service")
	if before.Held != "" {
		t.Fatalf("looked at, the cursor is %+v", before)
	}
	h.put("head", service("11", "Dye", "2"))
	h.next("uptown")
	cancel(store.Queued)
}

func TestContinuousSyncStandsStillWhileTheSwitchIsOff(t *testing.T) {
	h := newContinuous(t, "service", "category")
	h.turn("uptown", store.Off)
	h.put("head", service("9", "Perm", "2"))
	h.spread()
	h.applies("uptown", 0)
	if open := h.open("uptown"); len(open) > 0 {
		t.Errorf("off, and open: %v", open)
	}
	h.turn("uptown", store.On)
	h.spread()
	h.applies("uptown", 0)
	h.run(h.test(request(all("service"), "uptown")))
	h.applies("uptown", 1)
	h.put("head", service("11", "Dye", "2"), thing("category", "77", "name", "Toes"))
	h.applies("uptown", 1)
	if _, p, _ := h.job("uptown"); namesOf(p) != "service Dye" {
		t.Errorf("categories were not looked at since, and uptown got %s", namesOf(p))
	}
}

// A sync that did not bring everything, or came from elsewhere, begins no cursor;
// one that is cancelled takes it away again.
func TestWhereCursorsBegin(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "1", "name", "Beard"))
	h.continuous("service", "category")
	only := request(all("category"), "downtown")
	only.Options.OnlyNew = true
	part := request([]storesync.Selection{{Kind: "category", Names: []string{"Hair"}}}, "downtown")
	from := request(all("category"), "downtown")
	from.Source = "uptown"
	for what, r := range map[string]storesync.Request{"only new ones": only, "some": part, "another store's": from} {
		h.run(h.test(r))
		if c, ok := h.cursor("downtown", "category"); ok {
			t.Errorf("%s: the cursor is %+v", what, c)
		}
	}
	p := h.test(request(all("category"), "downtown"))
	h.put("head", thing("category", "20", "name", "Nails"))
	y := h.run(p)
	c, _ := h.cursor("downtown", "category")
	if c.SyncRev != 2 {
		t.Errorf("the Test saw change 2, and the cursor begins at %d", c.SyncRev)
	}
	h.in("downtown", func(tx *store.StoreTx) error { _, err := queue.Cancel(tx, "ann", y.Stores[0].Job); return err })
	if c, ok := h.cursor("downtown", "category"); ok {
		t.Errorf("cancelled, the cursor is %+v", c)
	}
}

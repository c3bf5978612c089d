package storesync_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/item"
)

// shop is what the model knows of "since the last sync".
type shop struct {
	*hub
	version int
	now     map[string]int            // the source's vendors, each with the version of its last change
	jobs    map[string][]brought      // by store, in order: those that stand
	given   map[string]map[string]int // by store: what it must have been given since its last such sync
	off     map[string]bool
}

// brought is what a job brings.
type brought struct {
	id    string
	items map[string]int
}

// TestSinceTheLastSyncMissesNothing: whatever is synced to whom, cancelled, lost
// or left out in between, a store that a sync "since the last" goes to has then
// been given every change of the source, as it was at that Test.
func TestSinceTheLastSyncMissesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(t)
		rt.Repeat(map[string]func(*rapid.T){
			"change": func(rt *rapid.T) { s.change(rapid.StringMatching("[1-8]").Draw(rt, "vendor")) },
			"sync":   s.sync,
			"cancel": func(rt *rapid.T) { s.end(rt, store.Cancelled) },
			"lose":   func(rt *rapid.T) { s.end(rt, store.Lost) },
			"switch": func(rt *rapid.T) { s.flip(rapid.SampledFrom(branches).Draw(rt, "store")) },
			"":       s.nothingMissed,
		})
	})
}

// A sync that always brought everything would miss nothing, either.
func TestSinceTheLastSyncBringsWhatChanged(t *testing.T) {
	s := newShop(t)
	last := []storesync.Selection{{Kind: "vendor", ChangedSince: storesync.SinceLast}}
	for _, key := range []string{"1", "2", "3"} {
		s.change(key)
	}
	for _, want := range []int{3, 1} {
		p, err := s.hub.sync.Test(s.Context(), request(last, "uptown"), nil)
		if err != nil || p.Items != want {
			t.Fatalf("it brings %d of 3 items, %v; want %d", p.Items, err, want)
		}
		s.run(p)
		s.change("1")
	}
}

var branches = []string{"uptown", "downtown"}

func newShop(t *testing.T) *shop {
	clock := storetest.NewClock()
	h := &hub{TB: t, db: storetest.OpenUnsynced(t, clock), clock: clock, revs: map[string]int64{}}
	h.sync = storesync.New(h.db)
	storetest.AddNetwork(t, h.db, "n", "head", "uptown", "downtown")
	storetest.SetCatalog(t, h.db, "n", kinds())
	for _, id := range []string{"head", "uptown", "downtown"} {
		h.uploads(id)
	}
	return &shop{hub: h, now: map[string]int{}, jobs: map[string][]brought{}, given: map[string]map[string]int{}, off: map[string]bool{}}
}

func (s *shop) change(key string) {
	s.version++
	s.put("head", thing("vendor", key, "name", "Vendor "+key))
	s.now[key] = s.version
}

// sync tests and runs a sync of the vendors to some branches.
func (s *shop) sync(rt *rapid.T) {
	sel := storesync.Selection{Kind: "vendor"}
	how := rapid.SampledFrom([]string{"all", "last", "last", "last", "one", "rev"}).Draw(rt, "how")
	switch how {
	case "all":
		sel.All = true
	case "last":
		sel.ChangedSince = storesync.SinceLast
	case "rev": // after a change that the store may never have been given
		sel.ChangedSince = fmt.Sprintf("rev:%d", rapid.Int64Range(0, s.revs["head"]).Draw(rt, "rev"))
	case "one":
		sel.Names = []string{"Vendor 1"}
	}
	to := rapid.SampledFrom([][]string{branches, branches[:1], branches[1:]}).Draw(rt, "to")
	p, err := s.hub.sync.Test(s.Context(), request([]storesync.Selection{sel}, to...), nil)
	if errors.Is(err, storesync.ErrRequest) { // nothing changed, or no such vendor
		for _, id := range to {
			if how == "last" && !s.off[id] {
				s.given[id] = maps.Clone(s.now)
			}
		}
		return
	}
	if err != nil {
		s.Fatal(err)
	}
	for _, at := range s.run(p).Stores {
		if at.Job != "" {
			s.note(at.ID, how)
		}
	}
}

func (s *shop) note(id, how string) {
	j, payload, _ := s.job(id)
	b := brought{j.ID, map[string]int{}}
	for _, it := range payload.Items {
		b.items[it.Name[len("Vendor "):]] = s.now[it.Name[len("Vendor "):]]
	}
	s.jobs[id] = append(s.jobs[id], b)
	if how == "all" || how == "last" {
		s.given[id] = maps.Clone(s.now)
	}
}

// end ends one of the jobs that stand: what it brought is lost.
func (s *shop) end(rt *rapid.T, state string) {
	id := rapid.SampledFrom(branches).Draw(rt, "store")
	if len(s.jobs[id]) == 0 {
		return
	}
	n := rapid.IntRange(0, len(s.jobs[id])-1).Draw(rt, "job")
	s.in(id, func(tx *store.StoreTx) error {
		j, err := tx.Job(s.jobs[id][n].id)
		if err != nil {
			return err
		}
		j.State, j.Ended, j.EndedBy = state, tx.Now(), "ann"
		return tx.SetJob(j)
	})
	s.jobs[id] = append(s.jobs[id][:n:n], s.jobs[id][n+1:]...)
	delete(s.given, id)
}

// flip turns a store's switch; off, its jobs are cancelled.
func (s *shop) flip(id string) {
	to := store.Off
	s.in(id, func(tx *store.StoreTx) error {
		if tx.Store.Switch == store.Off {
			to = store.On
		}
		_, err := queue.Switch(tx, "ann", to, true)
		return err
	})
	s.off[id] = to == store.Off
	if s.off[id] {
		s.jobs[id] = nil
		delete(s.given, id)
	}
}

func (s *shop) nothingMissed(rt *rapid.T) {
	for id, must := range s.given {
		has := map[string]int{}
		for _, b := range s.jobs[id] {
			for key, version := range b.items {
				has[key] = max(has[key], version)
			}
		}
		for key, version := range must {
			if has[key] < version {
				rt.Fatalf("store %s was never given vendor %s as of version %d; it has %v", id, key, version, has)
			}
		}
	}
}

// What the plan says of where it begins, and that it asks for no confirmation.
func TestSinceTheLastSyncSaysWhereItBegins(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"), thing("vendor", "2", "name", "Bolt"))
	sel := []storesync.Selection{{Kind: "vendor", ChangedSince: storesync.SinceLast}}
	p := h.test(request(sel, "uptown", "downtown"))
	if k := p.Kinds[0]; k.Items != 2 || k.Since == "" || k.After != 0 || k.Upto != 2 {
		t.Errorf("never synced: %+v", k)
	}
	h.run(p)
	if _, err := h.sync.Test(t.Context(), request(sel, "uptown", "downtown"), nil); !errors.Is(err, storesync.ErrNothing) {
		t.Errorf("nothing changed: %v", err)
	}
	for _, part := range []func(*storesync.Options){
		func(o *storesync.Options) { o.OnlyNew = true }, func(o *storesync.Options) { o.NoRestrictions = true }, func(o *storesync.Options) { o.Prices = storesync.PricesNo },
	} {
		r := request(all("vendor"), "uptown")
		part(&r.Options)
		if k := h.test(r).Kinds[0]; k.Upto != 0 {
			t.Errorf("%+v leaves something out, and reaches up to %d", r.Options, k.Upto)
		}
	}
	h.put("head", thing("vendor", "3", "name", "Cord"), item.Item{ID: item.ID{Kind: "vendor", Key: "1", Gen: 1}, Deleted: true})
	p = h.test(request(sel, "uptown", "downtown"))
	if k := p.Kinds[0]; k.Items != 1 || k.After != 2 || k.Upto != 4 || k.Since != "changed since the last sync" {
		t.Errorf("one came, one went: %+v", k)
	}
}

package storesync_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/sqlitedb"
)

func nightly(kinds ...string) storesync.Saved {
	r := request(all(kinds...), "uptown", "downtown")
	r.Label = ""
	return storesync.Saved{Name: "nightly", Request: r, Schedule: "0 3 * * *"}
}

func (h *hub) save(in storesync.Saved) storesync.SavedSync {
	h.Helper()
	out, err := h.sync.Save(context.Background(), "n", in, true, "ann")
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// due lets what is due run, and returns how the saved sync stands.
func (h *hub) due() storesync.SavedSync {
	h.Helper()
	if err := h.sync.RunDue(context.Background(), "n"); err != nil {
		h.Fatal(err)
	}
	out, err := h.sync.Saved(context.Background(), "n", "nightly")
	if err != nil {
		h.Fatal(err)
	}
	return out
}

func (h *hub) ranSyncs() (out []store.Sync) {
	h.Helper()
	err := h.db.View(context.Background(), func(v *store.View) (err error) {
		out, err = v.Syncs("n", 100)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// A schedule goes by the hub's time zone; a time that was missed is made up for
// by one run.
func TestScheduledRuns(t *testing.T) {
	h := newHub(t) // 9:00 UTC on 2 March
	h.sync.Zone = time.FixedZone("CET", 3600)
	h.put("head", thing("vendor", "1", "name", "Acme"))
	s := h.save(nightly("vendor"))
	if want := time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC); !s.Due.Equal(want) {
		t.Fatalf("due at %s, want %s", s.Due, want)
	}
	h.clock.Advance(17*time.Hour - time.Minute)
	if s = h.due(); s.State != "" || len(h.ranSyncs()) != 0 {
		t.Errorf("a minute early: %+v", s)
	}
	h.clock.Advance(time.Minute)
	s = h.due()
	if s.State != store.SavedDone || len(h.ranSyncs()) != 1 || s.Sync != h.ranSyncs()[0].ID || !s.Due.Equal(time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)) {
		t.Fatalf("at its time: %+v", s)
	}
	if y := h.shown(s.Sync); y.Label != "nightly" || y.By != `schedule "nightly" of ann` || queued(y) != "downtown uptown" {
		t.Errorf("it was run as %+v", y)
	}
	h.audited("sync.run", `schedule "nightly" of ann`)
	if s = h.due(); len(h.ranSyncs()) != 1 {
		t.Errorf("looked at again, it ran again: %+v", s)
	}
	h.clock.Advance(5*24*time.Hour + time.Hour) // the hub was down
	h.put("head", thing("vendor", "2", "name", "Bolt"))
	if s = h.due(); len(h.ranSyncs()) != 2 || !s.Due.Equal(time.Date(2026, 3, 9, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("five times were missed, and it ran %d times, next at %s", len(h.ranSyncs())-1, s.Due)
	}
}

// Where something must be confirmed, the Test waits for an operator.
func TestScheduledRunsThatNeedAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*hub, *storesync.Saved)
		says   string
	}{
		"deletes": {func(h *hub, s *storesync.Saved) {
			h.put("uptown", thing("vendor", "9", "name", "Zed"))
			s.Request.Options.DeleteMissing = storesync.DeleteAll
		}, "it deletes 1 item"},
		"resets": {func(h *hub, s *storesync.Saved) {
			h.customised()
			s.Request.Kinds, s.Request.ResetFields = all("service"), []string{"service.note"}
		}, "it resets 1 value that stores chose"},
		"head office receives": {func(h *hub, s *storesync.Saved) {
			h.put("uptown", thing("vendor", "1", "name", "Acme"))
			s.Request.Source, s.Request.Receivers = "uptown", []string{"head", "downtown"}
		}, "head office itself receives it"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			h.put("head", thing("vendor", "1", "name", "Acme"))
			saved := nightly("vendor")
			c.change(h, &saved)
			h.save(saved)
			h.clock.Advance(20 * time.Hour)
			s := h.due()
			if s.State != store.SavedWaiting || !strings.Contains(s.Why, c.says) || s.Test == "" || len(h.ranSyncs()) != 0 {
				t.Fatalf("it stands as %+v", s)
			}
			h.audited("sync.waiting", `schedule "nightly" of ann`)
			if again := h.due(); again.Test != s.Test {
				t.Errorf("looked at again, it made another Test")
			}
			p, err := h.sync.Plan(t.Context(), "n", s.Test)
			if err != nil {
				t.Fatal(err)
			}
			y := h.run(p)
			if s = h.due(); s.State != store.SavedDone || s.Sync != y.ID || s.Why != "run by ann" {
				t.Errorf("run by a person, it stands as %+v", s)
			}
		})
	}
}

func TestTestsThatWaitInVain(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"))
	h.put("uptown", thing("vendor", "9", "name", "Zed"))
	saved := nightly("vendor")
	saved.Request.Options.DeleteMissing = storesync.DeleteAll
	saved.Schedule = "0 3 * * 1" // on Mondays
	h.save(saved)
	h.clock.Advance(7 * 24 * time.Hour)
	h.uploads("head")
	if s := h.due(); s.State != store.SavedWaiting {
		t.Fatalf("it stands as %+v", s)
	}
	h.clock.Advance(25 * time.Hour)
	if s := h.due(); s.State != store.SavedFailed || s.Test != "" || !strings.Contains(s.Why, "has expired") {
		t.Errorf("a day later it stands as %+v", s)
	}
}

func TestScheduledRunsWithNothingToDo(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"))
	saved := nightly()
	saved.Request.Kinds = []storesync.Selection{{Kind: "vendor", ChangedSince: storesync.SinceLast}}
	h.save(saved)
	h.clock.Advance(24 * time.Hour)
	if s := h.due(); s.State != store.SavedDone || s.Sync == "" {
		t.Fatalf("the first run: %+v", s)
	}
	h.clock.Advance(24 * time.Hour)
	if s := h.due(); s.State != store.SavedDone || s.Sync != "" || !strings.Contains(s.Why, "nothing of what is selected") || len(h.ranSyncs()) != 1 {
		t.Errorf("nothing changed: %+v", s)
	}
	saved.Request.Kinds = all("vendor")
	h.save(saved)
	for _, id := range []string{"uptown", "downtown"} {
		h.put(id, linked(thing("vendor", "7", "name", "Acme"), thing("vendor", "1"), "head"))
	}
	h.clock.Advance(24 * time.Hour)
	if s := h.due(); s.Sync == "" {
		t.Errorf("a job is open, and it was taken for nothing to do: %+v", s)
	}
	for _, id := range []string{"uptown", "downtown"} {
		h.reports(id, 0)
		j := h.shown(h.ranSyncs()[1].ID)
		for _, at := range j.Stores {
			if at.ID == id {
				h.cancel(id, at.Job)
			}
		}
	}
	h.clock.Advance(24 * time.Hour)
	if s := h.due(); s.State != store.SavedDone || s.Sync != "" || s.Why != "all stores have it already" {
		t.Errorf("all have it: %+v", s)
	}
}

func TestScheduledRunsThatFail(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"))
	for name, c := range map[string]struct {
		change func(*storesync.Saved)
		says   string
	}{
		"no such item": {func(s *storesync.Saved) {
			s.Request.Kinds = []storesync.Selection{{Kind: "vendor", Names: []string{"Zed"}}}
		}, "no vendor “Zed”"},
		"no such store":      {func(s *storesync.Saved) { s.Request.Receivers = []string{"nowhere"} }, "nowhere"},
		"no such canary":     {func(s *storesync.Saved) { s.Waves = &storesync.Waves{Canary: []string{"pilot"}} }, "pilot"},
		"nobody can receive": {func(s *storesync.Saved) { s.Request.Receivers = []string{"downtown"} }, "no store can receive it now"},
	} {
		saved := nightly("vendor")
		c.change(&saved)
		h.turn("downtown", store.Off)
		h.save(saved)
		h.clock.Advance(24 * time.Hour)
		s := h.due()
		if s.State != store.SavedFailed || !strings.Contains(s.Why, c.says) || !s.Due.After(h.clock.Now()) || len(h.ranSyncs()) != 0 {
			t.Errorf("%s: it stands as %+v, with %d syncs", name, s, len(h.ranSyncs()))
		}
		h.turn("downtown", store.On)
	}
	h.audited("sync.failed", `schedule "nightly" of ann`)
}

func TestSavedSyncsThatCannotBe(t *testing.T) {
	h := newHub(t)
	for says, change := range map[string]func(*storesync.Saved){
		"nothing is selected":      func(s *storesync.Saved) { s.Request.Kinds = nil },
		"neither cron's":           func(s *storesync.Saved) { s.Schedule = "at night" },
		"never comes":              func(s *storesync.Saved) { s.Schedule = "0 3 30 2 *" },
		"more than 144 times":      func(s *storesync.Saved) { s.Schedule = "* * * * *" },
		"more than 144 times a":    func(s *storesync.Saved) { s.Schedule = "@every 30s" },
		"no times":                 func(s *storesync.Saved) { s.Schedule = "TZ=UTC" },
		"only a time of day":       func(s *storesync.Saved) { s.Request.ApplyFrom = "2026-05-01" },
		"only a schedule's can be": func(s *storesync.Saved) { s.Schedule, s.Waves = "", &storesync.Waves{Size: 2} },
	} {
		saved := nightly("vendor")
		change(&saved)
		if _, err := h.sync.Save(t.Context(), "n", saved, false, "ann"); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	saved := nightly("vendor")
	saved.Request.ApplyFrom = "22:00"
	h.save(saved)
	if _, err := h.sync.Save(t.Context(), "n", saved, false, "ann"); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a name that is taken: %v", err)
	}
	list, err := h.sync.SavedSyncs(t.Context(), "n")
	if err != nil || len(list) != 1 || list[0].Request.ApplyFrom != "22:00" || list[0].By != "ann" {
		t.Errorf("saved are %+v, %v", list, err)
	}
	if err := h.sync.Forget(t.Context(), "n", "nightly", "bob"); err != nil {
		t.Fatal(err)
	}
	h.audited("sync.forget", "bob")
	if _, err := h.sync.Saved(t.Context(), "n", "nightly"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("forgotten: %v", err)
	}
}

// mortal is a hub that is killed in one of its transactions.
type mortal struct {
	*hub
	path string
	left int
	kill context.CancelFunc
}

func newMortal(t *testing.T) *mortal {
	m := &mortal{hub: &hub{TB: t, clock: storetest.NewClock(), revs: map[string]int64{}}, path: filepath.Join(t.TempDir(), "hub.db")}
	m.start()
	t.Cleanup(func() {
		if err := m.db.Close(); err != nil {
			t.Error(err)
		}
	})
	storetest.AddNetwork(t, m.db, "n", "head", "uptown", "downtown")
	storetest.SetCatalog(t, m.db, "n", kinds())
	for _, id := range []string{"head", "uptown", "downtown"} {
		m.uploads(id)
	}
	return m
}

func (m *mortal) start() {
	m.Helper()
	db, err := store.Open(context.Background(), m.path, store.Options{Now: m.now, Sync: sqlitedb.SyncNormal})
	if err != nil {
		m.Fatal(err)
	}
	m.db, m.sync = db, storesync.New(db)
}

// now is the hub's clock, which every transaction reads once.
func (m *mortal) now() time.Time {
	if m.left--; m.left == 0 && m.kill != nil {
		m.kill()
	}
	return m.clock.Now()
}

// killedAt does something, kills the hub in its n-th transaction, and starts it
// again. It reports whether there were so many.
func (m *mortal) killedAt(n int, do func(context.Context) error) bool {
	m.Helper()
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	m.kill, m.left = kill, n
	err := do(ctx)
	m.kill = nil
	if ctx.Err() == nil && err != nil {
		m.Fatal(err)
	}
	if err := m.db.Close(); err != nil {
		m.Fatal(err)
	}
	m.start()
	return ctx.Err() != nil
}

// A hub that is killed in any transaction of a scheduled run goes on with it, and
// runs it once.
func TestScheduledRunsKilledOnTheWay(t *testing.T) {
	kills := 0
	for n := 1; ; n++ {
		m := newMortal(t)
		m.put("head", thing("vendor", "1", "name", "Acme"))
		m.save(nightly("vendor"))
		m.clock.Advance(24 * time.Hour)
		killed := m.killedAt(n, func(ctx context.Context) error { return m.sync.RunDue(ctx, "n") })
		s := m.due()
		if s.State != store.SavedDone || len(m.ranSyncs()) != 1 || s.Sync != m.ranSyncs()[0].ID || !s.Due.After(m.clock.Now()) {
			t.Errorf("killed in transaction %d: %d syncs, %+v", n, len(m.ranSyncs()), s)
		}
		if y := m.shown(m.ranSyncs()[0].ID); queued(y) != "downtown uptown" || y.State != store.SyncDone {
			t.Errorf("killed in transaction %d: jobs for %s, %s", n, queued(y), y.State)
		}
		if !killed {
			break
		}
		kills++
	}
	if kills < 6 {
		t.Errorf("a run has only %d transactions to be killed in", kills)
	}
}

// Killed between its Test and its run, and down for a day: the Test has expired,
// and the time is made up for with a new one.
func TestScheduledRunsLongAfterTheirTest(t *testing.T) {
	for n := 1; ; n++ {
		m := newMortal(t)
		m.put("head", thing("vendor", "1", "name", "Acme"))
		m.save(nightly("vendor"))
		m.clock.Advance(24 * time.Hour)
		killed := m.killedAt(n, func(ctx context.Context) error { return m.sync.RunDue(ctx, "n") })
		m.clock.Advance(30 * time.Hour)
		m.put("head", thing("vendor", "2", "name", "Bolt"))
		m.due()
		m.due()
		got := []string{}
		for _, id := range []string{"uptown", "downtown"} {
			_, payload, _ := m.job(id)
			got = append(got, fmt.Sprint(len(payload.Items)))
		}
		if strings.Join(got, " ") != "2 2" {
			t.Errorf("killed in transaction %d, and down for a day: the newest jobs bring %v items", n, got)
		}
		if !killed {
			break
		}
	}
}

// What is saved anew while it runs is another sync.
func TestSavedAnewWhileItRuns(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("vendor", "1", "name", "Acme"))
	h.save(nightly("vendor"))
	h.clock.Advance(24 * time.Hour)
	if err := h.sync.SaveInBetween(t.Context(), "n", func() { h.save(nightly("vendor")) }); !errors.Is(err, store.ErrConflict) {
		t.Errorf("what was replaced went on: %v", err)
	}
	if s := h.due(); s.State != "" || len(h.ranSyncs()) != 0 {
		t.Errorf("what took its place stands as %+v", s)
	}
}

package storesync_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// fleet is a hub that is killed and started again, beside a model of how the
// jobs of a sync with waves are queued.
type fleet struct {
	*hub
	path string
	kill context.CancelFunc
	left int // transactions until kill

	id    string
	waves [][]string
	w     storesync.Waves
	from  time.Time
	until time.Time
	model standing
	off   map[string]bool
	heard map[string]time.Time

	choose func(what string, n int) int // 0 to n-1
	fatalf func(format string, args ...any)
	seen   map[string]int // how often the sync was left in which state
}

// standing is how the model's sync stands.
type standing struct {
	state              string
	wave               int
	released, forgiven int
	jobs               map[string]string // open, applied or failed
	since              map[string]time.Time
}

var chainStores = []string{"a", "b", "c", "d", "e"}

func newFleet(t *testing.T, choose func(string, int) int, fatalf func(string, ...any)) *fleet {
	f := &fleet{choose: choose, fatalf: fatalf, seen: map[string]int{}, hub: &hub{TB: t, clock: storetest.NewClock(), revs: map[string]int64{}}, path: filepath.Join(t.TempDir(), "hub.db"),
		off: map[string]bool{}, heard: map[string]time.Time{}}
	f.start()
	t.Cleanup(func() {
		if err := f.db.Close(); err != nil {
			t.Error(err)
		}
	})
	storetest.AddNetwork(t, f.db, "n", append([]string{"head"}, chainStores...)...)
	storetest.SetCatalog(t, f.db, "n", kinds())
	for _, id := range append([]string{"head"}, chainStores...) {
		f.uploads(id)
		f.heard[id] = f.clock.Now()
	}
	f.put("head", thing("vendor", "1", "name", "Acme"))
	return f
}

// start opens the database anew, as a hub that was killed does.
func (f *fleet) start() {
	f.Helper()
	db, err := store.Open(context.Background(), f.path, store.Options{Now: f.now, Sync: sqlitedb.SyncNormal})
	if err != nil {
		f.Fatal(err)
	}
	f.db, f.sync = db, storesync.New(db)
}

// now is the hub's clock, which every transaction reads once: the hub is killed
// within the one at which left comes down to nothing.
func (f *fleet) now() time.Time {
	if f.left--; f.left == 0 && f.kill != nil {
		f.kill()
	}
	return f.clock.Now()
}

// killed lets the hub do something, kills it on the way, and starts it again.
func (f *fleet) killed(do func(context.Context) error) {
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	f.kill, f.left = kill, 1+f.choose("transactions", 9)
	if err := do(ctx); err != nil && ctx.Err() == nil {
		f.fatalf("%v", err)
	}
	if ctx.Err() != nil {
		f.seen["killed"]++
	}
	f.kill = nil
	if err := f.db.Close(); err != nil {
		f.fatalf("%v", err)
	}
	f.start()
}

// begin runs a new sync with random waves.
func (f *fleet) begin() {
	if f.model.state == store.SyncRunning || f.model.state == store.SyncHalted {
		return
	}
	r := request(all("vendor"), chainStores...)
	if hours := f.choose("hours later", 31); hours > 20 {
		r.ApplyFrom = f.clock.Now().Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
	}
	p := f.test(r)
	f.w = storesync.Waves{Size: 1 + f.choose("size", 3), HaltAfter: 1 + f.choose("halt after", 3), Refused: f.choose("refused", 2)}
	var canary []string
	for _, id := range chainStores {
		if !f.off[id] && f.choose("canary", 4) == 0 {
			canary = append(canary, id)
		}
	}
	f.w.Canary = canary
	run := func(ctx context.Context) error {
		y, err := f.sync.Run(ctx, "n", p.Digest, storesync.Confirm{Waves: &f.w}, "ann")
		f.id = y.ID
		return err
	}
	f.waves = f.inWaves(canary)
	if len(f.waves) < 2 {
		f.w.HaltAfter = 0
	}
	f.killed(run)
	if err := run(context.Background()); err != nil {
		f.fatalf("%v", err)
	}
	f.from, f.until = p.ApplyFrom, f.clock.Now().Add(30*24*time.Hour)
	if f.from.After(f.clock.Now()) {
		f.until = f.from.Add(30 * 24 * time.Hour)
	} else if len(f.waves) < 2 {
		f.until = p.Expires
	}
	f.model = standing{state: store.SyncRunning, jobs: map[string]string{}, since: map[string]time.Time{}}
	f.modelAdvance()
}

func (f *fleet) inWaves(canary []string) (out [][]string) {
	if len(canary) > 0 {
		out = append(out, canary)
	}
	var wave []string
	for _, id := range chainStores {
		if f.off[id] || slices.Contains(canary, id) {
			continue
		}
		if wave = append(wave, id); len(wave) == f.w.Size {
			out, wave = append(out, wave), nil
		}
	}
	if len(wave) > 0 {
		out = append(out, wave)
	}
	return out
}

// advance lets the hub take what steps are due, killed on the way.
func (f *fleet) advance() {
	f.killed(func(ctx context.Context) error { return f.sync.Advance(ctx, "n") })
	if err := f.sync.Advance(context.Background(), "n"); err != nil {
		f.fatalf("%v", err)
	}
	f.modelAdvance()
}

func (f *fleet) modelAdvance() {
	m, now := &f.model, f.clock.Now()
	for m.state == store.SyncRunning || m.state == store.SyncHalted && now.After(f.until) {
		failed, applied, open := f.fared()
		switch {
		case m.wave == len(f.waves):
			m.state = store.SyncDone
			return
		case now.After(f.until):
			m.state = store.SyncEnded
			return
		case now.Before(f.from):
			return
		case m.wave > 0 && failed-m.forgiven >= max(f.w.HaltAfter, 1):
			m.state = store.SyncHalted
			return
		case m.wave > 0 && m.released < m.wave && open:
			return
		case m.wave == 1 && m.released < 1 && len(f.w.Canary) > 0 && !applied:
			m.state = store.SyncHalted
			return
		}
		for _, id := range f.waves[m.wave] {
			if !f.off[id] {
				m.jobs[id], m.since[id] = "open", now
			}
		}
		m.wave++
	}
}

func (f *fleet) fared() (failed int, applied, open bool) {
	m := f.model
	for _, state := range m.jobs {
		if state == "failed" {
			failed++
		}
	}
	if m.wave > 0 {
		for _, id := range f.waves[m.wave-1] {
			applied = applied || m.jobs[id] == "applied"
			silent := f.clock.Now().Sub(m.since[id]) > 24*time.Hour && !f.heard[id].After(m.since[id])
			open = open || m.jobs[id] == "open" && !silent
		}
	}
	return failed, applied, open
}

// report lets a store apply its job of the sync.
func (f *fleet) report() {
	id := chainStores[f.choose("store", len(chainStores))]
	refused := []int{0, 0, 0, 1, 2}[f.choose("refused", 5)]
	if f.model.jobs[id] != "open" {
		return
	}
	j := f.jobOf(id)
	f.in(id, func(tx *store.StoreTx) error {
		return queue.Result(tx, wire.Result{Job: j, Done: true, Counts: wire.Counts{Parked: refused}, POSEpoch: "p"})
	})
	f.model.jobs[id] = "applied"
	if refused > f.w.Refused {
		f.model.jobs[id] = "failed"
	}
}

func (f *fleet) jobOf(id string) (job string) {
	for _, s := range f.shown(f.id).Stores {
		if s.ID == id {
			job = s.Job
		}
	}
	return job
}

func (f *fleet) flip() {
	id := chainStores[f.choose("store", len(chainStores))]
	f.off[id] = !f.off[id]
	f.turn(id, map[bool]string{true: store.Off, false: store.On}[f.off[id]])
	if f.off[id] && f.model.jobs[id] == "open" {
		f.model.jobs[id] = "failed"
	}
}

func (f *fleet) hear() {
	id := chainStores[f.choose("store", len(chainStores))]
	f.uploads(id)
	f.heard[id] = f.clock.Now()
}

func (f *fleet) resume() {
	if f.id == "" {
		return
	}
	m := &f.model
	may := m.state == store.SyncHalted || m.state == store.SyncRunning && m.wave > 0
	err := f.sync.Continue(context.Background(), "n", f.id, "bob")
	switch {
	case may && err == nil:
		failed, _, _ := f.fared()
		m.state, m.released, m.forgiven = store.SyncRunning, m.wave, failed
		f.modelAdvance()
	case may || !errors.Is(err, storesync.ErrConfirm):
		f.fatalf("continuing a sync that is %s, with %d waves queued: %v", m.state, m.wave, err)
	}
}

func (f *fleet) end() {
	if f.id == "" || f.choose("really", 3) > 0 {
		return
	}
	may := f.model.state == store.SyncRunning || f.model.state == store.SyncHalted
	ended, err := f.sync.End(context.Background(), "n", f.id, "bob")
	if err != nil || ended != may {
		f.fatalf("ending a sync that is %s: %t, %v", f.model.state, ended, err)
	}
	if ended {
		f.model.state = store.SyncEnded
	}
}

// agrees holds the hub to the model: which stores have a job of the sync, once
// each, and how it stands.
func (f *fleet) agrees() {
	if f.id == "" {
		return
	}
	y := f.shown(f.id)
	var have []string
	for _, s := range y.Stores {
		if s.Job != "" {
			have = append(have, s.ID)
		}
	}
	want := slices.Sorted(maps.Keys(f.model.jobs))
	slices.Sort(have)
	if !slices.Equal(have, want) || y.State != f.model.state || y.Course.Wave != f.model.wave {
		f.fatalf("the hub: %s with %d waves queued, jobs of %v; the model: %s with %d, jobs of %v", y.State, y.Course.Wave, have, f.model.state, f.model.wave, want)
	}
	err := f.db.View(context.Background(), func(v *store.View) error {
		jobs, err := v.JobsByCause("n", f.id)
		if len(jobs) != len(have) {
			f.fatalf("%d jobs for %d stores", len(jobs), len(have))
		}
		return err
	})
	if err != nil {
		f.fatalf("%v", err)
	}
}

// tell lets so many things happen, and holds the hub to the model after each.
func (f *fleet) tell(happenings int) {
	pass := func() {
		f.clock.Advance([]time.Duration{time.Minute, 9 * time.Hour, 25 * time.Hour, 20 * 24 * time.Hour}[f.choose("time", 4)])
	}
	what := []func(){f.begin, f.advance, f.advance, f.report, f.report, f.report, f.flip, f.hear, f.resume, f.end, pass}
	for range happenings {
		what[f.choose("happening", len(what))]()
		f.agrees()
		f.seen[f.model.state]++
	}
}

// TestWavesModel: whatever stores do, whenever the hub is killed, the waves of a
// sync are queued as the model says, each store's job once. Twelve histories are
// always the same, so that syncs end in every way in which they can. A transaction
// queues for two stores at most, so that the hub is killed between those of a wave.
func TestWavesModel(t *testing.T) {
	defer storesync.QueueChunk(2)()
	seen := map[string]int{}
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 3))
		f := newFleet(t, func(_ string, n int) int { return random.IntN(n) }, t.Fatalf)
		f.tell(60)
		for what, n := range f.seen {
			seen[what] += n
		}
	}
	t.Logf("%v", seen)
	for _, what := range []string{store.SyncRunning, store.SyncHalted, store.SyncDone, store.SyncEnded, "killed"} {
		if seen[what] == 0 {
			t.Errorf("no sync was ever %s: these histories are too tame to prove anything", what)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		f := newFleet(t, func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, what) }, rt.Fatalf)
		f.tell(rapid.IntRange(1, 60).Draw(rt, "happenings"))
	})
}
